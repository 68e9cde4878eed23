/* cli/ladder.h - SIP messages of a call as a ladder: caller, Alto, callee, and time going down */
#pragma once
#include <jansson.h>

#include "base/common.h"

/* messages: items of the API. started: of the call, RFC 3339. full: each message whole beneath its rung. */
void ladder_print(const json_t *messages, const char *started, bool full);
