/* Tests of base/address_public.c: the first and last of each block that is not public, and their neighbours. */
#include "base/address.h"

#include "support/test.h"

static bool is_public(const char *text)
{
	struct address a;
	ASSERT(address_parse(slice_from_string(text), &a));
	return address_is_public(&a);
}

static void test_not_public(void **state)
{
	static const char *const of[] = {"0.0.0.0",
					 "0.255.255.255",
					 "10.0.0.0",
					 "10.255.255.255",
					 "100.64.0.0",
					 "100.127.255.255",
					 "127.0.0.1",
					 "127.255.255.255",
					 "169.254.0.0",
					 "169.254.169.254",
					 "172.16.0.0",
					 "172.31.255.255",
					 "192.0.0.8",
					 "192.0.2.1",
					 "192.88.99.1",
					 "192.168.0.0",
					 "192.168.255.255",
					 "198.18.0.0",
					 "198.19.255.255",
					 "198.51.100.7",
					 "203.0.113.255",
					 "224.0.0.1",
					 "239.255.255.255",
					 "240.0.0.0",
					 "255.255.255.255",
					 "::",
					 "::1",
					 "::7f00:1",
					 "::ffff:10.0.0.1",
					 "::ffff:127.0.0.1",
					 "64:ff9b::a00:1",
					 "100::1",
					 "2001::1",
					 "2001:1ff::1",
					 "2001:db8::1",
					 "2002:a00:1::1",
					 "3fff:fff::1",
					 "4000::1",
					 "fc00::1",
					 "fdff:ffff::1",
					 "fe80::1",
					 "fec0::1",
					 "ff02::1",
					 "1fff:ffff::1"};
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		if (is_public(of[i]))
			fail_msg("%s is taken for public", of[i]);
}

static void test_public(void **state)
{
	static const char *const of[] = {"1.0.0.0",         "9.255.255.255",    "11.0.0.0",       "100.63.255.255",
					 "100.128.0.0",     "126.255.255.255",  "128.0.0.1",      "169.253.255.255",
					 "169.255.0.0",     "172.15.255.255",   "172.32.0.0",     "192.0.1.0",
					 "192.167.255.255", "192.169.0.0",      "198.17.255.255", "198.20.0.0",
					 "223.255.255.255", "::ffff:192.0.1.1", "2001:200::1",    "2000::1",
					 "2a00:1450::1",    "2003::1",          "3ffe:ffff::1",   "3fff:1000::1"};
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		if (!is_public(of[i]))
			fail_msg("%s is not taken for public", of[i]);
}

static void test_allowed_beside_it(void **state)
{
	struct address_block allowed[2];
	struct address inside, outside, public;
	assert_true(address_block_parse(SLICE("192.168.0.0/16"), &allowed[0]));
	assert_true(address_block_parse(SLICE("10.0.0.1"), &allowed[1]));
	assert_true(address_parse(SLICE("10.0.0.1"), &inside) && address_parse(SLICE("10.0.0.2"), &outside) &&
		    address_parse(SLICE("1.0.0.0"), &public));
	assert_true(address_is_public_or_in(&inside, allowed, 2));
	assert_false(address_is_public_or_in(&inside, allowed, 1));
	assert_false(address_is_public_or_in(&inside, NULL, 0));
	assert_false(address_is_public_or_in(&outside, allowed, 2));
	assert_true(address_is_public_or_in(&public, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_public),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_allowed_beside_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
