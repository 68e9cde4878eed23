/* net/stream_listen.c - connections accepted, a few a turn, and connections made */
#include <errno.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base/reserve.h"
#include "net/stream_private.h"

struct stream_listener {
	struct loop *loop;
	uv_tcp_t tcp;
	bool closed;
	SSL_CTX *context; /* a reference of its own; NULL: plain TCP */
	stream_accept_fn accept;
	const struct stream_events *events;
	void *arg;
	struct address local;
	uint64_t turn;
	unsigned accepted; /* in that turn */
	bool waiting;      /* libuv holds a connection that we have not taken yet */
	struct stream_listener *next_waiting;
	struct timer again; /* it is tried again when there may be memory */
};

/* Takes the connection that libuv holds, which makes it look for the next. */
static int accept_one(struct stream_listener *l)
{
	struct stream *s;
	if (!reserve_is_whole())
		return -ENOMEM;
	int rc = stream_new(l->loop, l->context, &s);
	if (rc < 0) {
		reserve_spend();
		return rc;
	}
	s->silent = true;
	rc = uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)&s->tcp);
	if (rc == 0)
		rc = stream_names(s);
	/* Fails where the peer has already gone. */
	if (rc < 0) {
		stream_end(s, STREAM_CLOSED_ERROR);
		return 0;
	}
	s->events = l->events;
	s->arg = l->accept(l->arg, s);
	if (!s->arg) {
		stream_end(s, STREAM_CLOSED_BY_US);
		return 0;
	}
	s->silent = false;
	/* stream_close() inside accept() has ended it already. */
	if (s->state != STREAM_CLOSED)
		stream_begin(s);
	return 0;
}

static void put_off(struct stream_listener *l)
{
	struct stream_shared *shared = l->loop->streams;

	if (l->waiting)
		return;
	l->waiting = true;
	l->next_waiting = shared->accepting;
	shared->accepting = l;
	loop_want_turn(l->loop);
}

/* Who calls waits in the kernel's queue: better than a lost connection, or a loop that spins. */
static void wait_for_memory(struct stream_listener *l)
{
	l->loop->streams->no_memory_us = l->loop->wheel.now_us;
	timer_start(&l->loop->wheel, &l->again, STREAM_MEMORY_US);
}

static void connection_came(uv_stream_t *handle, int status)
{
	struct stream_listener *l = handle->data;
	uint64_t turn = l->loop->streams->turn;

	/* No descriptor left, say: libuv has turned the connection away. */
	if (status < 0 || l->closed)
		return;
	if (l->turn != turn) {
		l->turn = turn;
		l->accepted = 0;
	}
	if (l->accepted++ >= STREAM_ACCEPTS_PER_TURN)
		put_off(l);
	else if (accept_one(l) < 0)
		wait_for_memory(l);
}

static void memory_may_be_there(struct timer *t, void *arg)
{
	struct stream_listener *l = arg;

	connection_came((uv_stream_t *)&l->tcp, 0);
}

int64_t stream_no_memory_us(const struct loop *l)
{
	return l->streams ? l->streams->no_memory_us : 0;
}

void stream_listeners_resume(struct stream_shared *shared)
{
	struct stream_listener *l = shared->accepting;

	shared->accepting = NULL;
	for (struct stream_listener *next; l; l = next) {
		next = l->next_waiting;
		l->waiting = false;
		connection_came((uv_stream_t *)&l->tcp, 0);
	}
}

static int bind_and_listen(struct stream_listener *l, const struct address *at)
{
	struct sockaddr_storage name;
	uint32_t n;

	address_to_sockaddr(at, &name, &n);
	int rc = uv_tcp_bind(&l->tcp, (struct sockaddr *)&name, 0);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&l->tcp, STREAM_BACKLOG, connection_came);
	if (rc < 0)
		return rc;
	int name_n = sizeof(name);
	rc = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&name, &name_n);
	if (rc == 0 && !address_from_sockaddr(&name, &l->local))
		rc = -EAFNOSUPPORT;
	return rc;
}

static void listener_closed(uv_handle_t *handle)
{
	struct stream_listener *l = handle->data;

	SSL_CTX_free(l->context);
	free(l);
}

static int listen_at(struct loop *loop, const struct address *at, struct stream_listener **ret)
{
	struct stream_listener *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->loop = loop;
	int rc = uv_tcp_init(&loop->uv, &l->tcp);
	if (rc < 0) {
		free(l);
		return rc;
	}
	l->tcp.data = l;
	timer_init(&l->again, memory_may_be_there, l);
	rc = bind_and_listen(l, at);
	if (rc < 0) {
		l->closed = true;
		uv_close((uv_handle_t *)&l->tcp, listener_closed);
		return rc;
	}
	*ret = l;
	return 0;
}

