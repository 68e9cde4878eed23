/* Digest: the RFCs' vectors, and what happens to a nonce that is old, foreign, used, or pushed out. */
#include <errno.h>

#include "sip/digest.h"
#include "support/failing.h"
#include "support/guard.h"
#include "support/test.h"

#define LIFETIME_US (300 * SECOND_US)

static struct random rng;
static struct crypto_hasher *hasher;

static int setup(void **state)
{
	random_init_seeded(&rng, 1);
	hasher = crypto_hasher_new();
	return hasher ? 0 : -1;
}

static int teardown(void **state)
{
	crypto_hasher_free(hasher);
	return 0;
}

static void assert_response(enum sip_digest_algorithm a, struct slice realm, struct slice password, struct slice nonce,
			    struct slice cnonce, struct slice qop, const char *wanted)
{
	uint8_t ha1[SIP_HA1_BYTES];
	char ret[64];
	sip_digest_ha1(hasher, a, SLICE("Mufasa"), realm, password, ha1);
	size_t n = sip_digest_response(hasher, a, ha1, SLICE("GET"), SLICE("/dir/index.html"), nonce, cnonce, 1, qop,
				       ret);
	assert_slice(slice_of(ret, n), wanted);
}

static void vectors(void **state)
{
	/* RFC 7616 §3.9.1 */
	static const struct slice realm = {"http-auth@example.org", 21}, password = {"Circle of Life", 14};
	static const struct slice nonce = {"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", 44};
	static const struct slice cnonce = {"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 44};
	assert_response(SIP_DIGEST_MD5, realm, password, nonce, cnonce, SLICE("auth"),
			"8ca523f5e9506fed4657c9700eebdbec");
	assert_response(SIP_DIGEST_SHA256, realm, password, nonce, cnonce, SLICE("auth"),
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	/* RFC 2617 §3.5, and its values in the older form without qop (RFC 2069) */
	assert_response(SIP_DIGEST_MD5, SLICE("testrealm@host.com"), SLICE("Circle Of Life"),
			SLICE("dcd98b7102dd2f0e8b11d0f600bfb0c093"), SLICE("0a4f113b"), SLICE("auth"),
			"6629fae49393a05397450978507c4ef1");
	assert_response(SIP_DIGEST_MD5, SLICE("testrealm@host.com"), SLICE("Circle Of Life"),
			SLICE("dcd98b7102dd2f0e8b11d0f600bfb0c093"), SLICE_NONE, SLICE_NONE,
			"670fd8c2df070c60b045671b8b24ff02");
}

static void credentials(void **state)
{
	struct slice text = guard_slice(
		SLICE("digest username=\"a\\\"b\" ,realm = \"r, s\", nonce=\"n\",uri=\"sip:x@y\", response=\"00\","
		      "algorithm=sha-256, cnonce=\"c\", opaque=\"\", qop=auth, nc=000000fF, other=\"x\""));
	struct sip_credentials c;
	struct sip_reason reason;
	assert_int_equal(sip_credentials_parse(text, &c, &reason), SIP_OK);
	assert_slice(c.username, "a\\\"b");
	assert_slice(c.realm, "r, s");
	assert_slice(c.nonce, "n");
	assert_slice(c.uri, "sip:x@y");
	assert_slice(c.response, "00");
	assert_slice(c.cnonce, "c");
	assert_slice(c.opaque, "");
	assert_slice(c.qop, "auth");
	assert_int_equal(c.algorithm, SIP_DIGEST_SHA256);
	assert_true(c.algorithm_known);
	assert_int_equal(c.nonce_count, 255);
	guard_free(text.p);
	assert_int_equal(sip_credentials_parse(SLICE("Digest a=b"), &c, &reason), SIP_OK);
	assert_true(c.algorithm_known && c.algorithm == SIP_DIGEST_MD5);
	assert_int_equal(sip_credentials_parse(SLICE("Digest algorithm=MD5-sess"), &c, &reason), SIP_OK);
	assert_false(c.algorithm_known);
	static const char *const bad[] = {"",
					  "Digest",
					  "Digest ",
					  "Basic QWxhZGRpbg==",
					  "Digestx a=b",
					  "Digest username",
					  "Digest username=",
					  "Digest username=\"open",
					  "Digest username=\"a\" realm=\"b\"",
					  "Digest username=\"a\",",
					  "Digest username=\"a\", Username=\"b\"",
					  "Digest nc=0",
					  "Digest nc=123456789",
					  "Digest nc=xyz"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		text = guard_slice(slice_from_string(bad[i]));
		if (sip_credentials_parse(text, &c, &reason) != SIP_BAD)
			fail_msg("accepted: %s", bad[i]);
		guard_free(text.p);
	}
}

/* Where the challenges go. */
static const struct address here = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .port = 5060};

/* A phone: takes the nonce of a challenge and answers with it. */
struct phone {
	char challenge[256], response[64];
	struct slice nonce;
};

static void challenge(struct phone *p, struct sip_nonces *n, int64_t now_us)
{
	struct sip_credentials c;
	struct sip_reason reason;
	struct writer w = writer_on(p->challenge, sizeof(p->challenge));
	sip_write_challenge(&w, n, SLICE("alto"), SIP_DIGEST_MD5, false, &here, now_us);
	assert_false(w.overflow);
	assert_int_equal(sip_credentials_parse(writer_slice(&w), &c, &reason), SIP_OK);
	assert_slice(c.realm, "alto");
	assert_slice(c.qop, "auth");
	p->nonce = c.nonce;
}

struct attempt {
	const char *password;
	uint32_t count;  /* 0: the form without qop */
	const char *qop; /* NULL: by count */
	const char *realm;
	bool unknown;
};

static enum sip_digest_verdict attempt(struct phone *p, struct sip_nonces *n, struct attempt how, int64_t now_us)
{
	uint8_t theirs[SIP_HA1_BYTES], ours[SIP_HA1_BYTES];
	struct sip_credentials c = {.username = SLICE("u"), .uri = SLICE("sip:x"), .algorithm_known = true};
	c.realm = slice_from_string(how.realm ? how.realm : "alto");
	c.nonce = p->nonce;
	c.nonce_count = how.count;
	c.qop = slice_from_string(how.qop ? how.qop : how.count ? "auth" : "");
	c.cnonce = how.count ? SLICE("cn") : SLICE_NONE;
	sip_digest_ha1(hasher, SIP_DIGEST_MD5, c.username, c.realm,
		       slice_from_string(how.password ? how.password : "secret"), theirs);
	sip_digest_ha1(hasher, SIP_DIGEST_MD5, c.username, SLICE("alto"), SLICE("secret"), ours);
	size_t length = sip_digest_response(hasher, SIP_DIGEST_MD5, theirs, SLICE("REGISTER"), c.uri, c.nonce, c.cnonce,
					    c.nonce_count, c.qop, p->response);
	c.response = slice_of(p->response, length);
	return sip_digest_check(n, hasher, &c, SLICE("REGISTER"), SLICE("alto"), SIP_DIGEST_MD5, ours, !how.unknown,
				now_us);
}

static void verdicts(void **state)
{
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, 8), *other = sip_nonces_new(&rng, LIFETIME_US, 8);
	struct phone p;
	int64_t now = 1000 * SECOND_US;
	challenge(&p, n, now);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1, .password = "guess"}, now), SIP_DIGEST_WRONG);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1, .unknown = true}, now), SIP_DIGEST_WRONG);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1, .realm = "alt0"}, now), SIP_DIGEST_WRONG);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1, .qop = "auth-int"}, now), SIP_DIGEST_UNSUPPORTED);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 0, .qop = "auth"}, now), SIP_DIGEST_UNSUPPORTED);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1}, now), SIP_DIGEST_OK);
	/* A foreign nonce: stale to who knows the password, wrong to who does not. */
	assert_int_equal(attempt(&p, other, (struct attempt){.count = 2}, now), SIP_DIGEST_STALE);
	assert_int_equal(attempt(&p, other, (struct attempt){.count = 2, .password = "guess"}, now), SIP_DIGEST_WRONG);
	/* One changed digit of the time, or of the MAC. */
	for (size_t at = 0; at <= 55; at += 55) {
		struct phone forged = p;
		char text[80];
		memcpy(text, p.nonce.p, p.nonce.n);
		text[at] = text[at] == '0' ? '1' : '0';
		forged.nonce = slice_of(text, p.nonce.n);
		assert_int_equal(attempt(&forged, n, (struct attempt){.count = 9}, now), SIP_DIGEST_STALE);
	}
	/* The last microsecond of its life, and one later. */
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 2}, now + LIFETIME_US), SIP_DIGEST_OK);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 3}, now + LIFETIME_US + 1), SIP_DIGEST_STALE);
	sip_nonces_free(other);
	assert_null(sip_nonces_free(n));
	assert_null(sip_nonces_free(NULL));
}

