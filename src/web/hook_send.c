/*
 * web/hook_send.c - one delivery: found, described, signed, sent, and what came of it written
 *
 * What is sent is read now: a call from the history, shown as GET shows it, a message from its row. So the outbox holds
 * no names and numbers, but table instants has the numbers of messages (store/instants.h).
 */
#include <errno.h>

#include "crypto/crypto.h"
#include "net/loop.h"
#include "web/find.h"
#include "web/hooks_private.h"
#include "web/instant.h"
#include "web/outside.h"

#define DAY_US (86400 * SECOND_US)
#define FIRST_PAUSE_US (10 * SECOND_US)
#define LONGEST_PAUSE_US (3600 * SECOND_US)
#define AGAIN_US SECOND_US /* after something of our own failed */

struct web_sending {
	struct store_job job;
	struct web_hook *hook;
	struct web_request *request; /* nobody's: its arena, and what describes a call */
	struct http_call *call;
	int64_t wall_us, began_us;
	char webhook[STORE_ID_CAP];
	bool found, about_found, failed;
	struct store_delivery delivery; /* texts in the request's arena */
	struct store_call about;
	struct store_instant message;
	char said[WEB_HOOK_SAID + 1];
};

static const char *const event_names[STORE_EVENT_COUNT] = {[STORE_CALL_STARTED] = "call.started",
							   [STORE_CALL_ANSWERED] = "call.answered",
							   [STORE_CALL_ENDED] = "call.ended",
							   [STORE_TEST] = "test",
							   [STORE_MESSAGE_DELIVERED] = "message.delivered",
							   [STORE_MESSAGE_FAILED] = "message.failed"};

const char *web_hook_event_name(enum store_delivery_event event)
{
	return event_names[event];
}

bool web_hook_events_read(struct slice list, int64_t *ret)
{
	int64_t bits = 0;
	bool more = true;
	while (more) {
		more = slice_find(list, ',') >= 0;
		struct slice word = slice_cut(&list, ',');
		int event = 0;
		while (event < STORE_EVENT_COUNT && !slice_eq(word, slice_from_string(event_names[event])))
			event++;
		if (event == STORE_EVENT_COUNT || event == STORE_TEST || bits & 1 << event)
			return false;
		bits |= 1 << event;
	}
	*ret = bits;
	return true;
}

int64_t web_hook_pause_us(int64_t tries, struct random *random)
{
	int64_t pause = FIRST_PAUSE_US << MIN(MAX(tries, (int64_t)1) - 1, (int64_t)10);
	pause = MIN(pause, LONGEST_PAUSE_US);
	/* A quarter more or less: many that failed together do not come back together. */
	return pause - pause / 4 + (int64_t)random_below(random, (uint32_t)(pause / 2));
}

struct web_sending *web_sending_free(struct web_sending *s)
{
	if (!s)
		return NULL;
	web_request_free(s->request);
	free(s);
	return NULL;
}

static int64_t now_us(const struct web_sending *s)
{
	return loop_wheel(s->request->context->loop)->wall_us;
}

/* Frees it. */
static void end(struct web_sending *s, int64_t next_us)
{
	web_hook_rests(s->hook, next_us);
}

static void end_for_now(struct web_sending *s)
{
	end(s, now_us(s) + AGAIN_US);
}

/* ---- what came of it ---- */

static int record_run(struct db *db, struct store_job *job)
{
	struct web_sending *s = container_of(job, struct web_sending, job);
	bool well = s->delivery.state == STORE_DELIVERED;
	return store_delivery_tried(db, &s->delivery, well ? 0 : s->wall_us, s->wall_us - WEB_HOOK_OFF_US);
}

static void recorded(struct store_job *job, int result)
{
	struct web_sending *s = container_of(job, struct web_sending, job);
	if (result == DB_OK)
		end(s, 0);
	else
		end_for_now(s); /* it is sent once more */
}

