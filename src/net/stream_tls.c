/* net/stream_tls.c - OpenSSL between a stream's input and its output queue, without a buffer of its own between */
#include <errno.h>
#include <openssl/err.h>

#include "net/stream_private.h"

/* Beyond what stream_send() lets in: alerts and key updates, which the peer can cause while it reads nothing. */
#define OUT_EXTRA (8 * 1024)

static int bio_read(BIO *bio, char *ret, int n)
{
	struct stream *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (s->tls_in.n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	size_t take = MIN((size_t)n, s->tls_in.n);
	memcpy(ret, s->tls_in.p, take);
	s->tls_in = slice_from(s->tls_in, take);
	return (int)take;
}

static int bio_write(BIO *bio, const char *bytes, int n)
{
	struct stream *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (stream_waiting(s) + (size_t)n > s->out_max + OUT_EXTRA || stream_append(s, bytes, (size_t)n) < 0)
		return -1;
	return n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *stream_tls_bio_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	if (!m)
		return NULL;
	if (!BIO_meth_set_read(m, bio_read) || !BIO_meth_set_write(m, bio_write) ||
	    !BIO_meth_set_ctrl(m, bio_control)) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

int stream_tls_attach(struct stream *s, SSL_CTX *context, BIO_METHOD *method)
{
	ERR_clear_error();
	s->ssl = SSL_new(context);
	BIO *bio = s->ssl ? BIO_new(method) : NULL;
	if (!bio) {
		SSL_free(s->ssl);
		s->ssl = NULL;
		return -ENOMEM;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	if (SSL_is_server(s->ssl))
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
	return 0;
}

/* One step of the handshake. True: it is done. */
static bool step(struct stream *s)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(s->ssl);
	stream_mark(s);
	if (rc == 1)
		return true;
	/* The alert that says why goes out before the end. */
	if (SSL_get_error(s->ssl, rc) != SSL_ERROR_WANT_READ)
		stream_finish(s, STREAM_CLOSED_HANDSHAKE);
	return false;
}

static void read_records(struct stream *s)
{
	char *plain = s->loop->streams->plain;

	while (s->state == STREAM_OPEN) {
		ERR_clear_error();
		int n = SSL_read(s->ssl, plain, STREAM_PLAIN_BYTES);
		if (n > 0) {
			stream_deliver(s, plain, (size_t)n);
			continue;
		}
		int why = SSL_get_error(s->ssl, n);
		if (why == SSL_ERROR_ZERO_RETURN)
			stream_finish(s, STREAM_CLOSED_BY_PEER);
		else if (why != SSL_ERROR_WANT_READ)
			stream_finish(s, STREAM_CLOSED_ERROR);
		else if (s->out_n)
			stream_mark(s); /* the answer to a key update */
		return;
	}
}

void stream_tls_input(struct stream *s, char *bytes, size_t n)
{
	s->tls_in = slice_of(bytes, n);
	if (s->state == STREAM_HANDSHAKE && step(s))
		stream_opened(s);
	if (s->state == STREAM_OPEN)
		read_records(s);
	s->tls_in = SLICE_NONE;
}

int stream_tls_send(struct stream *s, struct slice bytes)
{
	while (bytes.n) {
		ERR_clear_error();
		int n = SSL_write(s->ssl, bytes.p, (int)MIN(bytes.n, (size_t)STREAM_OUT_MAX));
		if (n <= 0)
			return -ENOMEM;
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

void stream_tls_name(const struct stream *s, char *ret, size_t cap)
{
	tls_name(s->ssl, ret, cap);
}

enum tls_distrust stream_distrust(const struct stream *s)
{
	return s->ssl ? tls_distrust(s->ssl) : TLS_BELIEVED;
}
