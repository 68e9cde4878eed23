#include "rtp/ice.h"
#include "rtp/limits.h"
#include "rtp_rig.h"

/* An agent of ours, and a browser that asks it. */
struct pair {
	struct ice agent;
	struct hmac_sha1 key;
	struct stun_message check; /* as the browser writes it */
	char name[64];
	struct address from;
};

static struct pair pair_new(void)
{
	struct pair pair = {.check = {.class = STUN_REQUEST,
				      .method = STUN_BINDING,
				      .transaction = {9, 8, 7},
				      .has_priority = true,
				      .priority = 1,
				      .role = STUN_CONTROLLING}};
	struct ice_credentials local;
	uint8_t random[ICE_RANDOM_BYTES];
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)(i * 41);
	ice_credentials_make(random, &local);
	ice_init(&pair.agent, &local);
	hmac_sha1_init(&pair.key, (const uint8_t *)local.pwd, sizeof(local.pwd));
	snprintf(pair.name, sizeof(pair.name), "%.*s:theirs", ICE_UFRAG_CHARS, local.ufrag);
	assert_true(address_parse_with_port(SLICE("192.0.2.7:49152"), &pair.from));
	return pair;
}

struct outcome {
	enum ice_result result;
	struct stun_message answer; /* class STUN_REQUEST: there was none */
	bool authentic;
};

static struct outcome ask(struct pair *pair, const struct ice *agent, const struct hmac_sha1 *key)
{
	uint8_t p[256], bytes[ICE_ANSWER_MAX];
	struct stun_message read;
	struct outcome o = {.answer = {.class = STUN_REQUEST}};
	size_t answer_n;
	pair->check.username = slice_from_string(pair->name);
	size_t n = stun_write(&pair->check, key, p, sizeof(p));
	assert_true(stun_parse(p, n, &read));
	o.result = ice_answer(agent, p, n, &read, &pair->from, bytes, &answer_n);
	if (answer_n) {
		assert_true(stun_parse(bytes, answer_n, &o.answer));
		assert_memory_equal(o.answer.transaction, pair->check.transaction, STUN_TRANSACTION_BYTES);
		o.authentic = stun_authentic(bytes, &o.answer, &pair->key);
		assert_true(o.authentic || answer_n <= n); /* nothing to gain for who forges a source */
	}
	return o;
}

static void test_credentials(void **state)
{
	struct pair pair = pair_new();
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < ICE_PWD_CHARS; i++)
		assert_non_null(memchr(allowed, pair.agent.local.pwd[i], sizeof(allowed) - 1));
	for (size_t i = 0; i < ICE_UFRAG_CHARS; i++)
		assert_non_null(memchr(allowed, pair.agent.local.ufrag[i], sizeof(allowed) - 1));
	/* Each random byte counts, and no part of one is that of the other. */
	uint8_t random[ICE_RANDOM_BYTES] = {0};
	struct ice_credentials none, one;
	ice_credentials_make(random, &none);
	for (size_t i = 0; i < sizeof(random); i++) {
		random[i] = 0x55;
		ice_credentials_make(random, &one);
		assert_true(memcmp(&one, &none, sizeof(one)) != 0);
		assert_true((memcmp(one.ufrag, none.ufrag, sizeof(one.ufrag)) != 0) == (i < 6));
		random[i] = 0;
	}
}

static void test_check(void **state)
{
	struct pair pair = pair_new();
	struct outcome o = ask(&pair, &pair.agent, &pair.key);
	assert_int_equal(o.result, ICE_CHECKED);
	assert_int_equal(o.answer.class, STUN_SUCCESS);
	assert_true(o.authentic);
	assert_true(address_eq(&o.answer.mapped, &pair.from));
	pair.check.use_candidate = true;
	assert_true(address_parse_with_port(SLICE("[2001:db8::7]:49152"), &pair.from));
	o = ask(&pair, &pair.agent, &pair.key);
	assert_int_equal(o.result, ICE_NOMINATED);
	assert_true(o.authentic && address_eq(&o.answer.mapped, &pair.from));
}

static void test_refusals(void **state)
{
	struct pair pair = pair_new();
	struct hmac_sha1 wrong;
	hmac_sha1_init(&wrong, (const uint8_t *)"wrong", 5);
	static const struct {
		const char *name; /* NULL: its own */
		bool no_key, wrong_key, no_agent, controlled;
		uint16_t error;
	} table[] = {
		{.no_key = true, .error = 400},
		{.name = "", .error = 400},
		{.wrong_key = true, .error = 401},
		{.no_agent = true, .error = 401},
		{.name = "AAAAAAAA:theirs", .error = 401},
		{.name = "nocolon", .error = 401},
		{.controlled = true, .error = 487},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct pair asked = pair;
		if (table[i].name)
			snprintf(asked.name, sizeof(asked.name), "%s", table[i].name);
		if (table[i].controlled)
			asked.check.role = STUN_CONTROLLED;
		asked.check.use_candidate = true;
		struct outcome o = ask(&asked, table[i].no_agent ? NULL : &asked.agent,
				       table[i].no_key      ? NULL
				       : table[i].wrong_key ? &wrong
							    : &pair.key);
		assert_int_equal(o.result, ICE_REFUSED);
		assert_int_equal(o.answer.class, STUN_ERROR);
		assert_int_equal(o.answer.error, table[i].error);
		assert_int_equal(o.answer.mapped.port, 0);
		assert_int_equal(o.authentic, table[i].error == 487);
	}
}