static void record(struct web_sending *s)
{
	s->wall_us = now_us(s);
	s->delivery.tried_us = s->wall_us;
	s->job = (struct store_job){.run = record_run, .done = recorded, .bytes = sizeof(*s)};
	if (store_post(s->request->context->store, &s->job) < 0)
		end_for_now(s);
}

static void give_up(struct web_sending *s, const char *why)
{
	s->delivery.state = STORE_GIVEN_UP;
	s->delivery.status = 0;
	s->delivery.said = slice_from_string(why);
	record(s);
}

/* The first bytes, as text: what is no character of a line becomes a space. */
static struct slice said(struct web_sending *s, struct slice body)
{
	size_t n = 0;
	while (n < body.n && n < WEB_HOOK_SAID) {
		size_t character = slice_character(slice_from(body, n));
		bool plain = character && (unsigned char)body.p[n] >= ' ' && body.p[n] != 0x7f;
		size_t take = plain ? character : 1;
		if (take > WEB_HOOK_SAID - n)
			break;
		if (plain)
			memcpy(s->said + n, body.p + n, take);
		else
			s->said[n] = ' ';
		n += take;
	}
	return slice_trim(slice_of(s->said, n));
}

static void answered(void *owner, const struct http_answer *a)
{
	struct web_sending *s = owner;
	struct store_delivery *d = &s->delivery;
	int64_t now = now_us(s);
	s->call = NULL;
	d->tries++;
	d->took_us = loop_wheel(s->request->context->loop)->now_us - s->began_us;
	d->status = a->status;
	d->said = said(s, a->error ? slice_from_string(a->error) : a->body);
	d->next_us = now + web_hook_pause_us(d->tries, s->request->context->random);
	if (a->status >= 200 && a->status <= 299)
		d->state = STORE_DELIVERED;
	else if (d->event == STORE_TEST || d->next_us - d->at_us > DAY_US)
		d->state = STORE_GIVEN_UP;
	record(s);
}

/* ---- what is sent ---- */

/* As the call was at that event; the row may have gone on since. */
static void hide_what_came_later(struct store_call *c, int64_t event)
{
	if (event == STORE_CALL_ENDED)
		return;
	c->ended_us = 0;
	c->ended_by = SLICE_NONE;
	if (event != STORE_CALL_STARTED)
		return;
	c->answered_us = c->status = 0;
	c->cause = SLICE_NONE;
}

static char *describe(struct web_sending *s)
{
	const struct web_request *r = s->request;
	const struct store_delivery *d = &s->delivery;
	bool of_message = store_delivery_of_message(d), of_call = !of_message && d->event != STORE_TEST;
	hide_what_came_later(&s->about, d->event);
	json_t *o = WEB_OBJECT(
		{"id", web_json_text(d->id)}, {"event", json_string(event_names[d->event])},
		{"at", web_json_time(d->at_us)}, {"tenant", web_tenant_name_json(r, s->hook->row->webhook.tenant)},
		{"webhook", web_json_text(d->webhook)}, {"call", of_call ? web_call_json(r, &s->about) : json_null()},
		{"message", of_message ? web_instant_json(r, &s->message) : json_null()});
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
}

/* t=SECONDS,v1=HMAC-SHA-256 of "SECONDS.BODY" as hexadecimal digits. False: out of memory. */
static bool sign(struct web_sending *s, const char *body, char *ret, size_t cap)
{
	size_t n = strlen(body) + 24;
	char *signed_text = arena_alloc(&s->request->arena, n);
	uint8_t mac[32];
	if (!signed_text)
		return false;
	long long seconds = (long long)(now_us(s) / SECOND_US);
	snprintf(signed_text, n, "%lld.%s", seconds, body);
	crypto_hmac_sha256(s->hook->row->webhook.secret, slice_from_string(signed_text), mac);
	struct writer w = writer_on(ret, cap - 1);
	write_format(&w, "Alto-Signature: t=%lld,v1=", seconds);
	write_hex(&w, mac, sizeof(mac));
	ASSERT(!w.overflow);
	ret[w.n] = 0;
	return true;
}