/* Who returns a nonce has received it; port and network card may have changed, the host may not. */
static void returned(void **state)
{
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, 8), *other = sip_nonces_new(&rng, LIFETIME_US, 8);
	struct address behind = here, elsewhere = here;
	struct phone p;
	challenge(&p, n, 1);
	behind.port = 9;
	elsewhere.ip[15] ^= 1;
	assert_true(sip_nonce_returned_by(n, p.nonce, &behind, LIFETIME_US));
	assert_false(sip_nonce_returned_by(n, p.nonce, &elsewhere, 2));
	assert_false(sip_nonce_returned_by(other, p.nonce, &here, 2));
	assert_false(sip_nonce_returned_by(n, p.nonce, &here, LIFETIME_US + 2));
	/* Without its last part, or with a digit of that changed, it proves nothing. */
	assert_false(sip_nonce_returned_by(n, slice_first(p.nonce, 56), &here, 2));
	char text[80];
	memcpy(text, p.nonce.p, p.nonce.n);
	text[p.nonce.n - 1] = text[p.nonce.n - 1] == '0' ? '1' : '0';
	assert_false(sip_nonce_returned_by(n, slice_of(text, p.nonce.n), &here, 2));
	sip_nonces_free(other);
	sip_nonces_free(n);
}

static void counts(void **state)
{
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, 8);
	struct phone p;
	challenge(&p, n, 1);
	static const struct {
		uint32_t count;
		enum sip_digest_verdict verdict;
	} steps[] = {{5, SIP_DIGEST_OK},
		     {5, SIP_DIGEST_STALE},
		     {3, SIP_DIGEST_OK},
		     {3, SIP_DIGEST_STALE},
		     {0, SIP_DIGEST_STALE},
		     {6, SIP_DIGEST_OK},
		     {5, SIP_DIGEST_STALE},
		     {69, SIP_DIGEST_OK},
		     {6, SIP_DIGEST_STALE},
		     {7, SIP_DIGEST_OK},
		     {7, SIP_DIGEST_STALE},
		     {70, SIP_DIGEST_OK},
		     {4, SIP_DIGEST_STALE},
		     {8, SIP_DIGEST_OK},
		     {UINT32_MAX, SIP_DIGEST_OK},
		     {UINT32_MAX, SIP_DIGEST_STALE},
		     {70, SIP_DIGEST_STALE},
		     {UINT32_MAX - 63, SIP_DIGEST_OK},
		     {UINT32_MAX - 64, SIP_DIGEST_STALE}};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		assert_int_equal(attempt(&p, n, (struct attempt){.count = steps[i].count}, 2), steps[i].verdict);
	/* Without qop: once, and then not with qop either. */
	challenge(&p, n, 3);
	assert_int_equal(attempt(&p, n, (struct attempt){0}, 4), SIP_DIGEST_OK);
	assert_int_equal(attempt(&p, n, (struct attempt){0}, 4), SIP_DIGEST_STALE);
	assert_int_equal(attempt(&p, n, (struct attempt){.count = 1}, 4), SIP_DIGEST_STALE);
	sip_nonces_free(n);
}

