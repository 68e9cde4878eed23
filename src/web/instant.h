/* web/instant.h - an instant message as the API tells of it: who wrote to whom, never what */
#pragma once
#include "store/instants.h"
#include "web/request.h"

/* A copy whose texts are in the arena. False: out of memory. */
MUST_USE bool web_instant_keep(struct arena *a, const struct store_instant *m, struct store_instant *ret);
/* NULL: out of memory. */
json_t *web_instant_json(const struct web_request *r, const struct store_instant *m);
