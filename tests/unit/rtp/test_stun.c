#include "rtp/limits.h"
#include "rtp/stun.h"
#include "rtp_rig.h"
#include "support/guard.h"

/* RFC 5769 §2: their password, and the transaction of all three. */
#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"
#define TRANSACTION "b7e7a701bc34d686fa87dfae"

static const char request_hex[] = "00010058" /* §2.1 */
				  "2112a442" TRANSACTION "80220010"
				  "5354554e207465737420636c69656e74"
				  "00240004"
				  "6e0001ff"
				  "80290008"
				  "932ff9b151263b36"
				  "00060009"
				  "6576746a3a68367659202020"
				  "00080014"
				  "9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
				  "80280004"
				  "e57a3bcf";
static const char answer_v4_hex[] = "0101003c" /* §2.2 */
				    "2112a442" TRANSACTION "8022000b"
				    "7465737420766563746f7220"
				    "00200008"
				    "0001a147e112a643"
				    "00080014"
				    "2b91f599fd9e90c38c7489f92af9ba53f06be7d7"
				    "80280004"
				    "c07d4c96";
static const char answer_v6_hex[] = "01010048" /* §2.3 */
				    "2112a442" TRANSACTION "8022000b"
				    "7465737420766563746f7220"
				    "00200014"
				    "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
				    "00080014"
				    "a382954e4be67bf11784c97c8292c275bfe3ed41"
				    "80280004"
				    "c8fb0b4c";

static struct hmac_sha1 key_of_password(const char *password)
{
	struct hmac_sha1 key;
	hmac_sha1_init(&key, (const uint8_t *)password, strlen(password));
	return key;
}

/* Read from the end of a page; slices are not looked at afterwards. */
static bool parse_guarded(const uint8_t *p, size_t n, struct stun_message *ret)
{
	char *copy = guard_copy(p, n);
	bool ok = stun_parse((const uint8_t *)copy, n, ret);
	guard_free(copy);
	return ok;
}

static void check_vector(const char *hex, const char *ip, struct stun_message *ret)
{
	struct hmac_sha1 key = key_of_password(PASSWORD), wrong = key_of_password("VOkJxbRl1RmTxUk/WvJxBu");
	struct address expected;
	uint8_t p[128];
	size_t n = unhex(hex, p, sizeof(p));
	assert_true(stun_is(p, n));
	assert_true(stun_parse(p, n, ret));
	assert_true(stun_authentic(p, ret, &key));
	assert_false(stun_authentic(p, ret, &wrong));
	if (ip) {
		assert_true(address_parse(slice_from_string(ip), &expected));
		expected.port = 32853;
		assert_true(address_eq(&ret->mapped, &expected));
	}
	/* No byte of it may differ, but for the type of FINGERPRINT itself, which then is something unknown. */
	for (size_t i = 0; i < n; i++) {
		struct stun_message other;
		if (i == n - 8 || i == n - 7)
			continue;
		p[i] ^= 1;
		assert_false(parse_guarded(p, n, &other));
		p[i] ^= 1;
	}
	for (size_t cut = 0; cut < n; cut++) {
		struct stun_message other;
		assert_false(parse_guarded(p, cut, &other));
	}
}

static void test_vectors(void **state)
{
	struct stun_message m;
	uint8_t transaction[STUN_TRANSACTION_BYTES];
	unhex(TRANSACTION, transaction, sizeof(transaction));
	check_vector(answer_v4_hex, "192.0.2.1", &m);
	assert_int_equal(m.class, STUN_SUCCESS);
	check_vector(answer_v6_hex, "2001:db8:1234:5678:11:2233:4455:6677", &m);
	assert_int_equal(m.class, STUN_SUCCESS);
	check_vector(request_hex, NULL, &m);
	assert_int_equal(m.class, STUN_REQUEST);
	assert_int_equal(m.method, STUN_BINDING);
	assert_memory_equal(m.transaction, transaction, sizeof(transaction));
	assert_true(m.has_priority && m.priority == 0x6e0001ff);
	assert_int_equal(m.role, STUN_CONTROLLED);
	assert_true(m.tie_breaker == UINT64_C(0x932ff9b151263b36));
	assert_false(m.use_candidate);
	assert_int_equal(m.unknown_count, 0); /* SOFTWARE need not be understood */
}

