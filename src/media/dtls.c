/* media/dtls.c - DTLS over OpenSSL, with a BIO that hands datagrams in and out */
#include "media/dtls.h"
#include "crypto/crypto.h"
#include "media/limits.h"
#include "net/tls.h"

/* OpenSSL gives numbers to names that are suites of ours. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef SRTP_AEAD_AES_128_GCM
#undef SRTP_AEAD_AES_256_GCM

/* RFC 5764 §4.1.2, RFC 7714 §14.2: what we like best first. A browser that has both takes the first. */
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
/* Forward secrecy and AEAD alone; the peer's certificate may be of either kind. */
#define CIPHERS                                                                                                        \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"                     \
	"ECDHE-RSA-CHACHA20-POLY1305"
#define PROFILE_GCM 7                  /* RFC 7714 §14.2 */
#define EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764 §4.2 */

struct dtls_context {
	SSL_CTX *ssl;
	BIO_METHOD *datagrams;
};

struct dtls {
	SSL *ssl;
	enum dtls_state state;
	struct dtls_terms terms;
	dtls_send_fn send;
	void *arg;
	const uint8_t *in; /* the datagram that is being read; NULL: none waits */
	size_t in_n;
};

/* ---- datagrams ---- */

static int datagram_write(BIO *b, const char *p, int n)
{
	struct dtls *d = BIO_get_data(b);
	d->send(d->arg, (const uint8_t *)p, (size_t)n);
	return n; /* what the network does not take is lost, and sent again like anything else that is */
}

static int datagram_read(BIO *b, char *ret, int cap)
{
	struct dtls *d = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	if (!d->in) {
		BIO_set_retry_read(b);
		return -1;
	}
	size_t n = MIN(d->in_n, (size_t)cap);
	memcpy(ret, d->in, n);
	d->in = NULL;
	return (int)n;
}

static long datagram_control(BIO *b, int command, long number, void *p)
{
	switch (command) {
	case BIO_CTRL_FLUSH: /* nothing is held back */
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return DTLS_MTU;
	default:
		return 0;
	}
}

static int datagram_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

/* ---- the context ---- */

/* RFC 5763 §6.7.1: the certificate must be the one that the description named; nothing else about it matters. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	static const EVP_MD *(*const hashes[])(void) = {EVP_sha256, EVP_sha384, EVP_sha512};
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct dtls *d = SSL_get_app_data(ssl);
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t i = 0;
	while (i < ARRAY_LEN(hashes) && EVP_MD_get_size(hashes[i]()) != d->terms.peer.n)
		i++;
	if (i < ARRAY_LEN(hashes) && certificate && X509_digest(certificate, hashes[i](), digest, &n) == 1 &&
	    n == d->terms.peer.n && memcmp(digest, d->terms.peer.bytes, n) == 0)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static BIO_METHOD *datagram_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams of a stream");
	if (m && BIO_meth_set_write(m, datagram_write) && BIO_meth_set_read(m, datagram_read) &&
	    BIO_meth_set_ctrl(m, datagram_control) && BIO_meth_set_create(m, datagram_create))
		return m;
	BIO_meth_free(m);
	return NULL;
}

static bool set_up(SSL_CTX *c)
{
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
				       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_QUERY_MTU);
	/* 112 bits: said here because a system's openssl.cnf may say something else. */
	SSL_CTX_set_security_level(c, 2);
	SSL_CTX_set_max_cert_list(c, DTLS_CERTIFICATE_MAX);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(c, verify, NULL);
	char groups[] = "X25519:P-256:P-384"; /* the library's macro casts constness away */
	/* Unlike its sisters, that for SRTP returns 0 when all is well. */
	return SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) && SSL_CTX_set_cipher_list(c, CIPHERS) &&
	       SSL_CTX_set1_groups_list(c, groups) && SSL_CTX_set_tlsext_use_srtp(c, PROFILES) == 0;
}