/* What must be understood and is not: named, to who has proven itself. */
static void test_unknown_attribute(void **state)
{
	struct pair pair = pair_new();
	uint8_t p[128], bytes[ICE_ANSWER_MAX];
	struct stun_message read, answer;
	size_t answer_n, at = STUN_HEADER_BYTES;
	pair.check.username = slice_from_string(pair.name);
	/* As many as are kept: the longest refusal. */
	uint8_t front[128];
	size_t n = stun_write(&pair.check, NULL, front, sizeof(front)) - 8; /* without FINGERPRINT */
	memcpy(p, front, n);
	for (uint16_t i = 0; i < STUN_UNKNOWN_MAX; i++, n += 4) {
		write_be16(p + n, (uint16_t)(0x7f00 + i));
		write_be16(p + n + 2, 0);
	}
	uint8_t tag[HMAC_SHA1_BYTES];
	write_be16(p + 2, (uint16_t)(n + 24 - at));
	hmac_sha1(&pair.key, p, at, p + at, n - at, tag);
	write_be16(p + n, 0x0008);
	write_be16(p + n + 2, sizeof(tag));
	memcpy(p + n + 4, tag, sizeof(tag));
	n += 4 + sizeof(tag);
	assert_true(stun_parse(p, n, &read));
	assert_int_equal(ice_answer(&pair.agent, p, n, &read, &pair.from, bytes, &answer_n), ICE_REFUSED);
	assert_true(answer_n > 0);
	assert_true(stun_parse(bytes, answer_n, &answer));
	assert_int_equal(answer.error, 420);
	assert_true(stun_authentic(bytes, &answer, &pair.key));
}

static void test_no_answer(void **state)
{
	struct pair pair = pair_new();
	static const enum stun_class classes[] = {STUN_INDICATION, STUN_SUCCESS, STUN_ERROR};
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		pair.check.class = classes[i];
		struct outcome o = ask(&pair, &pair.agent, &pair.key);
		assert_int_equal(o.result, ICE_REFUSED);
		assert_int_equal(o.answer.class, STUN_REQUEST);
	}
	pair.check.class = STUN_REQUEST;
	pair.check.method = 3; /* TURN's Allocate */
	assert_int_equal(ask(&pair, &pair.agent, &pair.key).answer.class, STUN_REQUEST);
	/* Twenty bytes of a stranger would get more back than they are. */
	uint8_t p[64], bytes[ICE_ANSWER_MAX];
	struct stun_message read;
	size_t answer_n = 77;
	struct stun_message bare = {.class = STUN_REQUEST, .method = STUN_BINDING};
	size_t n = stun_write(&bare, NULL, p, sizeof(p));
	assert_true(stun_parse(p, n, &read));
	assert_int_equal(ice_answer(&pair.agent, p, n, &read, &pair.from, bytes, &answer_n), ICE_REFUSED);
	assert_int_equal(answer_n, 0);
}

/* RFC 8839 §5.4: a peer's name may have 256 characters. */
static void test_long_name(void **state)
{
	struct pair pair = pair_new();
	char name[STUN_USERNAME_MAX + 1];
	memset(name, 'x', sizeof(name));
	memcpy(name, pair.agent.local.ufrag, ICE_UFRAG_CHARS);
	name[ICE_UFRAG_CHARS] = ':';
	uint8_t p[STUN_BYTES_MAX], bytes[ICE_ANSWER_MAX];
	struct stun_message read;
	size_t answer_n;
	pair.check.username = slice_of(name, ICE_UFRAG_CHARS + 1 + 256);
	size_t n = stun_write(&pair.check, &pair.key, p, sizeof(p));
	assert_true(stun_parse(p, n, &read));
	assert_int_equal(ice_addressee(&read).n, ICE_UFRAG_CHARS);
	assert_int_equal(ice_answer(&pair.agent, p, n, &read, &pair.from, bytes, &answer_n), ICE_CHECKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials), cmocka_unit_test(test_check),
		cmocka_unit_test(test_refusals),    cmocka_unit_test(test_unknown_attribute),
		cmocka_unit_test(test_no_answer),   cmocka_unit_test(test_long_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
