/*
 * call/callers.h - calls found by their caller: by the INVITE that has come already, by the connection it came on
 *
 * Each call is entered when it begins and leaves when its last leg is gone. O(1) each; the switchboard's thread.
 */
#pragma once
#include "call/call.h"

/* -ENOMEM: it is in neither index. */
MUST_USE int callers_enter(struct call *c);
void callers_leave(struct call *c);
/*
 * RFC 3261 §8.2.2.2: has this INVITE for `to` reached us before, by another way, and is that call still there? The
 * number tells: a proxy before us that forks to two of our people sends one INVITE to each.
 */
bool callers_have(struct switchboard *sb, const struct sip_message *invite, struct slice to);
/*
 * This connection has closed. No answer can reach a caller who rang by it; its phone may still say BYE by its next one,
 * for CALLER_RETURN_US (a CANCEL is taken from who sent the INVITE alone). Then the call is over.
 */
void callers_flow_closed(struct switchboard *sb, const struct sip_flow *flow);
