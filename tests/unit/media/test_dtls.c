/* DTLS with OpenSSL as the peer: both roles, split and lost datagrams, and everybody who is not whom he should be. */
#include "identity.h"
#include "media/dtls.h"
#include "support/failing.h"
#include "support/test.h"

/* After our own headers: see media/dtls.c. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef SRTP_AEAD_AES_128_GCM

#define BOTH "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
#define QUEUE_MAX 64

struct datagram {
	size_t n;
	uint8_t bytes[2048];
};

struct talk {
	struct tls_identity *ours, *theirs;
	struct dtls_context *context;
	struct dtls *dtls;
	enum dtls_state state;
	struct datagram sent[QUEUE_MAX]; /* by us, on their way */
	size_t sent_count, sent_max;     /* the longest of all */
	uint64_t lose;                   /* bit i: the ith datagram of ours is lost */
	unsigned sent_total;
	SSL_CTX *peer_context;
	SSL *peer;
};

static void on_send(void *arg, const uint8_t *p, size_t n)
{
	struct talk *t = arg;
	if (t->sent_total < 64 && t->lose >> t->sent_total & 1) {
		t->sent_total++;
		return;
	}
	t->sent_total++;
	assert_true(t->sent_count < QUEUE_MAX && n <= sizeof(t->sent[0].bytes));
	t->sent[t->sent_count].n = n;
	memcpy(t->sent[t->sent_count++].bytes, p, n);
	t->sent_max = MAX(t->sent_max, n);
}

static int believe_anybody(int ok, X509_STORE_CTX *store)
{
	return 1;
}

/* OpenSSL goes by the system's clock, and takes what is less than 15 ms away for now. */
#define RETRY_US 20000

static unsigned soon(SSL *ssl, unsigned before_us)
{
	return before_us ? 2 * before_us : RETRY_US;
}

