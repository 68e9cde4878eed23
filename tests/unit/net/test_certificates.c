/* Tests of net/certificates.c: which certificate a client is shown by the name that it asks for. */
#include "unit/net/identity.h"
#include "unit/net/peer_tls.h"

static struct tls_certificates *set;
static struct tls_identity *own;

static int set_up(void **state)
{
	own = identity_for("DNS:localhost", true);
	return tls_certificates_new(own, &set);
}

static int tear_down(void **state)
{
	set = tls_certificates_free(set);
	return 0;
}

static struct tls_identity *put(const char *name, const char *names)
{
	struct tls_identity *i = identity_for(names, false);
	assert_int_equal(tls_certificates_put(set, slice_from_string(name), i), 0);
	return i;
}

#define FOUND(name) tls_certificates_find(set, slice_from_string(name))

static void each_name_has_its_own(void **state)
{
	struct tls_identity *a = put("a.example", "DNS:a.example"), *b = put("B.Example", "DNS:b.example");
	char issuer[TLS_ISSUER_CAP];
	assert_ptr_equal(FOUND("a.example"), a);
	assert_ptr_equal(FOUND("A.EXAMPLE"), a);
	assert_ptr_equal(FOUND("b.example"), b);
	assert_ptr_equal(FOUND("c.example"), own);
	assert_ptr_equal(FOUND("x.a.example"), own);
	assert_ptr_equal(FOUND(""), own);
	assert_ptr_equal(FOUND(NULL), own);
	tls_identity_issuer(a, issuer);
	assert_string_equal(issuer, "Authority");
	assert_false(tls_identity_is_self_signed(a));
	b = put("b.example", "DNS:b.example");
	assert_ptr_equal(FOUND("b.example"), b);
	tls_certificates_remove(set, SLICE("a.example"));
	tls_certificates_remove(set, SLICE("a.example"));
	assert_ptr_equal(FOUND("a.example"), own);
}

static void what_the_operator_gives_comes_first(void **state)
{
	struct tls_identity *a = put("a.example", "DNS:a.example"), *c = put("c.example", "DNS:c.example");
	assert_false(tls_certificates_given(set, SLICE("localhost"))); /* made by us */
	own = identity_for("DNS:a.example,DNS:*.b.example", false);
	tls_certificates_set_own(set, own);
	assert_ptr_equal(FOUND("a.example"), own);
	assert_ptr_equal(FOUND("x.b.example"), own);
	assert_ptr_equal(FOUND("c.example"), c);
	assert_ptr_equal(FOUND("d.example"), own);
	assert_true(tls_certificates_given(set, SLICE("x.b.example")));
	/* RFC 6125 §6.4.3: a wildcard is one label. */
	assert_false(tls_certificates_given(set, SLICE("y.x.b.example")));
	assert_false(tls_certificates_given(set, SLICE("b.example")));
	assert_false(tls_certificates_given(set, SLICE_NONE));
	own = identity_for("DNS:elsewhere.example", false);
	tls_certificates_set_own(set, own);
	assert_ptr_equal(FOUND("a.example"), a);
}

static void a_better_one_than_ours_is_for_who_asks_for_none(void **state)
{
	tls_certificates_prefer(set, SLICE("pbx.example"));
	assert_ptr_equal(FOUND(""), own);
	struct tls_identity *pbx = put("pbx.example", "DNS:pbx.example");
	assert_ptr_equal(FOUND(""), pbx);
	assert_ptr_equal(FOUND("unknown.example"), pbx);
	own = identity_for("DNS:a.example", false);
	tls_certificates_set_own(set, own);
	assert_ptr_equal(FOUND(""), own);
}

static void a_name_has_a_limit(void **state)
{
	char name[256];
	memset(name, 'a', sizeof(name));
	struct tls_identity *i = identity_for("DNS:a.example", false);
	assert_int_equal(tls_certificates_put(set, slice_of(name, 253), i), 0);
	assert_ptr_equal(tls_certificates_find(set, slice_of(name, 253)), i);
	assert_ptr_equal(tls_certificates_find(set, slice_of(name, 254)), own);
}

/* ---- over the wire ---- */

static void handshake(SSL *client, SSL *server)
{
	BIO *a, *b;
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (unsigned i = 0; i < 10; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	assert_true(SSL_is_init_finished(client) && SSL_is_init_finished(server));
}

static void shows(SSL_CTX *server_context, int version, const char *name, const struct tls_identity *expected)
{
	char wanted[TLS_FINGERPRINT_CAP], shown[TLS_FINGERPRINT_CAP];
	SSL_CTX *context = peer_tls_context(version);
	SSL *client = SSL_new(context), *server = SSL_new(server_context);
	if (name)
		assert_int_equal(SSL_set_tlsext_host_name(client, name), 1);
	handshake(client, server);
	peer_tls_fingerprint(client, shown);
	tls_identity_fingerprint(expected, wanted);
	assert_string_equal(shown, wanted);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(context);
}

static void a_client_sees_it(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	struct tls_identity *a = put("a.example", "DNS:a.example");
	assert_int_equal(tls_certificates_serve(set, context), 0);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		shows(context, version, "a.example", a);
		shows(context, version, "other.example", own);
		shows(context, version, NULL, own);
	}
	a = put("a.example", "DNS:a.example");
	shows(context, TLS1_3_VERSION, "a.example", a);
	SSL_CTX_free(context);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_name_has_its_own),
		TEST(what_the_operator_gives_comes_first),
		TEST(a_better_one_than_ours_is_for_who_asks_for_none),
		TEST(a_name_has_a_limit),
		TEST(a_client_sees_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
