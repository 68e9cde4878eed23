/* web/peer_write.c - an answer to bytes: its head, its body piece by piece, and what comes after it */
#include "web/peer.h"

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
	if (p->request->head) /* RFC 9110 §9.3.2: with the length that GET would have, and nothing behind it */
		p->sent = a->n;
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
	web_peer_served(p);
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
	web_peer_wait(p, p->web->limits.answer_us);
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
