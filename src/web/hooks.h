/*
 * web/hooks.h - webhooks: the read model, and who of them is served when
 *
 * Loaded at the start, then kept true by the change feed, which also says when calls have become something to tell:
 * then a job turns them into deliveries (store/deliveries.h). A webhook has one delivery in flight (web/hook_send.c),
 * all together WEB_HOOKS_AT_ONCE, of one company WEB_HOOKS_OF_TENANT, and of those whose last one failed half of all:
 * so slow servers hold up their own company alone. Owner: the switchboard's thread.
 */
#pragma once
#include "store/deliveries.h"
#include "web/request.h"

struct web_hooks;

/*
 * Reads what there is: before the loop runs, it waits for the store. context->http NULL: nothing is sent. Until
 * web_hooks_start() the store owes nothing, and it may be freed at once. 0, -ENOMEM, -EIO.
 */
MUST_USE int web_hooks_new(const struct web_context *context, struct web_hooks **ret);
void web_hooks_start(struct web_hooks *h); /* now it sends */
/* http has been freed, and what the store owed has come. */
struct web_hooks *web_hooks_free(struct web_hooks *h);
/* Nothing is begun any more. */
void web_hooks_close(struct web_hooks *h);
/* One change of the feed, of any kind. */
void web_hooks_apply(struct web_hooks *h, const struct store_change *change);
const struct store_webhook *web_hooks_find(const struct web_hooks *h, struct slice id);
/* A tenant's one of this name; NULL: none. *ret_count: how many it has. */
const struct store_webhook *web_hooks_of(struct web_hooks *h, struct slice tenant, struct slice name,
					 size_t *ret_count);
/* There is something for it to send now. */
void web_hooks_wake(struct web_hooks *h, struct slice id);

/* "call.started" ...; the names that a webhook may list, comma separated, as bits. */
const char *web_hook_event_name(enum store_delivery_event event);
MUST_USE bool web_hook_events_read(struct slice list, int64_t *ret);
/* How long until the next try after so many; without jitter from 10 s to an hour. */
int64_t web_hook_pause_us(int64_t tries, struct random *random);
