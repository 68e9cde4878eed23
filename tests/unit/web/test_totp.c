/* test_totp.c - a code app is set up by who has just logged in; an older session is asked for the password */
#include "support/test.h"

#include "crypto/login.h"
#include "unit/web/played.h"
#include "web/route.h"

static const char secret[] = "ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP";
static const uint8_t bytes[20] = "\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf";

static int start(void **state)
{
	played_start(NULL);
	return 0;
}

static int stop(void **state)
{
	played_stop();
	return 0;
}

static void answered(struct web_request *r) {}

static void add_app(int status, const char *field)
{
	char code[7];
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	int64_t step = web_now_us(r) / SECOND_US / CRYPTO_TOTP_STEP_S;
	snprintf(code, sizeof(code), "%06u", crypto_totp(slice_of(bytes, sizeof(bytes)), step));
	r->plane = WEB_COMPANY;
	r->method = WEB_POST;
	r->who = (struct web_who){
		.role = WEB_COMPANY_ADMIN, .tenant = SLICE(ACME), .user = SLICE(ANN), .pass = SLICE(SESSION)};
	r->answered = answered;
	r->body = json_pack("{s:s, s:s}", "secret", secret, "code", code);
	web_totp_set(r);
	played_settle();
	assert_int_equal(r->answer.status, status);
	json_t *said = r->answer.n ? json_loadb(r->answer.bytes, r->answer.n, 0, NULL) : NULL;
	const char *named = json_string_value(json_object_get(said, "field"));
	assert_string_equal(named ? named : "", field);
	json_decref(said);
	web_request_free(r);
}

static void who_has_just_logged_in_adds_one(void **state)
{
	played_pass(WEB_SESSION_FRESH_US);
	add_app(204, "");
}

static void an_open_page_adds_none(void **state)
{
	played_pass(WEB_SESSION_FRESH_US + 1);
	add_app(400, "password");
	played_pass(SECOND_US);
	add_app(400, "password");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {TEST(who_has_just_logged_in_adds_one), TEST(an_open_page_adds_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
