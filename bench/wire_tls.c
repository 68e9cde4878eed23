/* bench/wire_tls.c - see wire_tls.h */
#include "bench/wire_tls.h"
#include "sip/framing.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

#define READ_BYTES 16384

struct bytes { /* grows as needed; freed when empty, so that an idle connection holds none */
	char *p;
	size_t n, cap;
};
struct wire_tls {
	SSL *ssl;
	struct address server;
	bool open, closed;
	struct bytes in, out;
	struct sip_framer framer;
};

static SSL_CTX *context(void)
{
	static SSL_CTX *shared;
	if (!shared && (shared = SSL_CTX_new(TLS_client_method())) != NULL) {
		SSL_CTX_set_mode(shared, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
						 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_session_cache_mode(shared, SSL_SESS_CACHE_OFF);
	}
	return shared;
}

struct wire_tls *wire_tls_new(int fd, const struct address *server)
{
	struct wire_tls *t = calloc(1, sizeof(*t));
	SSL_CTX *c = context();
	if (!t || !c || !(t->ssl = SSL_new(c)) || SSL_set_fd(t->ssl, fd) != 1)
		return wire_tls_free(t);
	SSL_set_connect_state(t->ssl);
	t->server = *server;
	return t;
}

struct wire_tls *wire_tls_free(struct wire_tls *t)
{
	if (!t)
		return NULL;
	SSL_free(t->ssl);
	free(t->in.p);
	free(t->out.p);
	free(t);
	return NULL;
}

bool wire_tls_is_closed(const struct wire_tls *t)
{
	return t->closed;
}

static void append(struct bytes *b, const char *p, size_t n)
{
	if (n > b->cap - b->n) {
		size_t cap = MAX(2 * b->cap, b->n + n);
		char *more = realloc(b->p, cap);
		ASSERT(more);
		b->p = more;
		b->cap = cap;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void drop(struct bytes *b, size_t n)
{
	b->n -= n;
	if (b->n) {
		memmove(b->p, b->p + n, b->n);
		return;
	}
	free(b->p);
	*b = (struct bytes){0};
}

/* False: it has to wait, or is over. */
static bool went_on(struct wire_tls *t, int rc)
{
	if (rc > 0)
		return true;
	int why = SSL_get_error(t->ssl, rc);
	t->closed |= why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	return false;
}

static bool is_open(struct wire_tls *t)
{
	if (!t->open && !t->closed)
		t->open = went_on(t, SSL_do_handshake(t->ssl));
	return t->open && !t->closed;
}

static char scratch[WIRE_BYTES];

struct writer wire_tls_begin(void)
{
	return writer_on(scratch, sizeof(scratch));
}

void wire_tls_end(struct wire_tls *t, const struct writer *message)
{
	if (!t->closed)
		append(&t->out, scratch, message->n);
}

void wire_tls_flush(struct wire_tls *t)
{
	while (t->out.n && is_open(t)) {
		int n = SSL_write(t->ssl, t->out.p, (int)t->out.n);
		if (!went_on(t, n))
			return;
		drop(&t->out, (size_t)n);
	}
}

static unsigned take_messages(struct wire_tls *t, wire_input_fn input, void *arg)
{
	struct sip_reason why;
	unsigned messages = 0;
	size_t at = 0, n = 0;
	enum sip_frame frame;
	while ((frame = sip_framer_scan(&t->framer, slice_of(t->in.p + at, t->in.n - at), &n, &why)) !=
	       SIP_FRAME_MORE) {
		if (frame == SIP_FRAME_BAD) {
			t->closed = true;
			break;
		}
		if (frame == SIP_FRAME_MESSAGE) {
			input(arg, slice_of(t->in.p + at, n), &t->server);
			messages++;
		}
		at += n;
		sip_framer_reset(&t->framer);
	}
	drop(&t->in, at);
	return messages;
}

unsigned wire_tls_receive(struct wire_tls *t, wire_input_fn input, void *arg)
{
	static char bytes[READ_BYTES];
	unsigned messages = 0;
	while (is_open(t)) {
		int n = SSL_read(t->ssl, bytes, sizeof(bytes));
		if (!went_on(t, n))
			break;
		append(&t->in, bytes, (size_t)n);
		messages += take_messages(t, input, arg);
	}
	wire_tls_flush(t);
	return messages;
}
