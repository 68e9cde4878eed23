/* web/issuer_ask.c - over net/http.h: lists of those under way and of those that wait, so that all end with the server
 */
#include "web/issuer_ask.h"

#include <errno.h>

#include "web/outside.h"

static void enlist(struct web_asking **at, struct web_asking *a)
{
	a->next = *at;
	a->prev = at;
	if (a->next)
		a->next->prev = &a->next;
	*at = a;
}

static void delist(struct web_asking *a)
{
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
}

/* ---- turns ---- */

static unsigned count(const struct web_asking *first, const char *tenant)
{
	unsigned n = 0;
	for (const struct web_asking *a = first; a; a = a->next)
		n += !tenant || strcmp(a->tenant, tenant) == 0;
	return n;
}

static bool is_turn(const struct web_askings *all, const struct web_asking *a)
{
	return all->closed || (count(all->first, NULL) < WEB_ISSUERS_ASKED &&
			       count(all->first, a->tenant) < WEB_ISSUERS_ASKED_OF_TENANT);
}

/* From the start after each: who begins may change both lists. */
static void begin_waiting(struct web_askings *all)
{
	struct web_asking *a = all->waiting;
	while (a) {
		if (!is_turn(all, a)) {
			a = a->next;
			continue;
		}
		delist(a);
		a->begin(a);
		a = all->waiting;
	}
}

int web_ask_in_turn(struct web_askings *all, struct web_asking *a, struct slice tenant,
		    void (*begin)(struct web_asking *a))
{
	struct web_asking **last = &all->waiting;
	a->all = all;
	a->begin = begin;
	store_keep_id(a->tenant, tenant);
	if (is_turn(all, a)) {
		begin(a);
		return 0;
	}
	if (count(all->waiting, a->tenant) == WEB_ISSUER_WAITING)
		return -EBUSY;
	while (*last)
		last = &(*last)->next;
	enlist(last, a);
	return 0;
}

/* ---- asked ---- */

static void answered(void *owner, const struct http_answer *answer)
{
	struct web_asking *a = owner;
	struct web_askings *all = a->all;
	struct slice body = answer->body;
	delist(a);
	json_t *json = answer->status && body.n ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *why = answer->error;
	if (!why && !json_is_object(json))
		why = "It answers with something else than a JSON object.";
	a->done(a, answer->status, why ? NULL : json, why);
	json_decref(json);
	begin_waiting(all);
}

int web_ask(struct web_asking *a, const char *url, const char *authorization, struct slice form,
	    void (*done)(struct web_asking *, int, const json_t *, const char *), const char **ret_why)
{
	const struct web_askings *all = a->all;
	const char *headers[3] = {"Accept: application/json"};
	struct http_request request = {.method = HTTP_GET,
				       .url = url,
				       .headers = headers,
				       .header_count = 1,
				       .body = form,
				       .answer_max = WEB_ISSUER_ANSWER_MAX,
				       .timeout_us = WEB_ISSUER_ANSWER_US};
	if (form.n) {
		request.method = HTTP_POST;
		headers[request.header_count++] = "Content-Type: application/x-www-form-urlencoded";
	}
	if (authorization)
		headers[request.header_count++] = authorization;
	web_outside_bound(all->context->config, &request);
	*ret_why = "There is no memory to ask it, or this server stops.";
	if (all->closed || !all->context->http || http_start(all->context->http, &request, answered, a, &a->call) < 0)
		return -1;
	a->done = done;
	enlist(&a->all->first, a);
	return 0;
}

void web_askings_close(struct web_askings *all)
{
	all->closed = true;
	while (all->first) {
		struct web_asking *a = all->first;
		http_cancel(a->call);
		delist(a);
		a->done(a, 0, NULL, "This server stops.");
	}
	begin_waiting(all);
}
