/* test_throttle.c - so many tries and one more, by name and by address; a full table forgets the least */
#include "store/store.h"
#include "support/test.h"
#include "web/limits.h"
#include "web/throttle.h"

static struct web_throttle throttle;
static struct random seed;

static int start(void **state)
{
	random_init_seeded(&seed, 7);
	web_throttle_init(&throttle, &seed);
	return 0;
}

static struct address address(const char *text)
{
	struct address a;
	assert_true(address_parse(slice_from_string(text), &a));
	return a;
}

static void a_name_has_so_many_tries(void **state)
{
	char text[32];
	for (unsigned i = 0; i < WEB_TRIES_OF_NAME; i++) {
		snprintf(text, sizeof(text), "192.0.2.%u", i);
		struct address from = address(text);
		struct slice name = i % 2 ? SLICE("anna@ACME.example") : SLICE("anna@acme.example");
		assert_int_equal(web_throttle_try(&throttle, &from, name, 1), 0);
	}
	struct address other = address("198.51.100.1");
	int64_t wait_us = web_throttle_try(&throttle, &other, SLICE("anna@Acme.example"), 1);
	assert_int_equal(wait_us, WEB_TRY_OF_NAME_US);
	/* Others are not held back, and who waits has one more. */
	assert_int_equal(web_throttle_try(&throttle, &other, SLICE("bruno"), 1), 0);
	assert_int_equal(web_throttle_try(&throttle, &other, SLICE("anna@Acme.example"), wait_us), 1);
	assert_int_equal(web_throttle_try(&throttle, &other, SLICE("anna@Acme.example"), 1 + wait_us), 0);
	assert_true(web_throttle_try(&throttle, &other, SLICE("anna@Acme.example"), 1 + wait_us) > 0);
}

static void an_address_has_so_many_tries(void **state)
{
	struct address from = address("2001:db8:1:2::1"), neighbour = address("2001:db8:1:2:ffff::9");
	struct address elsewhere = address("2001:db8:1:3::1");
	char name[16];
	for (unsigned i = 0; i < WEB_TRIES_OF_ADDRESS; i++) {
		snprintf(name, sizeof(name), "name-%u", i);
		assert_int_equal(web_throttle_try(&throttle, &from, slice_from_string(name), 1), 0);
	}
	assert_int_equal(web_throttle_try(&throttle, &neighbour, SLICE("anna"), 1), WEB_TRY_OF_ADDRESS_US);
	assert_int_equal(web_throttle_try(&throttle, &elsewhere, SLICE("anna"), 1), 0);
}

static void acts_are_so_many_by_one_and_by_a_company(void **state)
{
	char actor[STORE_ID_CAP];
	for (int i = 0; i < WEB_ACTS_OF_TENANT; i++) {
		snprintf(actor, sizeof(actor), "token-%d", i / WEB_ACTS_OF_ACTOR);
		assert_int_equal(web_throttle_act(&throttle, slice_from_string(actor), SLICE("acme"), 1), 0);
	}
	/* Who has done all that one may waits for oneself; another of the company for it; another company for nobody.
	 */
	assert_int_equal(web_throttle_act(&throttle, SLICE("token-0"), SLICE("beta"), 1), WEB_ACT_OF_ACTOR_US);
	assert_int_equal(web_throttle_act(&throttle, SLICE("anna"), SLICE("acme"), 1), WEB_ACT_OF_TENANT_US);
	assert_int_equal(web_throttle_act(&throttle, SLICE("bruno"), SLICE("beta"), 1), 0);
	assert_int_equal(web_throttle_act(&throttle, SLICE("anna"), SLICE("acme"), 1 + WEB_ACT_OF_TENANT_US), 0);
	assert_true(web_throttle_act(&throttle, SLICE("anna"), SLICE("acme"), 1 + WEB_ACT_OF_TENANT_US) > 0);
}

static void checks_are_so_many_by_one(void **state)
{
	for (int i = 0; i < WEB_CHECKS_OF_ACTOR; i++)
		assert_int_equal(web_throttle_check(&throttle, SLICE("olga"), 1), 0);
	assert_int_equal(web_throttle_check(&throttle, SLICE("olga"), 1), WEB_CHECK_OF_ACTOR_US);
	assert_int_equal(web_throttle_check(&throttle, SLICE("anna"), 1), 0);
	assert_int_equal(web_throttle_act(&throttle, SLICE("olga"), SLICE("acme"), 1), 0);
	assert_int_equal(web_throttle_check(&throttle, SLICE("olga"), 1 + WEB_CHECK_OF_ACTOR_US), 0);
}

static void what_is_begun_takes_no_try(void **state)
{
	struct address from = address("192.0.2.1"), elsewhere = address("192.0.2.2");
	for (unsigned i = 0; i < WEB_BEGINS_OF_ADDRESS; i++)
		assert_int_equal(web_throttle_begin(&throttle, &from, 1), 0);
	assert_int_equal(web_throttle_begin(&throttle, &from, 1), WEB_BEGIN_OF_ADDRESS_US);
	assert_int_equal(web_throttle_begin(&throttle, &elsewhere, 1), 0);
	assert_int_equal(web_throttle_begin(&throttle, &from, 1 + WEB_BEGIN_OF_ADDRESS_US), 0);
	for (unsigned i = 0; i < WEB_TRIES_OF_ADDRESS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "name-%u", i);
		assert_int_equal(web_throttle_try(&throttle, &from, slice_from_string(name), 1), 0);
	}
}

static void who_knows_the_password_is_not_held_back(void **state)
{
	struct address from = address("192.0.2.1");
	for (unsigned i = 0; i < 10 * WEB_TRIES_OF_ADDRESS; i++) {
		assert_int_equal(web_throttle_try(&throttle, &from, SLICE("anna"), 1), 0);
		web_throttle_forgive(&throttle, &from, SLICE("anna"), 1);
	}
}

static void a_crowd_does_not_make_it_forget_whom_it_holds_back(void **state)
{
	struct address from = address("192.0.2.1");
	for (unsigned i = 0; i < WEB_TRIES_OF_NAME; i++)
		assert_int_equal(web_throttle_try(&throttle, &from, SLICE("anna"), 1), 0);
	for (unsigned i = 0; i < 4 * WEB_THROTTLE_SETS * WEB_THROTTLE_WAYS; i++) {
		struct address other = {
			.ip = {[2] = (uint8_t)(i >> 16), [3] = (uint8_t)(i >> 8), [4] = (uint8_t)i, [5] = 1}};
		char name[16];
		snprintf(name, sizeof(name), "x%u", i);
		(void)web_throttle_try(&throttle, &other, slice_from_string(name), 1);
	}
	struct address elsewhere = address("198.51.100.1");
	assert_true(web_throttle_try(&throttle, &elsewhere, SLICE("anna"), 1) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_name_has_so_many_tries, start),
		cmocka_unit_test_setup(an_address_has_so_many_tries, start),
		cmocka_unit_test_setup(acts_are_so_many_by_one_and_by_a_company, start),
		cmocka_unit_test_setup(checks_are_so_many_by_one, start),
		cmocka_unit_test_setup(what_is_begun_takes_no_try, start),
		cmocka_unit_test_setup(who_knows_the_password_is_not_held_back, start),
		cmocka_unit_test_setup(a_crowd_does_not_make_it_forget_whom_it_holds_back, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
