/* web/peer.c - from a connection's bytes to a request, and from an answer to bytes */
#include "web/peer.h"
#include <sys/socket.h>

#include "crypto/crypto.h"
#include "net/loop.h"
#include "web/sip.h"
#include "web/stream.h"
#include "web/who.h"

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

static bool keep_text(struct web_request *r, const char *text, size_t n, struct slice *ret)
{
	return arena_dup(&r->arena, slice_of(text, n), ret);
}

static int read_path(struct web_request *r, struct lws *wsi)
{
	static const enum web_method methods[] = {[LWSHUMETH_GET] = WEB_GET,
						  [LWSHUMETH_PUT] = WEB_PUT,
						  [LWSHUMETH_POST] = WEB_POST,
						  [LWSHUMETH_PATCH] = WEB_PATCH,
						  [LWSHUMETH_DELETE] = WEB_DELETE};
	char *path;
	int n = 0, method = lws_http_get_uri_and_method(wsi, &path, &n);
	if (method < 0)
		return -1;
	/* DEVIATION: HEAD is among the others, which get 405 wherever GET is known (RFC 9110 §9.1 wants it): nobody
	 * asks so. */
	r->method = WEB_OTHER;
	if (method == LWSHUMETH_GET || method == LWSHUMETH_PUT || method == LWSHUMETH_POST ||
	    method == LWSHUMETH_PATCH || method == LWSHUMETH_DELETE)
		r->method = methods[method];
	if ((size_t)n > WEB_PATH_MAX)
		n = 0; /* no resource has such a path */
	return keep_text(r, path, (size_t)n, &r->path) ? 0 : -1;
}

bool web_peer_arguments(struct web_peer *p)
{
	struct web_request *r = p->request;
	struct lws *wsi = p->wsi;
	char text[WEB_ARGUMENT_BYTES_MAX + 1];
	for (int i = 0;; i++) {
		int length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
		if (length <= 0)
			return true;
		if (r->argument_count == WEB_ARGUMENTS_MAX || (size_t)length > WEB_ARGUMENT_BYTES_MAX)
			return false;
		int n = lws_hdr_copy_fragment(wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i);
		struct slice rest;
		if (n < 0 || !keep_text(r, text, (size_t)n, &rest))
			return false;
		struct web_argument *a = &r->arguments[r->argument_count++];
		a->name = slice_cut(&rest, '=');
		a->value = rest;
	}
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

/* ETags of the client. False: more than any client needs. */
static bool read_condition(struct web_request *r, struct lws *wsi, enum lws_token_indexes token, struct slice *ret)
{
	char text[WEB_CONDITION_MAX + 1];
	if (lws_hdr_total_length(wsi, token) <= 0)
		return true;
	int n = lws_hdr_copy(wsi, text, sizeof(text), token);
	return n > 0 && keep_text(r, text, (size_t)n, ret);
}

static bool says_json(struct lws *wsi)
{
	char text[64];
	int n = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_TYPE);
	if (n <= 0)
		return false;
	struct slice rest = slice_of(text, (size_t)n);
	return slice_caseeq(slice_trim(slice_cut(&rest, ';')), SLICE("application/json"));
}

/* A header that is not given, or is longer than any that is of use, is as good as none. False: out of memory. */
static bool read_header(struct web_request *r, struct lws *wsi, enum lws_token_indexes token, size_t max,
			struct slice *ret)
{
	char text[WEB_ARGUMENT_BYTES_MAX + 1];
	int length = lws_hdr_total_length(wsi, token);
	if (length <= 0 || (size_t)length > max)
		return true;
	int n = lws_hdr_copy(wsi, text, sizeof(text), token);
	return n < 0 || keep_text(r, text, (size_t)n, ret);
}

/*
 * Line by line: a proxy may have split it (RFC 9113 §8.2.3), and what the library makes of several has commas between
 * them, which stand in values too, where they must part nothing. More than any of use is as good as none.
 */
static bool read_cookies(struct web_request *r, struct lws *wsi, struct slice *ret)
{
	char text[WEB_COOKIES_MAX + 1];
	size_t n = 0;
	for (int i = 0, length; (length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_COOKIE, i)) > 0; i++) {
		if ((size_t)length + 1 >= sizeof(text) - n)
			return true;
		if (i > 0)
			text[n++] = ';';
		int copied = lws_hdr_copy_fragment(wsi, text + n, (int)(sizeof(text) - n), WSI_TOKEN_HTTP_COOKIE, i);
		if (copied < 0)
			return true;
		n += (size_t)copied;
	}
	return n == 0 || keep_text(r, text, n, ret);
}

