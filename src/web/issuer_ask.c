/* web/issuer_ask.c - over net/http.h: one list, so that all of them end with the server */
#include "web/issuer_ask.h"

#include "web/outside.h"

/* The call is over. */
static void leave(struct web_asking *a)
{
	a->all->count--;
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
	a->call = NULL;
}

static void answered(void *owner, const struct http_answer *answer)
{
	struct web_asking *a = owner;
	struct slice body = answer->body;
	leave(a);
	json_t *json = answer->status && body.n ? json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *why = answer->error;
	if (!why && !json_is_object(json))
		why = "It answers with something else than a JSON object.";
	a->done(a, answer->status, why ? NULL : json, why);
	json_decref(json);
}

int web_ask(struct web_askings *all, struct web_asking *a, const char *url, const char *authorization,
	    struct slice form, void (*done)(struct web_asking *, int, const json_t *, const char *),
	    const char **ret_why)
{
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
	*ret_why = "Too many issuers are being asked, or there is no memory to ask one more.";
	if (all->closed || all->count == WEB_ISSUERS_ASKED || !all->context->http ||
	    http_start(all->context->http, &request, answered, a, &a->call) < 0)
		return -1;
	a->all = all;
	a->done = done;
	a->next = all->first;
	a->prev = &all->first;
	if (a->next)
		a->next->prev = &a->next;
	all->first = a;
	all->count++;
	return 0;
}

void web_askings_close(struct web_askings *all)
{
	all->closed = true;
	while (all->first) {
		struct web_asking *a = all->first;
		http_cancel(a->call);
		leave(a);
		a->done(a, 0, NULL, "This server stops.");
	}
}
