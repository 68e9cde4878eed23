/* test_login.c - codes by the vectors of RFC 6238, and passwords */
#include "crypto/login.h"
#include "support/test.h"

/* RFC 6238 appendix B gives eight digits; ours are the last six of them (RFC 4226 §5.3). */
static void codes_are_those_of_the_rfc(void **state)
{
	static const struct {
		int64_t at_s;
		uint32_t code;
	} vectors[] = {
		{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
		{1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130},
	};
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_int_equal(crypto_totp(SLICE("12345678901234567890"), vectors[i].at_s / CRYPTO_TOTP_STEP_S),
				 vectors[i].code % 1000000);
}

static void a_password_matches_its_hash_alone(void **state)
{
	char one[CRYPTO_PASSWORD_CAP], two[CRYPTO_PASSWORD_CAP];
	assert_int_equal(crypto_password_hash(SLICE("correct horse"), one), 0);
	assert_int_equal(crypto_password_hash(SLICE("correct horse"), two), 0);
	assert_string_not_equal(one, two); /* salted */
	assert_memory_equal(one, "$argon2id$", 10);
	assert_true(crypto_password_matches(one, SLICE("correct horse")));
	assert_false(crypto_password_matches(one, SLICE("correct hors")));
	assert_false(crypto_password_matches(one, SLICE("")));
	assert_false(crypto_password_matches("not a hash", SLICE("correct horse")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(a_password_matches_its_hash_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
