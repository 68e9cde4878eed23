/* web/deliveries.c - /api/v1/webhooks/{id}/deliveries, and those that are asked for: a test, another try */
#include "web/fields.h"
#include "web/hooks.h"
#include "web/route.h"
#include "web/write.h"

/* ---- list ---- */

struct page {
	struct slice webhook;
	struct store_delivery *rows;
};

static void take_row(void *arg, const struct store_delivery *from)
{
	struct web_listing *l = arg;
	struct page *page = l->resource;
	struct arena *a = &l->request->arena;
	/* One more than the page was asked for: it tells that there is another. */
	if (l->count == l->limit) {
		slice_to_string(page->rows[l->count - 1].id, l->next, sizeof(l->next));
		return;
	}
	struct store_delivery *d = &page->rows[l->count++];
	*d = *from;
	l->failed = l->failed || !arena_dup(a, from->id, &d->id) || !arena_dup(a, from->about, &d->about) ||
		    !arena_dup(a, from->said, &d->said);
}

static int list_run(struct db *db, struct store_job *job)
{
	struct web_listing *l = container_of(job, struct web_listing, job);
	struct page *page = l->resource;
	return store_deliveries_list(db, page->webhook, l->cursor, (int64_t)l->limit + 1, take_row, l);
}

static json_t *said_json(struct slice said, bool wanted)
{
	return wanted ? web_json_text(said) : json_null();
}

static bool item(struct web_listing *l, json_t **ret)
{
	static const char *const states[] = {
		[STORE_WAITING] = "waiting", [STORE_DELIVERED] = "delivered", [STORE_GIVEN_UP] = "given-up"};
	const struct page *page = l->resource;
	if (l->at == l->count)
		return false;
	const struct store_delivery *d = &page->rows[l->at++];
	bool tried = d->tried_us != 0, of_message = store_delivery_of_message(d);
	*ret = WEB_OBJECT(
		{"id", web_json_text(d->id)}, {"event", json_string(web_hook_event_name(d->event))},
		{"call", web_json_text_or_null(of_message ? SLICE_NONE : d->about)},
		{"message", web_json_text_or_null(of_message ? d->about : SLICE_NONE)}, {"at", web_json_time(d->at_us)},
		{"state", json_string(states[d->state])}, {"tries", json_integer(d->tries)},
		{"next", d->state == STORE_WAITING ? web_json_time(d->next_us) : json_null()},
		{"tried", web_json_time(d->tried_us)},
		{"duration_ms", tried ? json_integer(d->took_us / MS_US) : json_null()},
		{"status", d->status ? json_integer(d->status) : json_null()},
		{"answer", said_json(d->said, d->status != 0)}, {"error", said_json(d->said, tried && d->status == 0)});
	return true;
}

void web_deliveries_list(struct web_request *r)
{
	struct web_listing *l = web_listing_new(r, web_is_id);
	struct page *page = l ? web_alloc(r, sizeof(*page)) : NULL;
	if (!page || !web_keep(r, r->id, &page->webhook))
		return;
	page->rows = web_alloc(r, l->limit * sizeof(*page->rows));
	if (!page->rows)
		return;
	l->resource = page;
	l->item = item;
	web_listing_post(l, list_run);
}

/* ---- one that is asked for ---- */

struct asked {
	struct web_write write;
	struct slice webhook, id;
	int64_t now_us;
	bool found;
};

static struct asked *asked_new(struct web_request *r)
{
	const struct store_webhook *w = web_hooks_find(r->context->hooks, r->id);
	struct asked *a;
	/* What has been switched off sends nothing. */
	if (w && w->state != STORE_WEBHOOK_ON) {
		web_problem(r, WEB_CONFLICT, NULL, "the webhook is switched off: switch it on first");
		return NULL;
	}
	a = web_alloc(r, sizeof(*a));
	if (!a || !web_keep(r, r->id, &a->webhook))
		return NULL;
	a->now_us = web_now_us(r);
	return a;
}

static void answer(struct asked *a)
{
	struct web_request *r = a->write.request;
	web_hooks_wake(r->context->hooks, a->webhook);
	web_answer_json(r, 202, WEB_OBJECT({"id", web_json_text(a->id)}));
}

static int test_run(struct db *db, struct web_write *w)
{
	const struct asked *a = container_of(w, struct asked, write);
	const struct store_delivery test = {
		.id = a->id, .webhook = a->webhook, .event = STORE_TEST, .at_us = a->now_us, .next_us = a->now_us};
	int rc = store_delivery_add(db, &test);
	return rc == DB_OK ? store_deliveries_trim(db, a->webhook) : rc;
}

static void tested(struct web_write *w)
{
	answer(container_of(w, struct asked, write));
}

static bool gone(struct web_write *w, struct web_problem *ret)
{
	web_problem_set(ret, WEB_UNKNOWN_WEBHOOK, NULL, "the webhook was removed meanwhile");
	return true;
}

void web_deliveries_test(struct web_request *r)
{
	struct asked *a = asked_new(r);
	if (!a || !web_new_id(r, &a->id))
		return;
	a->write.run = test_run;
	a->write.committed = tested;
	a->write.explain = gone;
	web_write_post(&a->write, r);
}

static int retry_run(struct db *db, struct web_write *w)
{
	struct asked *a = container_of(w, struct asked, write);
	return store_delivery_again(db, a->webhook, a->id, a->now_us, &a->found);
}

static void retried(struct web_write *w)
{
	struct asked *a = container_of(w, struct asked, write);
	if (a->found)
		answer(a);
	else
		web_problem(w->request, WEB_UNKNOWN_DELIVERY, "delivery",
			    "the webhook has no delivery with the id \"%.*s\"", SLICE_ARG(a->id));
}

struct given {
	struct slice delivery;
};
static const struct web_field fields[] = {
	{.name = "delivery",
	 .required = true,
	 .offset = offsetof(struct given, delivery),
	 .valid = web_is_id,
	 .must = "must be the id of a delivery"},
};
const struct web_body web_retry_body = {.schema = "Retry", .fields = fields, .count = ARRAY_LEN(fields)};

void web_deliveries_retry(struct web_request *r)
{
	struct web_problem p;
	struct given given = {.delivery = SLICE_NONE};
	if (web_fields_read(r->body, &web_retry_body, WEB_WHOLE, &given, &p) < 0) {
		web_problem_given(r, &p);
		return;
	}
	struct asked *a = asked_new(r);
	if (!a)
		return;
	a->id = given.delivery;
	a->write.run = retry_run;
	a->write.committed = retried;
	web_write_post(&a->write, r);
}
