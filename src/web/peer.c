/* web/peer.c - a connection: from its first request to its end, one request after the other */
#include "web/peer.h"
#include <sys/socket.h>

#include "crypto/crypto.h"
#include "net/loop.h"
#include "web/peer_head.h"
#include "web/sip.h"
#include "web/stream.h"

static struct wheel *wheel_of(const struct web_peer *p)
{
	return loop_wheel(p->web->context.loop);
}

/*
 * For the deadline; and while a request is in progress, when nothing is read, for a look whether its client has sent
 * more or closed its side.
 */
static void start_timer(struct web_peer *p)
{
	int64_t left_us = p->deadline_us - wheel_of(p)->now_us;
	bool in_progress = p->request && p->request->handled;
	timer_start(wheel_of(p), &p->timer, in_progress ? MIN(left_us, p->web->limits.ahead_us) : left_us);
}

static void wait_for(struct web_peer *p, int64_t delay_us)
{
	p->deadline_us = wheel_of(p)->now_us + delay_us;
	start_timer(p);
}

static bool sent_ahead(const struct web_peer *p)
{
	char byte;
	return recv(lws_get_socket_fd(p->wsi), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void timer_fired(struct timer *t, void *arg)
{
	struct web_peer *p = arg;
	if (p->sip ? web_sip_tick(p) : p->stream && web_stream_tick(p))
		return;
	if (!p->sip && !p->stream && wheel_of(p)->now_us < p->deadline_us && !sent_ahead(p)) {
		start_timer(p);
		return;
	}
	metric_add(&p->web->timeouts_total, 1);
	web_peer_drop(p);
}

void web_peer_wait(struct web_peer *p, int64_t delay_us)
{
	wait_for(p, delay_us);
}

/* The library would look at its own timers only after its next event. */
void web_peer_drop(struct web_peer *p)
{
	lws_set_timeout(p->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_SYNC);
}

static void enter(struct web_peer *p, struct web_peer **first)
{
	p->next = *first;
	p->prev = first;
	if (p->next)
		p->next->prev = &p->next;
	*first = p;
}

static void leave(struct web_peer *p)
{
	*p->prev = p->next;
	if (p->next)
		p->next->prev = p->prev;
}

static void count(struct web *w, int peers, int streams)
{
	w->peers += (uint32_t)peers;
	w->streams += (uint32_t)streams;
	metric_set(&w->peers_now, w->peers + w->streams);
	metric_set(&w->streams_now, w->streams);
}

struct web_peer *web_peer_new(struct web *w, struct lws *wsi)
{
	struct web_peer *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->web = w;
	p->wsi = wsi;
	p->entered = w->entering;
	p->plane = w->entering->plane;
	p->from = w->entering_from;
	p->quiet_us = wheel_of(p)->now_us;
	enter(p, &w->first_peer);
	timer_init(&p->timer, timer_fired, p);
	wait_for(p, w->limits.head_us);
	count(w, 1, 0);
	return p;
}

void web_peer_is_stream(struct web_peer *p)
{
	leave(p);
	enter(p, &p->web->first_stream);
	count(p->web, -1, 1);
}

void web_peer_is_phone(struct web_peer *p)
{
	leave(p);
	enter(p, &p->web->first_phone);
	count(p->web, -1, 0);
}

/* Bodies hold passwords. */
static void drop_body(struct web_peer *p)
{
	if (p->body)
		crypto_wipe(p->body, p->body_cap);
	free(p->body);
	p->body = NULL;
	p->body_n = p->body_cap = 0;
}

void web_peer_let_go(struct web_peer *p)
{
	struct web_request *r = p->request;
	p->request = NULL;
	if (!r)
		return;
	r->peer = NULL;
	r->body_text = SLICE_NONE;
	if (p->answered || !r->handled)
		web_request_free(r);
}

void web_peer_free(struct web_peer *p)
{
	if (!p)
		return;
	web_peer_let_go(p);
	drop_body(p);
	timer_stop(wheel_of(p), &p->timer);
	leave(p);
	if (p->stream)
		count(p->web, 0, -1);
	else if (!p->sip || !p->sip->connection)
		count(p->web, -1, 0);
	p->stream = web_stream_free(p->stream);
	p->sip = web_sip_free(p->sip);
	free(p);
}

void web_peer_served(struct web_peer *p)
{
	p->request = web_request_free(p->request);
	drop_body(p);
	p->served = true;
	p->quiet_us = wheel_of(p)->now_us;
	wait_for(p, p->web->limits.idle_us);
}

/* ---- reading ---- */

static void answered(struct web_request *r)
{
	struct web_peer *p = r->peer;
	if (!p) {
		web_request_free(r);
		return;
	}
	p->answered = true;
	metric_add(&p->web->requests_total, 1);
	if (r->answer.status >= 400)
		metric_add(&p->web->refused_total, 1);
	wait_for(p, p->web->limits.answer_us);
	/* It holds back the leave to write, too. */
	if (lws_rx_flow_control(p->wsi, 1) < 0)
		p->last = true;
	lws_callback_on_writable(p->wsi);
}

/* Nothing more is read until there is an answer: the library would only put it aside, see has_more(). */
static void stop_reading(struct web_peer *p)
{
	p->request->handled = true;
	if (lws_rx_flow_control(p->wsi, 0) < 0)
		p->last = true;
}

static void handle(struct web_peer *p)
{
	stop_reading(p);
	wait_for(p, WEB_HANDLE_US);
	web_handle(p->request);
}

/* Refused before its body: what the client still sends is not read, so the connection ends. */
static int refuse(struct web_peer *p, enum web_problem_code code, const char *sentence)
{
	p->last = true;
	stop_reading(p);
	web_problem(p->request, code, NULL, "%s", sentence);
	return 0;
}

/* *ret: length of the body. False: refused. */
static bool read_length(struct web_peer *p, size_t *ret)
{
	*ret = 0;
	bool may_have = web_method_takes_body(p->request->method);
	if (lws_hdr_total_length(p->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
		refuse(p, WEB_LENGTH_REQUIRED, "a body must come with Content-Length, not in chunks");
		return false;
	}
	int length = lws_hdr_total_length(p->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	if (length <= 0) {
		/* Without a length there is no body (RFC 9112 §6.3), but the library waits for one here. */
		p->last = p->last || may_have;
		return true;
	}
	char text[24];
	uint64_t n;
	if (length >= (int)sizeof(text) ||
	    lws_hdr_copy(p->wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) < 0 ||
	    !slice_u64(slice_from_string(text), UINT64_MAX, &n)) {
		refuse(p, WEB_BAD_REQUEST, "Content-Length must be one number");
		return false;
	}
	if (n > WEB_BODY_MAX) {
		refuse(p, WEB_TOO_LARGE, "a body may have 65536 bytes at most");
		return false;
	}
	*ret = (size_t)n;
	return true;
}

static struct web_request *request_new(struct web_peer *p)
{
	struct web_request *r = web_request_new(&p->web->context);
	if (!r)
		return NULL;
	r->started_us = p->web->started_us;
	r->plane = p->plane;
	r->answered = answered;
	r->peer = p;
	r->next = p->web->requests;
	r->prev = &p->web->requests;
	if (r->next)
		r->next->prev = &r->next;
	p->web->requests = r;
	return r;
}

bool web_peer_start(struct web_peer *p)
{
	/* One request at a time: the library gives the next only after the answer. */
	if (p->request || p->web->closed)
		return false;
	p->answered = p->head_sent = p->last = false;
	p->sent = 0;
	p->request = request_new(p);
	return p->request && web_head_path(p->request, p->wsi) && web_head_shown(p->request, p);
}

bool web_peer_has_hosts(const struct web_peer *p)
{
	return lws_hdr_fragment_length(p->wsi, WSI_TOKEN_HOST, 1) > 0;
}

int web_peer_begin(struct web_peer *p)
{
	if (!web_peer_start(p))
		return -1;
	struct web_request *r = p->request;
	if (!web_head_field(r, p->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, WEB_ARGUMENT_BYTES_MAX, &r->accept_encoding))
		return -1;
	r->json_type = web_head_says_json(p->wsi);
	if (web_peer_has_hosts(p))
		return refuse(p, WEB_BAD_REQUEST, "a request has one Host");
	if (!web_peer_arguments(p))
		return refuse(p, WEB_BAD_REQUEST, "the query has more or longer parameters than any resource takes");
	if (!web_head_condition(p->request, p->wsi, WSI_TOKEN_HTTP_IF_MATCH, &p->request->if_match) ||
	    !web_head_condition(p->request, p->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, &p->request->if_none_match))
		return refuse(p, WEB_BAD_REQUEST, "If-Match and If-None-Match may have 512 bytes at most");
	size_t length;
	if (!read_length(p, &length))
		return 0;
	if (length == 0) {
		handle(p);
		return 0;
	}
	p->body = malloc(length);
	if (!p->body)
		return -1;
	p->body_cap = length;
	wait_for(p, p->web->limits.body_us);
	return 0;
}

int web_peer_body(struct web_peer *p, const void *bytes, size_t n)
{
	if (!p->body)
		return 0; /* of a request that was refused by its head */
	if (n > p->body_cap - p->body_n)
		return -1;
	memcpy(p->body + p->body_n, bytes, n);
	p->body_n += n;
	return 0;
}

int web_peer_complete(struct web_peer *p)
{
	if (!p->body || !p->request || p->request->handled)
		return 0;
	p->request->body_text = slice_of(p->body, p->body_n);
	handle(p);
	return 0;
}