static int start(struct web_sending *s, const char *body)
{
	const struct web_context *c = s->request->context;
	char event[64], id[80], signature[160], url[WEB_HOOK_URL_MAX + 1];
	if (!sign(s, body, signature, sizeof(signature)))
		return -ENOMEM;
	slice_to_string(s->hook->row->webhook.url, url, sizeof(url));
	snprintf(event, sizeof(event), "Alto-Event: %s", event_names[s->delivery.event]);
	snprintf(id, sizeof(id), "Alto-Delivery: %.*s", SLICE_ARG(s->delivery.id));
	const char *const headers[] = {"Content-Type: application/json", event, id, signature};
	struct http_request request = {.method = HTTP_POST,
				       .url = url,
				       .headers = headers,
				       .header_count = ARRAY_LEN(headers),
				       .body = slice_from_string(body),
				       .answer_max = WEB_HOOK_ANSWER_MAX,
				       .timeout_us = WEB_HOOK_TIMEOUT_US};
	web_outside_bound(c->config, &request);
	s->began_us = loop_wheel(c->loop)->now_us;
	return http_start(c->http, &request, answered, s, &s->call);
}

static void send(struct web_sending *s)
{
	char *body = describe(s);
	int rc = body ? start(s, body) : -ENOMEM;
	free(body);
	if (rc == -EINVAL)
		give_up(s, "The webhook's URL cannot be used.");
	else if (rc < 0)
		end_for_now(s);
}

/* ---- what is due ---- */

static void take_call(void *arg, const struct store_call *c)
{
	struct web_sending *s = arg;
	s->about_found = true;
	s->failed = !web_call_keep(&s->request->arena, c, &s->about);
}

static void take_message(void *arg, const struct store_instant *m)
{
	struct web_sending *s = arg;
	s->about_found = true;
	s->failed = !web_instant_keep(&s->request->arena, m, &s->message);
}

static void take_delivery(void *arg, const struct store_delivery *d)
{
	struct web_sending *s = arg;
	struct arena *a = &s->request->arena;
	s->found = true;
	s->delivery = *d;
	s->delivery.said = SLICE_NONE;
	s->failed = !arena_dup(a, d->id, &s->delivery.id) || !arena_dup(a, d->webhook, &s->delivery.webhook) ||
		    !arena_dup(a, d->about, &s->delivery.about);
}

static int look_run(struct db *db, struct store_job *job)
{
	struct web_sending *s = container_of(job, struct web_sending, job);
	int rc = store_delivery_next(db, slice_from_string(s->webhook), take_delivery, s);
	if (rc != DB_OK || s->failed || !s->found || s->delivery.next_us > s->wall_us)
		return rc;
	struct slice about = s->delivery.about;
	if (slice_empty(about))
		return DB_OK;
	return store_delivery_of_message(&s->delivery) ? store_instant_get(db, about, take_message, s)
						       : store_call_get(db, about, take_call, s);
}

static void looked(struct store_job *job, int result)
{
	struct web_sending *s = container_of(job, struct web_sending, job);
	if (result != DB_OK || s->failed || s->hook->gone)
		end_for_now(s);
	else if (!s->found)
		end(s, INT64_MAX);
	else if (s->delivery.next_us > s->wall_us)
		end(s, s->delivery.next_us);
	else if (!s->about_found && !slice_empty(s->delivery.about))
		give_up(s, "What it was about is not kept any more.");
	else
		send(s);
}

struct web_sending *web_sending_start(const struct web_context *context, struct web_hook *h)
{
	struct web_sending *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->hook = h;
	s->request = web_request_new(context);
	if (!s->request)
		return web_sending_free(s);
	s->request->reach = WEB_REACH_ALL;
	s->wall_us = now_us(s);
	slice_to_string(h->row->webhook.id, s->webhook, sizeof(s->webhook));
	s->job = (struct store_job){.run = look_run, .done = looked, .bytes = sizeof(*s), .read_only = true};
	return store_post(context->store, &s->job) == 0 ? s : web_sending_free(s);
}