static void check_same(const struct stun_message *a, const struct stun_message *b)
{
	assert_int_equal(a->class, b->class);
	assert_int_equal(a->method, b->method);
	assert_memory_equal(a->transaction, b->transaction, sizeof(a->transaction));
	assert_true(slice_eq(a->username, b->username));
	assert_int_equal(a->has_priority, b->has_priority);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->use_candidate, b->use_candidate);
	assert_int_equal(a->role, b->role);
	assert_true(a->tie_breaker == b->tie_breaker);
	assert_int_equal(a->error, b->error);
	assert_true(address_eq(&a->mapped, &b->mapped));
}

static void test_what_is_written_is_read(void **state)
{
	struct hmac_sha1 key = key_of_password(PASSWORD);
	static const char *const names[] = {"", "a:b", "ab:cd", "abc:de", "evtj:h6vY"};
	for (unsigned i = 0; i < 4 * ARRAY_LEN(names) * 3; i++) {
		struct stun_message m = {
			.class = (enum stun_class)(i & 3),
			.method = i % 7 ? STUN_BINDING : 0x0ff,
			.transaction = {1, 2, 3},
			.username = slice_from_string(names[i / 4 % ARRAY_LEN(names)]),
			.has_priority = i & 1,
			.priority = i & 1 ? 0x12345678 : 0,
			.use_candidate = i & 2,
			.role = (enum stun_role)(i % 3),
			.tie_breaker = i % 3 ? UINT64_C(0xfedcba9876543210) : 0,
			.error = i & 4 ? 487 : 0,
		};
		if (i & 8)
			assert_true(address_parse_with_port(SLICE("[2001:db8::7]:5"), &m.mapped));
		uint8_t p[256];
		size_t n = stun_write(&m, &key, p, sizeof(p));
		assert_true(n > 0 && n % 4 == 0);
		for (size_t cap = 0; cap < n; cap++)
			assert_int_equal(stun_write(&m, &key, p, cap), 0);
		assert_int_equal(stun_write(&m, &key, p, n), n);
		struct stun_message again;
		assert_true(stun_parse(p, n, &again));
		check_same(&m, &again);
		assert_true(stun_authentic(p, &again, &key));
		n = stun_write(&m, NULL, p, sizeof(p));
		assert_true(stun_parse(p, n, &again));
		assert_int_equal(again.integrity_at, 0);
		assert_false(stun_authentic(p, &again, &key));
	}
}

/* A message without FINGERPRINT from attributes in hexadecimal. */
static size_t message(const char *attributes, uint8_t *ret, size_t cap)
{
	char hex[4096];
	snprintf(hex, sizeof(hex), "0001%04x2112a442" TRANSACTION "%s", (unsigned)(strlen(attributes) / 2), attributes);
	return unhex(hex, ret, cap);
}

static bool reads(const char *attributes, struct stun_message *ret)
{
	uint8_t p[2048];
	return parse_guarded(p, message(attributes, p, sizeof(p)), ret);
}

static void test_attributes(void **state)
{
	struct stun_message m;
	assert_true(reads("", &m)); /* FINGERPRINT need not be there */
	/* The first of two counts, whatever the second says. */
	assert_true(reads("0024000400000001"
			  "0024000400000002",
			  &m));
	assert_int_equal(m.priority, 1);
	assert_true(reads("802a00080000000000000001"
			  "802900080000000000000002",
			  &m));
	assert_int_equal(m.role, STUN_CONTROLLING);
	assert_true(m.tie_breaker == 1);
	/* Behind MESSAGE-INTEGRITY nothing counts. */
	assert_true(reads("000800140000000000000000000000000000000000000000"
			  "00250000"
			  "7fff0000",
			  &m));
	assert_false(m.use_candidate);
	assert_int_equal(m.unknown_count, 0);
	assert_int_equal(m.integrity_at, STUN_HEADER_BYTES);

	static const char *const refused[] = {
		"002400030000000100", /* not a multiple of four */
		"0024000800000001",   /* beyond the end */
		"0024000200010000",   /* each of a wrong size */
		"0025000400000000",         "8029000400000000", "0008000400000000", "00060000", /* nobody's name */
		"002000080002000001020304",                                                     /* IPv6 in four bytes */
		"002000080001211201020304", /* port 0, once the cookie is off it */
		"0009000400000200",         /* 200 is no error, 700 neither, nor 499 + 1 */
		"0009000400000700",         "0009000400000464", "8028000400000000", /* not the CRC */
		"0024000400000001800000ff", /* the last one is longer than what is left */
	};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		m = (struct stun_message){.method = 77};
		assert_false(reads(refused[i], &m));
		assert_int_equal(m.method, 77);
	}
}

