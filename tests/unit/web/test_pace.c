/* test_pace.c - who changes things without rest is told to wait, and may look at all meanwhile */
#include "support/test.h"

#include "unit/web/played.h"
#include "web/request.h"

#define ORIGIN "https://alto.example"

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

/* Ann's page asks; the status. */
static int ask(enum web_method method, const char *path, const char *body, int64_t *ret_retry_s)
{
	char csrf[WEB_CSRF_CHARS + 1];
	struct slice secret = slice_from_string(played.secret);
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	web_csrf(secret, csrf);
	r->plane = WEB_COMPANY;
	r->method = method;
	r->path = slice_from_string(path);
	r->shown = (struct web_shown){.session = secret,
				      .csrf = slice_from_string(csrf),
				      .origin = SLICE(ORIGIN),
				      .host = SLICE("alto.example"),
				      .from = played.web.entering_from};
	r->answered = answered;
	r->json_type = true;
	r->body_text = slice_from_string(body);
	web_handle(r);
	played_settle();
	int status = r->answer.status;
	*ret_retry_s = r->answer.retry_s;
	web_request_free(r);
	return status;
}

static void changes_are_so_many(void **state)
{
	int64_t retry_s, now_us = loop_wheel(played.web.context.loop)->now_us;
	for (int i = 1; i < WEB_ACTS_OF_ACTOR; i++)
		assert_int_equal(
			web_throttle_act(&played.web.context.access->throttle, SLICE(ANN), SLICE(ACME), now_us), 0);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann One\"}", &retry_s), 200);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Two\"}", &retry_s), 429);
	assert_int_equal(retry_s, WEB_ACT_OF_ACTOR_US / SECOND_US);
	const struct directory_user *u = directory_user_by_id(played.web.context.directory, SLICE(ANN));
	assert_true(u && slice_eq(u->name, SLICE("Ann One")));
	assert_int_equal(ask(WEB_GET, "/api/v1/users/" ANN, "", &retry_s), 200);
	played_pass(WEB_ACT_OF_ACTOR_US);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Two\"}", &retry_s), 200);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Three\"}", &retry_s), 429);
}

static void checks_are_so_many(void **state)
{
	int64_t retry_s;
	for (int i = 0; i < WEB_CHECKS_OF_ACTOR; i++)
		assert_int_equal(ask(WEB_GET, "/api/v1/audit/check", "", &retry_s), 200);
	assert_int_equal(ask(WEB_GET, "/api/v1/audit/check", "", &retry_s), 429);
	assert_int_equal(retry_s, WEB_CHECK_OF_ACTOR_US / SECOND_US);
	assert_int_equal(ask(WEB_GET, "/api/v1/users/" ANN, "", &retry_s), 200);
	played_pass(WEB_CHECK_OF_ACTOR_US);
	assert_int_equal(ask(WEB_GET, "/api/v1/audit/check", "", &retry_s), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_are_so_many, start, stop),
		cmocka_unit_test_setup_teardown(checks_are_so_many, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