int stream_listen(struct loop *loop, const struct address *at, struct tls_certificates *certificates,
		  stream_accept_fn accept, const struct stream_events *events, void *arg, struct stream_listener **ret)
{
	ASSERT_ON(loop->thread);
	struct stream_shared *shared;
	struct stream_listener *l;
	int rc = stream_shared_get(loop, &shared);
	if (rc < 0)
		return rc;
	rc = listen_at(loop, at, &l);
	if ((rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) && !address_is_v4(at) && address_is_any(at)) {
		struct address any;
		ASSERT(address_parse(SLICE("0.0.0.0"), &any));
		any.port = at->port;
		rc = listen_at(loop, &any, &l);
	}
	if (rc < 0)
		return rc;
	l->accept = accept;
	l->events = events;
	l->arg = arg;
	if (certificates && SSL_CTX_up_ref(tls_certificates_context(certificates)))
		l->context = tls_certificates_context(certificates);
	*ret = l;
	return 0;
}

void stream_listener_local(const struct stream_listener *l, struct address *ret)
{
	*ret = l->local;
}

void stream_listener_close(struct stream_listener *l)
{
	if (!l || l->closed)
		return;
	ASSERT_ON(l->loop->thread);
	l->closed = true;
	timer_stop(&l->loop->wheel, &l->again);
	for (struct stream_listener **at = &l->loop->streams->accepting; l->waiting && *at; at = &(*at)->next_waiting) {
		if (*at == l) {
			*at = l->next_waiting;
			break;
		}
	}
	uv_close((uv_handle_t *)&l->tcp, listener_closed);
}

static void connected(uv_connect_t *request, int status)
{
	struct stream *s = container_of(request, struct stream, request.connect);

	if (s->state == STREAM_CLOSED)
		return;
	if (status < 0 || stream_names(s) < 0)
		stream_end(s, STREAM_CLOSED_ERROR);
	else
		stream_begin(s);
}

/* Whom we mean to reach: told to the server, and looked for in its certificate. An address is no server name (RFC 6066
 * §3). */
static int expect_name(SSL *ssl, const char *name)
{
	struct address ip;

	if (address_parse(slice_from_string(name), &ip)) {
		bool v4 = address_is_v4(&ip);
		const unsigned char *bytes = v4 ? ip.ip + 12 : ip.ip;
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), bytes, v4 ? 4 : 16) == 1 ? 0 : -ENOMEM;
	}
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* What SSL_set_tlsext_host_name() stands for, without its cast; the name is copied. */
	void *copied = (void *)(uintptr_t)name;
	bool set = SSL_set1_host(ssl, name) == 1 &&
		   SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, copied) == 1;
	return set ? 0 : -EINVAL;
}

static int bind_to(struct stream *s, const struct address *from)
{
	struct sockaddr_storage name;
	struct address host = *from;
	uint32_t n;

	host.port = 0;
	address_to_sockaddr(&host, &name, &n);
	return uv_tcp_bind(&s->tcp, (struct sockaddr *)&name, 0);
}

static int start_connect(struct stream *s, const struct address *from, const struct address *to,
			 const char *verify_name)
{
	struct sockaddr_storage name;
	uint32_t n;

	int rc = verify_name ? expect_name(s->ssl, verify_name) : 0;
	if (rc == 0 && from && !address_is_any(from))
		rc = bind_to(s, from);
	if (rc < 0)
		return rc;
	address_to_sockaddr(to, &name, &n);
	s->remote = *to;
	return uv_tcp_connect(&s->request.connect, &s->tcp, (struct sockaddr *)&name, connected);
}

int stream_connect(struct loop *l, const struct address *from, const struct address *to, const char *verify_name,
		   const struct stream_events *events, void *arg, struct stream **ret)
{
	ASSERT_ON(l->thread);
	struct stream_shared *shared;
	struct tls_reason why;
	struct stream *s;
	int rc = stream_shared_get(l, &shared);
	if (rc < 0)
		return rc;
	if (verify_name && !shared->client && !(shared->client = tls_client_context_new(NULL, &why)))
		return -ENOMEM;
	rc = stream_new(l, verify_name ? shared->client : NULL, &s);
	if (rc < 0)
		return rc;
	s->events = events;
	s->arg = arg;
	rc = start_connect(s, from, to, verify_name);
	if (rc < 0) {
		s->silent = true;
		stream_end(s, STREAM_CLOSED_ERROR);
		return rc;
	}
	timer_start(&l->wheel, &s->timer, STREAM_HANDSHAKE_US);
	*ret = s;
	return 0;
}

int stream_trust(struct loop *l, const char *authorities_path, struct tls_reason *reterr)
{
	ASSERT_ON(l->thread);
	struct stream_shared *shared;
	int rc = stream_shared_get(l, &shared);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "no memory for TLS");
		return rc;
	}
	SSL_CTX *fresh = tls_client_context_new(authorities_path, reterr);
	if (!fresh)
		return -EINVAL;
	SSL_CTX_free(shared->client);
	shared->client = fresh;
	return 0;
}