/* More nonces than the table holds, used in a mixed order: no (nonce, count) is accepted twice, whatever happens. */
static void pushed_out(void **state)
{
	enum { PHONES = 40, TABLE = 4 };
	static struct phone phones[PHONES];
	bool used[PHONES] = {false};
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, TABLE);
	unsigned accepted = 0;
	for (int i = 0; i < PHONES; i++)
		challenge(&phones[i], n, 10 + i / 2);
	for (int round = 0; round < 400; round++) {
		uint32_t i = random_below(&rng, PHONES);
		enum sip_digest_verdict v = attempt(&phones[i], n, (struct attempt){.count = 1}, 100);
		assert_true(v == SIP_DIGEST_STALE || (v == SIP_DIGEST_OK && !used[i]));
		if (v == SIP_DIGEST_OK) {
			used[i] = true;
			accepted++;
		}
	}
	assert_true(accepted >= TABLE);
	/* What expired stays stale, were the clock ever to go back. */
	struct sip_nonces *one = sip_nonces_new(&rng, LIFETIME_US, TABLE);
	struct phone old, young;
	challenge(&old, one, 10);
	challenge(&young, one, 10 + LIFETIME_US);
	assert_int_equal(attempt(&old, one, (struct attempt){.count = 1}, 20), SIP_DIGEST_OK);
	assert_int_equal(attempt(&young, one, (struct attempt){.count = 1}, 20 + LIFETIME_US), SIP_DIGEST_OK);
	assert_int_equal(attempt(&old, one, (struct attempt){.count = 1}, 20), SIP_DIGEST_STALE);
	sip_nonces_free(one);
	/* A new nonce always gets in: the oldest yields. */
	for (int i = 0; i < 3 * TABLE; i++) {
		struct phone p;
		challenge(&p, n, 200 + i);
		assert_int_equal(attempt(&p, n, (struct attempt){.count = 1}, 300), SIP_DIGEST_OK);
		assert_int_equal(attempt(&p, n, (struct attempt){.count = 1}, 300), SIP_DIGEST_STALE);
	}
	sip_nonces_free(n);
}

