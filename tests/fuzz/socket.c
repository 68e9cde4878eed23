/* fuzz/socket.c - see socket.h */
#include "fuzz/socket.h"
#include <jansson.h>
#include <sys/socket.h>

#include "directory/directory.h"
#include "net/loop.h"
#include "transport/carrier.h"
#include "web/limits.h"
#include "web/peer.h"
#include "web/sip.h"
#include "web/stream.h"

static struct {
	struct web_peer *peer;
	const struct connection_ops *ops; /* of a phone's */
	struct slice text, user;
	size_t came;             /* bytes of the text */
	bool last;               /* what comes ends a message */
	bool hello, resync;      /* a page was told so */
	unsigned answers, pings; /* written */
	bool dropped;
} s;

/* ---- the library ---- */

lws_sockfd_type __wrap_lws_get_socket_fd(struct lws *wsi);
int __wrap_lws_is_final_fragment(struct lws *wsi);
int __wrap_lws_write(struct lws *wsi, unsigned char *bytes, size_t n, enum lws_write_protocol protocol);
void __wrap_lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int seconds);

/* One that has an address. */
lws_sockfd_type __wrap_lws_get_socket_fd(struct lws *wsi)
{
	static int fd = -1;
	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT(fd >= 0);
	return fd;
}

int __wrap_lws_is_final_fragment(struct lws *wsi)
{
	return s.last;
}

static void check_event(struct slice message)
{
	json_t *o = json_loadb(message.p, message.n, 0, NULL);
	const char *kind = json_string_value(json_object_get(o, "kind"));
	ASSERT(kind && json_is_integer(json_object_get(o, "seq")));
	ASSERT(s.hello != (strcmp(kind, "hello") == 0));
	s.hello = true;
	s.resync |= strcmp(kind, "resync") == 0;
	json_decref(o);
}

/* What a phone said comes back to it: RFC 7118 §5 wants text where it is some. */
static void check_echo(struct slice message, enum lws_write_protocol protocol)
{
	struct slice rest = message;
	while (!slice_empty(rest) && slice_character(rest))
		rest = slice_from(rest, slice_character(rest));
	ASSERT(slice_eq(message, s.text) && protocol == (slice_empty(rest) ? LWS_WRITE_TEXT : LWS_WRITE_BINARY));
}

int __wrap_lws_write(struct lws *wsi, unsigned char *bytes, size_t n, enum lws_write_protocol protocol)
{
	if (protocol == LWS_WRITE_PING) {
		s.pings++;
		return (int)n;
	}
	s.answers++;
	if (s.peer->stream)
		check_event(slice_of(bytes, n));
	else
		check_echo(slice_of(bytes, n), protocol);
	return (int)n;
}

void __wrap_lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int seconds)
{
	s.dropped = true;
}

/* ---- transport, which hands back what it is given ---- */

struct connection *__wrap_carrier_begin(struct transport *t, const struct connection_ops *ops, void *carrier,
					const struct sip_flow *flow);
void *__wrap_carrier_of(const struct connection *c);
void __wrap_carrier_input(struct connection *c, char *bytes, size_t n, bool last);

struct connection *__wrap_carrier_begin(struct transport *t, const struct connection_ops *ops, void *carrier,
					const struct sip_flow *flow)
{
	ASSERT(carrier == s.peer && flow->transport == SIP_WSS && address_eq(&flow->remote, &s.peer->from));
	s.ops = ops;
	ops->bound((struct connection *)(void *)&s, SIZE_MAX);
	return (struct connection *)(void *)&s;
}

void *__wrap_carrier_of(const struct connection *c)
{
	return s.peer;
}

void __wrap_carrier_input(struct connection *c, char *bytes, size_t n, bool last)
{
	ASSERT(last == s.last && slice_eq(slice_of(bytes, n), slice_first(slice_from(s.text, s.came), n)));
	s.came += n;
	if (!last || slice_empty(s.text))
		return; /* an empty frame is no message */
	ASSERT(slice_eq(s.ops->person(c), s.user));
	int rc = s.ops->send(c, s.text);
	ASSERT(rc == 0);
	if (slice_starts(s.text, SLICE("BYE ")))
		s.ops->close(c); /* behind the answer */
}

/* ---- its life ---- */

/* A piece alone in its memory, so that a read behind it is seen. */
static int give(struct web_peer *p, struct slice piece, bool last)
{
	char *bytes = malloc(piece.n + !piece.n);
	ASSERT(bytes);
	if (piece.n)
		memcpy(bytes, piece.p, piece.n);
	s.last = last;
	int rc = p->sip ? web_sip_received(p, bytes, piece.n) : web_stream_heard(p, piece.n);
	free(bytes);
	return rc;
}

static int write_all(struct web_peer *p)
{
	unsigned before;
	int rc;
	do {
		before = s.answers + s.pings;
		rc = p->sip ? web_sip_writable(p) : web_stream_writable(p);
	} while (rc == 0 && s.answers + s.pings > before);
	return rc;
}

static void pass(struct web_peer *p, int64_t us)
{
	struct wheel *w = loop_wheel(p->web->context.loop);
	wheel_turn(w, w->now_us + us, w->wall_us + us);
}

/* Who answers a ping stays, unless its session has ended; who does not goes. */
static void fall_silent(struct web_peer *p)
{
	pass(p, WEB_PING_US);
	int rc = write_all(p);
	ASSERT(s.dropped || (rc == 0 && s.pings == 1));
	rc = s.dropped ? 0 : p->sip ? web_sip_pong(p) : web_stream_heard(p, 0);
	ASSERT(rc == 0);
	if (!s.dropped)
		pass(p, WEB_PING_US);
	if (!s.dropped)
		pass(p, WEB_PING_US);
	ASSERT(s.dropped);
}

/* Whoever it is for has changed. */
static void tell(struct web_peer *p)
{
	const struct directory_user *u = directory_user_by_id(p->web->context.directory, p->stream->request->who.user);
	if (u)
		web_stream_presence(p->web, u);
}

void socket_play(struct web_peer *p, struct slice text, struct slice user)
{
	bool ends = p->sip && slice_starts(text, SLICE("BYE "));
	memset(&s, 0, sizeof(s));
	s.peer = p;
	s.text = text;
	s.user = user;
	int rc = p->sip ? web_sip_opened(p) : web_stream_opened(p);
	ASSERT(rc == 0);
	rc = give(p, slice_first(text, text.n / 2), false);
	if (rc == 0)
		rc = give(p, slice_from(text, text.n / 2), true);
	ASSERT(rc == 0 || (p->stream && text.n > WEB_HEARD_BYTES));
	if (p->stream)
		tell(p);
	rc = write_all(p);
	ASSERT((rc < 0) == ends && (p->sip ? s.answers == !slice_empty(text) : s.hello));
	ASSERT(!s.resync || !slice_empty(web_argument(p->stream->request, "after")));
	if (!ends)
		fall_silent(p);
}