/* The cookie of this plane among those that came.   RFC 6265 §4.2 */
static struct slice find_cookie(struct slice cookies, struct slice name)
{
	while (!slice_empty(cookies)) {
		struct slice value = slice_trim(slice_cut(&cookies, ';'));
		if (slice_eq(slice_cut(&value, '='), name))
			return value;
	}
	return SLICE_NONE;
}

static bool read_shown(struct web_request *r, struct web_peer *p)
{
	static const char csrf_name[] = "x-csrf-token:";
	struct slice authorization = SLICE_NONE, cookies = SLICE_NONE;
	struct web_shown *s = &r->shown;
	char csrf[80];
	s->from = p->from;
	if (!read_header(r, p->wsi, WSI_TOKEN_HTTP_AUTHORIZATION, WEB_ARGUMENT_BYTES_MAX, &authorization) ||
	    !read_cookies(r, p->wsi, &cookies) ||
	    !read_header(r, p->wsi, WSI_TOKEN_ORIGIN, WEB_ARGUMENT_BYTES_MAX, &s->origin) ||
	    !read_header(r, p->wsi, WSI_TOKEN_HOST, WEB_ARGUMENT_BYTES_MAX, &s->host))
		return false;
	struct slice scheme = slice_cut(&authorization, ' ');
	if (slice_caseeq(scheme, SLICE("bearer")))
		s->bearer = slice_trim(authorization);
	s->session = find_cookie(cookies, slice_from_string(web_cookie_name(p->plane)));
	s->attempt = find_cookie(cookies, slice_from_string(web_attempt_name(p->plane)));
	int n = lws_hdr_custom_copy(p->wsi, csrf, sizeof(csrf), csrf_name, sizeof(csrf_name) - 1);
	return n <= 0 || keep_text(r, csrf, (size_t)n, &s->csrf);
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
	return p->request && read_path(p->request, p->wsi) == 0 && read_shown(p->request, p);
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
	if (!read_header(r, p->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, WEB_ARGUMENT_BYTES_MAX, &r->accept_encoding))
		return -1;
	r->json_type = says_json(p->wsi);
	if (web_peer_has_hosts(p))
		return refuse(p, WEB_BAD_REQUEST, "a request has one Host");
	if (!web_peer_arguments(p))
		return refuse(p, WEB_BAD_REQUEST, "the query has more or longer parameters than any resource takes");
	if (!read_condition(p->request, p->wsi, WSI_TOKEN_HTTP_IF_MATCH, &p->request->if_match) ||
	    !read_condition(p->request, p->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, &p->request->if_none_match))
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

/* ---- writing ---- */

/* With a redirection to the longest path. */
#define HEAD_BYTES 4096

static bool add(struct web_peer *p, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
	return lws_add_http_header_by_name(p->wsi, (const unsigned char *)name, (const unsigned char *)value,
					   (int)strlen(value), at, end) == 0;
}

/*
 * What a browser is told with every answer. Nothing but what this server serves is loaded, run, framed or connected to,
 * so an injected script does not run. "self" covers wss: of the same origin (CSP 3 §6.7.2.8); a recording or a
 * downloaded file is played and shown from a blob: of the page's own making.
 */
static const struct {
	const char *name, *value;
} guards[] = {
	{"content-security-policy:",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
	 "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
	 "base-uri 'none'; form-action 'self'"},
	{"x-content-type-options:", "nosniff"},
	{"referrer-policy:", "no-referrer"},
	{"permissions-policy:", "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"},
	{"cross-origin-opener-policy:", "same-origin"},
	{"cross-origin-resource-policy:", "same-origin"},
};

static bool add_guards(struct web_peer *p, unsigned char **at, unsigned char *end)
{
	bool ok = true;
	for (size_t i = 0; ok && i < ARRAY_LEN(guards); i++)
		ok = add(p, guards[i].name, guards[i].value, at, end);
	/* RFC 6797 §7.2: not where the way is not TLS. */
	if (ok && (p->plane == WEB_ADMIN || p->plane == WEB_COMPANY))
		ok = add(p, "strict-transport-security:", "max-age=31536000", at, end);
	return ok;
}

/*
 * Whether the library has put aside what came behind this request. It must never find a head with a body there: it
 * (4.1, lws_http_action()) then gives out the head as the body, and loops for ever. So the connection ends with this
 * answer; a client that sends ahead has to reckon with that (RFC 9112 §9.3.2).
 *
 * The library only tells whether any connection it may read from has such bytes. If that is another one, which ends
 * for it just now, this one ends with its answer without need.
 */
static bool has_more(struct web_peer *p)
{
	return lws_service_adjust_timeout(p->web->lws, 1, 0) == 0;
}

/* DEVIATION: without Date (RFC 9110 §6.6.1): who keeps an answer reckons its age from when it came. */
static int send_head(struct web_peer *p)
{
	p->last = p->last || has_more(p);
	const struct web_answer *a = &p->request->answer;
	unsigned char head[LWS_PRE + HEAD_BYTES], *at = head + LWS_PRE, *end = head + sizeof(head);
	if (lws_add_http_header_status(p->wsi, (unsigned)a->status, &at, end))
		return -1;
	bool ok = add_guards(p, &at, end) && add(p, "cache-control:", a->cache ? a->cache : "no-store", &at, end);
	if (ok && a->type)
		ok = add(p, "content-type:", a->type, &at, end);
	if (ok && a->etag)
		ok = add(p, "etag:", a->etag, &at, end);
	if (ok && a->allow)
		ok = add(p, "allow:", a->allow, &at, end);
	if (ok && a->location)
		ok = add(p, "location:", a->location, &at, end);
	if (ok && a->cookie)
		ok = add(p, "set-cookie:", a->cookie, &at, end);
	if (ok && a->status == 401)
		ok = add(p, "www-authenticate:", "Bearer", &at, end);
	if (ok && (a->retry_s || a->status == 503)) {
		char seconds[24];
		snprintf(seconds, sizeof(seconds), "%lld", (long long)(a->retry_s ? a->retry_s : 5));
		ok = add(p, "retry-after:", seconds, &at, end);
	}
	if (ok && p->last)
		ok = add(p, "connection:", "close", &at, end);
	if (ok && a->encoding)
		ok = add(p, "content-encoding:", a->encoding, &at, end);
	if (ok && a->vary)
		ok = add(p, "vary:", a->vary, &at, end);
	if (ok && a->status != 204 && a->status != 304)
		ok = lws_add_http_header_content_length(p->wsi, a->n, &at, end) == 0;
	if (!ok || lws_finalize_write_http_header(p->wsi, head + LWS_PRE, &at, end))
		return -1;
	p->head_sent = true;
	return 0;
}

/*
 * In the turn of the last write, unless the library keeps what the socket did not take: until then it takes what comes
 * after a body for more of it (4.1 stays in its state), and a client's next request may come at once.
 */
static int finish(struct web_peer *p)
{
	if (lws_partial_buffered(p->wsi))
		return lws_callback_on_writable(p->wsi) < 0 ? -1 : 0;
	bool last = p->last || has_more(p);
	p->request = web_request_free(p->request);
	drop_body(p);
	p->served = true;
	p->quiet_us = wheel_of(p)->now_us;
	wait_for(p, p->web->limits.idle_us);
	if (last || lws_http_transaction_completed(p->wsi))
		return -1;
	return 0;
}

static int send_piece(struct web_peer *p)
{
	const struct web_answer *a = &p->request->answer;
	unsigned char piece[LWS_PRE + WEB_PIECE_BYTES];
	size_t n = MIN(WEB_PIECE_BYTES, a->n - p->sent);
	memcpy(piece + LWS_PRE, (a->file ? a->file : a->bytes) + p->sent, n);
	bool final = n == a->n - p->sent;
	if (lws_write(p->wsi, piece + LWS_PRE, n, final ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
		return -1;
	p->sent += n;
	wait_for(p, p->web->limits.answer_us);
	return 0;
}

int web_peer_writable(struct web_peer *p)
{
	if (!p->request || !p->answered)
		return 0;
	const struct web_answer *a = &p->request->answer;
	if (!p->head_sent) {
		if (send_head(p) < 0)
			return -1;
	} else if (p->sent < a->n && send_piece(p) < 0) {
		return -1;
	}
	if (p->sent == a->n)
		return finish(p);
	lws_callback_on_writable(p->wsi);
	return 0;
}
