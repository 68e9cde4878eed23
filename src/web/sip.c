/* web/sip.c - WebSockets that carry SIP: see sip.h */
#include "web/sip.h"
#include <errno.h>
#include <sys/socket.h>

#include "net/tls.h"
#include "transport/carrier.h"
#include "web/access.h"
#include "web/who.h"

/* One that waits for the leave to write; the library wants room in front of it. */
struct web_sip_message {
	struct web_sip_message *next;
	size_t n;
	unsigned char bytes[]; /* LWS_PRE, then n */
};

/* What each takes beside its bytes. */
#define MESSAGE_EXTRA (sizeof(struct web_sip_message) + LWS_PRE)

/* ---- may it be opened ---- */

/* RFC 7118 §4.1: the client offers this protocol, among others perhaps. */
static bool offers_sip(struct lws *wsi)
{
	char text[128];
	int n = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_PROTOCOL);
	struct slice rest = slice_of(text, n > 0 ? (size_t)n : 0);
	while (!slice_empty(rest))
		if (slice_eq(slice_trim(slice_cut(&rest, ',')), SLICE("sip")))
			return true;
	return false;
}

bool web_sip_admit(struct web_peer *p, struct web_request *r)
{
	if (p->plane != WEB_COMPANY) {
		web_problem(r, WEB_NOT_FOUND, NULL, "phones are served at the address of listen.https");
		return false;
	}
	if (!offers_sip(p->wsi)) {
		web_problem(r, WEB_BAD_REQUEST, NULL, "Sec-WebSocket-Protocol must offer sip");
		return false;
	}
	if (!web_who_find(r)) /* looks at Origin too */
		return false;
	p->sip = calloc(1, sizeof(*p->sip));
	if (!p->sip)
		return false;
	p->sip->last = &p->sip->first;
	p->sip->alive = true;
	if (!slice_empty(r->who.user)) {
		store_keep_id(p->sip->pass, r->who.pass);
		store_keep_id(p->sip->user, r->who.user);
	}
	return true;
}

/* ---- what transport asks of it ---- */

static int sip_send(struct connection *c, struct slice bytes)
{
	struct web_peer *p = carrier_of(c);
	struct web_sip *s = p->sip;
	size_t left = s->most - MIN(s->queued, s->most);
	if (left < MESSAGE_EXTRA || bytes.n > left - MESSAGE_EXTRA) {
		carrier_overflow(c);
		return -ENOBUFS;
	}
	struct web_sip_message *m = malloc(MESSAGE_EXTRA + bytes.n);
	if (!m)
		return -ENOMEM;
	m->next = NULL;
	m->n = bytes.n;
	memcpy(m->bytes + LWS_PRE, bytes.p, bytes.n);
	*s->last = m;
	s->last = &m->next;
	s->queued += MESSAGE_EXTRA + m->n;
	lws_callback_on_writable(p->wsi);
	return 0;
}

static void sip_bound(struct connection *c, size_t most)
{
	((struct web_peer *)carrier_of(c))->sip->most = most;
}

static void sip_close(struct connection *c)
{
	struct web_peer *p = carrier_of(c);
	if (p->web->closed)
		return; /* the library is ending all of them */
	p->sip->closing = true;
	lws_callback_on_writable(p->wsi);
	web_peer_wait(p, WEB_SIP_LINGER_US);
}

static void sip_drop(struct connection *c)
{
	struct web_peer *p = carrier_of(c);
	if (!p->web->closed)
		web_peer_drop(p);
}

static void sip_tls_name(const struct connection *c, char *ret, size_t cap)
{
	const struct web_peer *p = carrier_of(c);
	tls_name(lws_get_ssl(p->wsi), ret, cap);
}

static struct slice sip_person(const struct connection *c)
{
	const struct web_peer *p = carrier_of(c);
	return slice_from_string(p->sip->user);
}

static const struct connection_ops ops = {sip_send, sip_bound, sip_close, sip_drop, sip_tls_name, sip_person};

