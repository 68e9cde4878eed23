/* web/warning.h - what whoever looks after the node should know, as the API tells it */
#pragma once
#include "base/warning.h"
#include "web/request.h"

/* NULL: out of memory. Of WARNING_NONE null. */
json_t *web_warning_json(const struct warning *w);         /* kind and values */
json_t *web_warning_english_json(const struct warning *w); /* the sentence */
