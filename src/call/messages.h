/*
 * call/messages.h - SIP messages of calls on their way to the store
 *
 * A leg that is followed has a tag of ours with 64 random bits: what comes or goes with that tag is its call's. So a
 * stranger's message belongs to no call, and nothing is kept of it. A message is copied once, into a batch, as it is;
 * the store's thread cuts the secrets out and writes one row for each call in the batch (store/messages.h). Never in
 * the way of calls: when the store is behind, what does not fit is dropped and counted. Owner: the switchboard's
 * thread.
 */
#pragma once
#include "call/private.h"

struct leg;
struct messages;

/* keep: or follow nobody. What is older than `days` is deleted in either case. */
MUST_USE int messages_new(struct switchboard *sb, bool keep, unsigned days, struct messages **ret);
struct messages *messages_free(struct messages *m); /* after the store was closed; NULL is fine */
void messages_metrics(struct messages *m, struct metrics *metrics);

/*
 * From here on leg->followed is set, if there is memory for it: until 32 s after messages_leave(), because the last
 * answers come when the leg is no more. call: its id.
 */
void messages_follow(struct leg *leg, const char *call, bool callee);
/* From here on its messages are those of another call. */
void messages_move(struct leg *leg, const char *call, bool callee);
void messages_leave(struct leg *leg);
/*
 * With a tag that is followed, or nothing happens; but for what has no tag of ours and is a leg's all the same. Its
 * first INVITE is claimed by messages_claim(); a CANCEL or a copy of that INVITE is the leg's in whose dialog it is
 * answered while it is handled. Our own 100 has no tag, and is not kept.
 */
void messages_sent(struct switchboard *sb, const struct sip_flow *flow, struct slice bytes);
void messages_received(struct switchboard *sb, const struct sip_flow *flow, const struct sip_message *msg);
void messages_claim(const struct leg *leg);
void messages_handled(struct switchboard *sb); /* what was received last has been */
void messages_flush(struct messages *m);       /* post what waits: it is written before what is posted after it */
