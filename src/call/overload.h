/* call/overload.h - what is turned away when more comes than can be done. Owner: the switchboard. */
#pragma once
#include "call/private.h"

/* Asked for each new request before a transaction is made for it. False: 503 with Retry-After, and nothing is kept. */
bool overload_admits(struct switchboard *sb, const struct sip_message *msg, const struct sip_flow *flow);
/* Has it happened in the last minute? Then *ret is for whoever looks after the node. */
bool overload_tell(const struct switchboard *sb, struct warning *ret);