static int make_and_use(void *arg)
{
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, 8);
	struct phone p;
	if (!n)
		return -ENOMEM;
	challenge(&p, n, 1);
	enum sip_digest_verdict first = attempt(&p, n, (struct attempt){.count = 1}, 2);
	enum sip_digest_verdict second = attempt(&p, n, (struct attempt){.count = 1}, 2);
	/* Where there is no memory to remember a nonce it is not accepted; if it was, it is not accepted again. */
	assert_true(first == SIP_DIGEST_OK || first == SIP_DIGEST_STALE);
	assert_true(first != SIP_DIGEST_OK || second == SIP_DIGEST_STALE);
	sip_nonces_free(n);
	return first == SIP_DIGEST_OK ? 0 : -ENOMEM;
}

static void out_of_memory(void **state)
{
	failing_each(make_and_use, NULL);
}

static void challenge_text(void **state)
{
	struct sip_nonces *n = sip_nonces_new(&rng, LIFETIME_US, 8);
	char text[256];
	struct writer w = writer_on(text, sizeof(text));
	sip_write_challenge(&w, n, SLICE("a\"b\\c"), SIP_DIGEST_SHA256, true, &here, 5);
	assert_true(slice_starts(writer_slice(&w), SLICE("Digest realm=\"a\\\"b\\\\c\", nonce=\"0000000000000005")));
	struct slice tail = slice_from(writer_slice(&w), w.n - 44);
	assert_slice(tail, "\", algorithm=SHA-256, qop=\"auth\", stale=true");
	sip_nonces_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),       cmocka_unit_test(credentials),    cmocka_unit_test(verdicts),
		cmocka_unit_test(returned),      cmocka_unit_test(counts),         cmocka_unit_test(pushed_out),
		cmocka_unit_test(out_of_memory), cmocka_unit_test(challenge_text),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