static void peer_start(struct talk *t, bool client, const char *profiles, unsigned mtu)
{
	t->peer_context = SSL_CTX_new(DTLS_method());
	assert_non_null(t->peer_context);
	SSL_CTX_set_verify(t->peer_context, SSL_VERIFY_PEER, believe_anybody);
	SSL_CTX_set_options(t->peer_context, SSL_OP_NO_QUERY_MTU);
	assert_int_equal(tls_identity_lend(t->theirs, t->peer_context), 0);
	if (profiles)
		assert_int_equal(SSL_CTX_set_tlsext_use_srtp(t->peer_context, profiles), 0);
	t->peer = SSL_new(t->peer_context);
	SSL_set_bio(t->peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	BIO_set_mem_eof_return(SSL_get_rbio(t->peer), -1);
	SSL_set_mtu(t->peer, mtu);
	DTLS_set_timer_cb(t->peer, soon);
	if (client)
		SSL_set_connect_state(t->peer);
	else
		SSL_set_accept_state(t->peer);
}

struct options {
	bool we_are_client;
	const char *profiles;
	unsigned mtu;
	const struct media_fingerprint *fingerprint; /* NULL: the right one */
};

static void talk_start(struct talk *t, const struct options *o)
{
	memset(t, 0, sizeof(*t));
	t->ours = identity_make();
	t->theirs = identity_make();
	assert_int_equal(dtls_context_new(t->ours, &t->context), 0);
	struct dtls_terms terms = {
		.client = o->we_are_client, .peer = identity_fingerprint(t->theirs), .retry_us = RETRY_US};
	if (o->fingerprint)
		terms.peer = *o->fingerprint;
	t->dtls = dtls_new(t->context, &terms, on_send, t);
	assert_non_null(t->dtls);
	peer_start(t, !o->we_are_client, o->profiles, o->mtu);
}

static void talk_end(struct talk *t)
{
	SSL_free(t->peer);
	SSL_CTX_free(t->peer_context);
	assert_null(dtls_free(t->dtls));
	assert_null(dtls_context_free(t->context));
	tls_identity_free(t->ours);
	tls_identity_free(t->theirs);
	ERR_clear_error();
}

/* What the peer has written, a record a datagram. Returns how many. */
static size_t peer_pieces(struct talk *t, struct datagram *ret, size_t cap)
{
	BIO *b = SSL_get_wbio(t->peer);
	size_t count = 0;
	for (; BIO_pending(b) > 0; count++) {
		assert_true(count < cap);
		uint8_t *p = ret[count].bytes;
		assert_int_equal(BIO_read(b, p, 13), 13);
		size_t n = (size_t)p[11] << 8 | p[12];
		assert_int_equal(BIO_read(b, p + 13, (int)n), n);
		ret[count].n = 13 + n;
	}
	return count;
}

static bool peer_says(struct talk *t)
{
	static struct datagram pieces[QUEUE_MAX];
	size_t count = peer_pieces(t, pieces, QUEUE_MAX);
	for (size_t i = 0; i < count; i++)
		t->state = dtls_input(t->dtls, pieces[i].bytes, pieces[i].n);
	return count > 0;
}

static bool we_say(struct talk *t)
{
	size_t count = t->sent_count;
	struct datagram sent[QUEUE_MAX];
	memcpy(sent, t->sent, sizeof(sent));
	t->sent_count = 0;
	for (size_t i = 0; i < count; i++) {
		BIO_write(SSL_get_rbio(t->peer), sent[i].bytes, (int)sent[i].n);
		char nothing[64];
		if (SSL_is_init_finished(t->peer))
			(void)SSL_read(t->peer, nothing, sizeof(nothing));
		else
			(void)SSL_do_handshake(t->peer);
	}
	return count > 0;
}

/* Until nothing more comes. */
static void talk(struct talk *t)
{
	if (!SSL_is_init_finished(t->peer))
		(void)SSL_do_handshake(t->peer);
	t->state = dtls_start(t->dtls);
	for (bool any = true; any;) {
		any = peer_says(t);
		any |= we_say(t);
	}
}

static void check_keys(struct talk *t, bool we_are_client, enum srtp_suite suite)
{
	struct srtp_key send, receive;
	size_t salt_n = srtp_suite_key_bytes(suite) - 16;
	uint8_t bytes[2 * SRTP_KEY_MAX];
	assert_int_equal(t->state, DTLS_READY);
	assert_true(SSL_is_init_finished(t->peer));
	assert_true(dtls_keys(t->dtls, &send, &receive));
	assert_int_equal(send.suite, suite);
	assert_int_equal(receive.suite, suite);
	/* RFC 5764 §4.2: the client's key, the server's, the client's salt, the server's. */
	assert_int_equal(
		SSL_export_keying_material(t->peer, bytes, 2 * (16 + salt_n), "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0),
		1);
	const struct srtp_key *client = we_are_client ? &send : &receive, *server = we_are_client ? &receive : &send;
	assert_memory_equal(client->bytes, bytes, 16);
	assert_memory_equal(server->bytes, bytes + 16, 16);
	assert_memory_equal(client->bytes + 16, bytes + 32, salt_n);
	assert_memory_equal(server->bytes + 16, bytes + 32 + salt_n, salt_n);
	assert_true(memcmp(send.bytes, receive.bytes, 16) != 0);
}

static void test_both_roles(void **state)
{
	static struct talk t;
	static const struct {
		const char *profiles;
		enum srtp_suite suite;
	} table[] = {{BOTH, SRTP_AEAD_AES_128_GCM},
		     {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", SRTP_AEAD_AES_128_GCM},
		     {"SRTP_AES128_CM_SHA1_80", SRTP_AES_CM_128_HMAC_SHA1_80},
		     {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SRTP_AES_CM_128_HMAC_SHA1_80}};
	for (unsigned i = 0; i < 2 * ARRAY_LEN(table); i++) {
		/* A server takes what it likes best itself; as clients we name the better one first. */
		bool client = i & 1;
		if (client && i / 2 == 1)
			continue;
		talk_start(&t,
			   &(struct options){.we_are_client = client, .profiles = table[i / 2].profiles, .mtu = 1200});
		talk(&t);
		check_keys(&t, client, table[i / 2].suite);
		assert_true(t.sent_max <= DTLS_MTU);
		assert_int_equal(dtls_wait_us(t.dtls), -1);
		talk_end(&t);
	}
}

/* As today's browsers send them, with post-quantum key shares: a ClientHello that no datagram holds. */
static void test_split_hello(void **state)
{
	static struct talk t;
	static const unsigned mtus[] = {1200, 256};
	uint8_t protocols[1400];
	for (size_t i = 0; i < sizeof(protocols); i++) /* names of 199 bytes, to make it long */
		protocols[i] = i % 200 ? 'x' : 199;
	for (size_t i = 0; i < 2 * ARRAY_LEN(mtus); i++) {
		talk_start(&t, &(struct options){.profiles = BOTH, .mtu = mtus[i / 2]});
		assert_int_equal(SSL_set_alpn_protos(t.peer, protocols, sizeof(protocols)), 0);
		(void)SSL_do_handshake(t.peer);
		/* Also with its last piece first. */
		static struct datagram pieces[16];
		size_t count = peer_pieces(&t, pieces, ARRAY_LEN(pieces));
		assert_true(count >= 2 && pieces[0].n <= mtus[i / 2]);
		for (size_t k = 0; k < count; k++) {
			const struct datagram *piece = &pieces[i & 1 ? count - 1 - k : k];
			t.state = dtls_input(t.dtls, piece->bytes, piece->n);
		}
		assert_true(we_say(&t));
		talk(&t);
		check_keys(&t, false, SRTP_AEAD_AES_128_GCM);
		talk_end(&t);
	}
}

static void test_other_hashes(void **state)
{
	static struct talk t;
	static const EVP_MD *(*const hashes[])(void) = {EVP_sha384, EVP_sha512};
	for (size_t i = 0; i < 2 * ARRAY_LEN(hashes); i++) {
		struct media_fingerprint f;
		unsigned n;
		bool wrong = i & 1;
		talk_start(&t, &(struct options){.profiles = BOTH, .mtu = 1200});
		assert_int_equal(X509_digest(SSL_get_certificate(t.peer), hashes[i / 2](), f.bytes, &n), 1);
		f.n = (uint8_t)n;
		f.bytes[n - 1] ^= wrong;
		dtls_free(t.dtls);
		t.dtls = dtls_new(t.context, &(struct dtls_terms){.peer = f, .retry_us = RETRY_US}, on_send, &t);
		talk(&t);
		assert_int_equal(t.state, wrong ? DTLS_FAILED : DTLS_READY);
		talk_end(&t);
	}
}

/* No bit of the fingerprint may differ, in either role; the peer hears of it and nothing has keys. */
static void test_wrong_certificate(void **state)
{
	static struct talk t;
	for (unsigned i = 0; i < 4; i++) {
		struct tls_identity *another = identity_make();
		struct media_fingerprint f = identity_fingerprint(another);
		if (i & 2)
			f.n = 0; /* no hash of ours */
		talk_start(&t,
			   &(struct options){.we_are_client = i & 1, .profiles = BOTH, .mtu = 1200, .fingerprint = &f});
		talk(&t);
		assert_int_equal(t.state, DTLS_FAILED);
		assert_false(SSL_is_init_finished(t.peer) && !(i & 1));
		/* For good. */
		assert_int_equal(dtls_input(t.dtls, (const uint8_t *)"\x16", 1), DTLS_FAILED);
		assert_int_equal(dtls_timeout(t.dtls), DTLS_FAILED);
		talk_end(&t);
		tls_identity_free(another);
	}
}

static void test_no_profile(void **state)
{
	static struct talk t;
	static const char *const profiles[] = {NULL, "SRTP_AES128_CM_SHA1_32"};
	for (unsigned i = 0; i < 2 * ARRAY_LEN(profiles); i++) {
		talk_start(&t, &(struct options){.we_are_client = i & 1, .profiles = profiles[i / 2], .mtu = 1200});
		talk(&t);
		assert_int_equal(t.state, DTLS_FAILED);
		talk_end(&t);
	}
}

/* A peer without a certificate is nobody (RFC 5763 §6.7.1). */
static void test_no_certificate(void **state)
{
	static struct talk t;
	talk_start(&t, &(struct options){.profiles = BOTH, .mtu = 1200});
	SSL_certs_clear(t.peer);
	talk(&t);
	assert_int_equal(t.state, DTLS_FAILED);
	talk_end(&t);
}

static void wait_for_timer(const struct talk *t)
{
	int64_t left_us = dtls_wait_us(t->dtls);
	assert_true(left_us >= 0);
	for (; left_us > 0; left_us = dtls_wait_us(t->dtls))
		usleep((useconds_t)left_us);
}

static void talk_with_losses(struct talk *t)
{
	talk(t);
	for (int i = 0; i < 8 && (t->state != DTLS_READY || !SSL_is_init_finished(t->peer)); i++) {
		if (t->state == DTLS_SHAKING)
			wait_for_timer(t);
		else
			usleep(RETRY_US); /* it is the peer's turn */
		t->state = dtls_timeout(t->dtls);
		(void)DTLSv1_handle_timeout(t->peer);
		talk(t);
	}
}

/* Whichever datagram of ours is lost, it is sent again when its time has come, or the peer asks for it. */
static void test_losses(void **state)
{
	static struct talk t;
	for (unsigned i = 0; i < 8; i++) {
		bool client = i & 1;
		talk_start(&t, &(struct options){.we_are_client = client, .profiles = BOTH, .mtu = 1200});
		t.lose = UINT64_C(1) << i / 2;
		talk_with_losses(&t);
		check_keys(&t, client, SRTP_AEAD_AES_128_GCM);
		talk_end(&t);
	}
}

/* Nobody answers: the same is said again, after twice as long each time; and not before. */
static void test_silence(void **state)
{
	static struct talk t;
	talk_start(&t, &(struct options){.we_are_client = true, .profiles = BOTH, .mtu = 1200});
	assert_int_equal(dtls_start(t.dtls), DTLS_SHAKING);
	for (unsigned tries = 1; tries < 4; tries++) {
		assert_int_equal(t.sent_total, tries);
		assert_true(dtls_wait_us(t.dtls) <= (RETRY_US << (tries - 1)));
		wait_for_timer(&t);
		assert_int_equal(dtls_timeout(t.dtls), DTLS_SHAKING);
	}
	assert_true(dtls_wait_us(t.dtls) > 4 * RETRY_US);
	talk_end(&t);
}

/* What is no DTLS, or a part of it, changes nothing. */
static void test_noise(void **state)
{
	static struct talk t;
	uint8_t noise[64];
	talk_start(&t, &(struct options){.profiles = BOTH, .mtu = 1200});
	for (unsigned i = 0; i < 4096; i++) {
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)(i * 31 + k * (i % 7));
		noise[0] = (uint8_t)(20 + i % 44);
		assert_int_equal(dtls_input(t.dtls, noise, i % sizeof(noise) + 1), DTLS_SHAKING);
	}
	talk(&t);
	check_keys(&t, false, SRTP_AEAD_AES_128_GCM);
	/* Nor does it afterwards. */
	assert_int_equal(dtls_input(t.dtls, noise, sizeof(noise)), DTLS_READY);
	talk_end(&t);
}

static int make(void *arg)
{
	const struct tls_identity *identity = arg;
	struct dtls_context *c;
	int rc = dtls_context_new(identity, &c);
	if (rc < 0)
		return rc;
	struct dtls *d = dtls_new(c, &(struct dtls_terms){.retry_us = RETRY_US}, on_send, NULL);
	rc = d ? 0 : -12; /* ENOMEM */
	dtls_free(d);
	dtls_context_free(c);
	return rc;
}

static void test_no_memory(void **state)
{
	struct tls_identity *identity = identity_make();
	failing_each(make, identity);
	tls_identity_free(identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_roles),   cmocka_unit_test(test_split_hello),
		cmocka_unit_test(test_other_hashes), cmocka_unit_test(test_wrong_certificate),
		cmocka_unit_test(test_no_profile),   cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_losses),       cmocka_unit_test(test_silence),
		cmocka_unit_test(test_noise),        cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
