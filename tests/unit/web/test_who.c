/* test_who.c - a program's token that is shown is known to be used, so that one which nobody shows can be told of */
#include "support/test.h"

#include "store/compliance.h"
#include "unit/web/played.h"
#include "web/request.h"

#define TOKEN "01920000-0000-7000-8000-0000000000e1"
#define SECRET "alto_secret"
#define LONG_AGO_US (WALL_US - 100 * STORE_DAY_US)

static int put_token(struct db *db)
{
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(SLICE(SECRET), hash);
	return store_pass_put(db, &(struct store_pass){.id = SLICE(TOKEN),
						       .tenant = SLICE(ACME),
						       .kind = STORE_TOKEN,
						       .hash = slice_of(hash, sizeof(hash)),
						       .name = SLICE("crm"),
						       .role = SLICE("auditor"),
						       .created_us = LONG_AGO_US,
						       .used_us = LONG_AGO_US,
						       .expires_us = WALL_US + STORE_DAY_US});
}

static int start(void **state)
{
	played_start(put_token);
	return 0;
}

static int stop(void **state)
{
	played_stop();
	return 0;
}

struct look {
	struct store_job job;
	struct store_tokens_sum sum;
};

static int look_run(struct db *db, struct store_job *job)
{
	struct look *l = container_of(job, struct look, job);
	return store_tokens_sum(db, SLICE(ACME), WALL_US, WALL_US - STORE_DAY_US, &l->sum);
}

static void looked(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static int64_t unused(void)
{
	struct look look = {.job = {.run = look_run, .done = looked, .bytes = 1}};
	assert_int_equal(store_post(played.node.store, &look.job), 0);
	played_settle();
	assert_int_equal(look.sum.tokens, 1);
	return look.sum.unused;
}

static void answered(struct web_request *r) {}

static void a_token_that_is_shown_is_used(void **state)
{
	assert_int_equal(unused(), 1);
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	r->plane = WEB_COMPANY;
	r->method = WEB_GET;
	r->path = SLICE("/api/v1/users/" ANN);
	r->shown = (struct web_shown){.bearer = SLICE(SECRET), .host = SLICE("alto.example")};
	r->answered = answered;
	web_handle(r);
	played_settle();
	assert_int_equal(r->answer.status, 200);
	web_request_free(r);
	assert_int_equal(unused(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_token_that_is_shown_is_used, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