static void test_fingerprint_is_last(void **state)
{
	struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING}, ret;
	uint8_t p[64] = {0};
	size_t n = stun_write(&m, NULL, p, sizeof(p));
	assert_true(stun_parse(p, n, &ret));
	/* As much again as a USE-CANDIDATE would be; the length counts it. */
	write_be16(p + n, 0x0025);
	write_be16(p + n + 2, 0);
	write_be16(p + 2, (uint16_t)(n + 4 - STUN_HEADER_BYTES));
	assert_false(stun_parse(p, n + 4, &ret));
}

static void test_unknown_attributes(void **state)
{
	struct stun_message m;
	char attributes[(STUN_UNKNOWN_MAX + 1) * 8 + 1] = "";
	for (unsigned i = 0; i <= STUN_UNKNOWN_MAX; i++) {
		assert_true(reads(attributes, &m));
		assert_int_equal(m.unknown_count, i);
		snprintf(attributes + 8 * i, 9, "7%03x0000", i);
	}
	/* One more is not kept. */
	assert_true(reads(attributes, &m));
	assert_int_equal(m.unknown_count, STUN_UNKNOWN_MAX);
	assert_int_equal(m.unknown[STUN_UNKNOWN_MAX - 1], 0x7000 + STUN_UNKNOWN_MAX - 1);
	assert_true(reads("80000000ffff0000", &m));
	assert_int_equal(m.unknown_count, 0);
	/* What a 420 says of them. */
	struct stun_message answer = {.class = STUN_ERROR,
				      .error = 420,
				      .unknown = {0x7001, 0x7002, 0x7003},
				      .unknown_count = 3,
				      .method = STUN_BINDING};
	uint8_t p[64];
	size_t n = stun_write(&answer, NULL, p, sizeof(p));
	assert_int_equal(n, STUN_HEADER_BYTES + 8 + 12 + 8);
	assert_memory_equal(p + 20, "\0\x09\0\x04\0\0\x04\x14\0\x0a\0\x06\x70\x01\x70\x02\x70\x03\0\0", 20);
	assert_true(stun_parse(p, n, &m));
	assert_int_equal(m.error, 420);
}

static void test_limits(void **state)
{
	static uint8_t p[STUN_BYTES_MAX + 4];
	struct stun_message m;
	char name[STUN_USERNAME_MAX + 1];
	memset(name, 'n', sizeof(name));
	struct stun_message with = {
		.class = STUN_REQUEST, .method = STUN_BINDING, .username = slice_of(name, STUN_USERNAME_MAX)};
	assert_true(stun_parse(p, stun_write(&with, NULL, p, sizeof(p)), &m));
	assert_int_equal(m.username.n, STUN_USERNAME_MAX);
	with.username.n++;
	assert_false(stun_parse(p, stun_write(&with, NULL, p, sizeof(p)), &m));

	for (size_t n = STUN_BYTES_MAX; n <= STUN_BYTES_MAX + 4; n += 4) {
		memset(p, 0, n);
		write_be16(p, 1);
		write_be16(p + 2, (uint16_t)(n - STUN_HEADER_BYTES));
		write_be32(p + 4, 0x2112a442);
		write_be16(p + 20, 0x8022);
		write_be16(p + 22, (uint16_t)(n - STUN_HEADER_BYTES - 4));
		assert_int_equal(stun_parse(p, n, &m), n <= STUN_BYTES_MAX);
	}
}

static void test_what_is_stun(void **state)
{
	uint8_t p[128];
	size_t n = unhex(request_hex, p, sizeof(p));
	assert_true(stun_is(p, n));
	assert_true(stun_is(p, STUN_HEADER_BYTES));
	assert_false(stun_is(p, STUN_HEADER_BYTES - 1));
	p[0] = 4; /* RFC 7983: 4 to 19 are others' */
	assert_false(stun_is(p, n));
	p[0] = 0;
	p[4] ^= 1; /* RFC 3489 knew no cookie */
	assert_false(stun_is(p, n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_fingerprint_is_last),
		cmocka_unit_test(test_unknown_attributes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_stun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