int dtls_context_new(const struct tls_identity *identity, struct dtls_context **ret)
{
	struct dtls_context *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->ssl = SSL_CTX_new(DTLS_method());
	c->datagrams = datagram_method();
	if (!c->ssl || !c->datagrams || !set_up(c->ssl) || tls_identity_lend(identity, c->ssl) < 0) {
		ERR_clear_error();
		dtls_context_free(c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

struct dtls_context *dtls_context_free(struct dtls_context *c)
{
	if (!c)
		return NULL;
	SSL_CTX_free(c->ssl);
	BIO_meth_free(c->datagrams);
	free(c);
	return NULL;
}

/* ---- an association ---- */

/* RFC 6347 §4.2.4.1: a second at first, or less where voice waits for it; twice as long each time. */
static unsigned next_wait(SSL *ssl, unsigned before_us)
{
	const struct dtls *d = SSL_get_app_data(ssl);
	return (unsigned)(before_us ? MIN(2 * (int64_t)before_us, DTLS_RETRY_MAX_US) : d->terms.retry_us);
}

struct dtls *dtls_new(const struct dtls_context *c, const struct dtls_terms *terms, dtls_send_fn send, void *arg)
{
	struct dtls *d = calloc(1, sizeof(*d));
	BIO *b = BIO_new(c->datagrams);
	if (d)
		d->ssl = SSL_new(c->ssl);
	if (!d || !b || !d->ssl) {
		BIO_free(b);
		ERR_clear_error();
		return dtls_free(d);
	}
	d->terms = *terms;
	d->send = send;
	d->arg = arg;
	BIO_set_data(b, d);
	SSL_set_bio(d->ssl, b, b);
	SSL_set_app_data(d->ssl, d);
	SSL_set_mtu(d->ssl, DTLS_MTU);
	DTLS_set_timer_cb(d->ssl, next_wait);
	if (terms->client)
		SSL_set_connect_state(d->ssl);
	else
		SSL_set_accept_state(d->ssl);
	return d;
}

struct dtls *dtls_free(struct dtls *d)
{
	if (!d)
		return NULL;
	SSL_free(d->ssl);
	free(d);
	return NULL;
}

/* RFC 5764 §4.2: without a profile that both have there is no key. */
static bool has_profile(const struct dtls *d)
{
	return SSL_get_selected_srtp_profile(d->ssl) != NULL;
}

static enum dtls_state step(struct dtls *d)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(d->ssl);
	if (rc == 1)
		d->state = has_profile(d) ? DTLS_READY : DTLS_FAILED;
	else if (SSL_get_error(d->ssl, rc) != SSL_ERROR_WANT_READ)
		d->state = DTLS_FAILED;
	ERR_clear_error();
	return d->state;
}

enum dtls_state dtls_start(struct dtls *d)
{
	return d->state == DTLS_SHAKING ? step(d) : d->state;
}

/* Reading is what makes OpenSSL look at a flight that is repeated. Nothing is said in DTLS itself. */
static void read_past(struct dtls *d)
{
	char nothing[256];
	while (SSL_read(d->ssl, nothing, sizeof(nothing)) > 0)
		;
	ERR_clear_error();
}

enum dtls_state dtls_input(struct dtls *d, const uint8_t *p, size_t n)
{
	if (d->state == DTLS_FAILED)
		return d->state;
	d->in = p;
	d->in_n = n;
	if (d->state == DTLS_READY)
		read_past(d);
	else
		step(d);
	d->in = NULL;
	return d->state;
}

int64_t dtls_wait_us(const struct dtls *d)
{
	struct timeval left;
	if (d->state != DTLS_SHAKING || !DTLSv1_get_timeout(d->ssl, &left))
		return -1;
	return left.tv_sec * SECOND_US + left.tv_usec;
}

enum dtls_state dtls_timeout(struct dtls *d)
{
	if (d->state != DTLS_SHAKING)
		return d->state;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(d->ssl) < 0)
		d->state = DTLS_FAILED;
	ERR_clear_error();
	return d->state;
}

/* ---- keys ---- */

static enum srtp_suite suite_of(const struct dtls *d)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(d->ssl);
	return profile->id == PROFILE_GCM ? SRTP_AEAD_AES_128_GCM : SRTP_AES_CM_128_HMAC_SHA1_80;
}

bool dtls_keys(const struct dtls *d, struct srtp_key *ret_send, struct srtp_key *ret_receive)
{
	enum srtp_suite suite = suite_of(d);
	size_t total = srtp_suite_key_bytes(suite), key_n = 16, salt_n = total - key_n;
	uint8_t bytes[2 * SRTP_KEY_MAX];
	struct srtp_key keys[2]; /* the client's, the server's */

	ASSERT(d->state == DTLS_READY);
	if (SSL_export_keying_material(d->ssl, bytes, 2 * total, EXPORTER, sizeof(EXPORTER) - 1, NULL, 0, 0) != 1)
		return false;
	for (size_t i = 0; i < 2; i++) {
		keys[i].suite = suite;
		memcpy(keys[i].bytes, bytes + i * key_n, key_n);
		memcpy(keys[i].bytes + key_n, bytes + 2 * key_n + i * salt_n, salt_n);
	}
	*ret_send = keys[d->terms.client ? 0 : 1];
	*ret_receive = keys[d->terms.client ? 1 : 0];
	crypto_wipe(bytes, sizeof(bytes));
	crypto_wipe(keys, sizeof(keys));
	return true;
}