/* ---- the library's callbacks ---- */

int web_sip_opened(struct web_peer *p)
{
	struct web_sip *s = p->sip;
	struct sip_flow flow = {.transport = SIP_WSS, .listener = p->entered->sip_listener, .remote = p->from};
	struct sockaddr_storage name = {0};
	socklen_t n = sizeof(name);
	int fd = lws_get_socket_fd(p->wsi), most = WEB_SIP_SOCKET_BYTES;
	if (getsockname(fd, (struct sockaddr *)&name, &n) < 0 || !address_from_sockaddr(&name, &flow.local))
		return -1;
	/* What the kernel would keep for who does not read; its own choice is megabytes. Fails for nobody. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
	s->connection = carrier_begin(p->web->context.transport, &ops, p, &flow);
	if (!s->connection)
		return -1;
	web_peer_is_phone(p);
	web_peer_wait(p, WEB_PING_US);
	return 0;
}

/* RFC 7118 §5: text, unless there is something in it that is no UTF-8. */
static enum lws_write_protocol frame_of(const struct web_sip_message *m)
{
	struct slice rest = slice_of(m->bytes + LWS_PRE, m->n);
	size_t n = 1;
	while (!slice_empty(rest) && (n = slice_character(rest)) > 0)
		rest = slice_from(rest, n);
	return n ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
}

static int write_first(struct web_peer *p)
{
	struct web_sip *s = p->sip;
	struct web_sip_message *m = s->first;
	s->first = m->next;
	if (!s->first)
		s->last = &s->first;
	s->queued -= MESSAGE_EXTRA + m->n;
	int n = (int)m->n, written = lws_write(p->wsi, m->bytes + LWS_PRE, m->n, frame_of(m));
	free(m);
	return written < n ? -1 : 0;
}

int web_sip_writable(struct web_peer *p)
{
	struct web_sip *s = p->sip;
	unsigned char nothing[LWS_PRE];
	if (s->first) {
		if (write_first(p) < 0)
			return -1;
	} else if (s->closing) {
		return -1;
	} else if (s->ping) {
		s->ping = false;
		if (lws_write(p->wsi, nothing + LWS_PRE, 0, LWS_WRITE_PING) < 0)
			return -1;
	}
	if (s->first || s->closing || s->ping)
		lws_callback_on_writable(p->wsi);
	return 0;
}

int web_sip_received(struct web_peer *p, char *bytes, size_t n)
{
	p->sip->alive = true;
	carrier_input(p->sip->connection, bytes, n, lws_is_final_fragment(p->wsi));
	return 0;
}

int web_sip_pong(struct web_peer *p)
{
	p->sip->alive = true;
	carrier_alive(p->sip->connection);
	return 0;
}

/* Its session has ended: by a change, or by its time. */
static bool is_over(const struct web_peer *p)
{
	return *p->sip->pass && !web_who_lasts(&p->web->context, slice_from_string(p->sip->pass));
}

bool web_sip_tick(struct web_peer *p)
{
	struct web_sip *s = p->sip;
	if (!s->alive || s->closing || !s->connection || is_over(p))
		return false;
	s->alive = false;
	s->ping = true;
	lws_callback_on_writable(p->wsi);
	web_peer_wait(p, WEB_PING_US);
	return true;
}

struct web_sip *web_sip_free(struct web_sip *s)
{
	if (!s)
		return NULL;
	if (s->connection)
		carrier_gone(s->connection);
	while (s->first) {
		struct web_sip_message *m = s->first;
		s->first = m->next;
		free(m);
	}
	free(s);
	return NULL;
}

void web_sip_change(struct web *w, const struct store_change *change)
{
	if (w->closed || !web_who_concerns(change))
		return;
	for (struct web_peer *p = w->first_phone, *next; p; p = next) {
		next = p->next;
		if (is_over(p))
			web_peer_drop(p);
	}
}
