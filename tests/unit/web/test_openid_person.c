/* test_openid_person.c - an issuer vouches for who comes back as it is in the transaction that makes the session */
#include <jansson.h>

#include "support/test.h"

#include "unit/web/played.h"
#include "web/openid_private.h"

#define ISSUER "01920000-0000-7000-8000-0000000000e1"

static struct store_issuer issuer_as_it_was(void)
{
	return (struct store_issuer){.id = SLICE(ISSUER),
				     .tenant = SLICE(ACME),
				     .name = SLICE("SSO"),
				     .url = SLICE("https://login.example"),
				     .client_id = SLICE("alto"),
				     .client_secret = SLICE("secret"),
				     .claim = SLICE("email"),
				     .mail_domain = SLICE("acme.example"),
				     .on = true,
				     .passwords = true,
				     .created_us = WALL_US,
				     .updated_us = WALL_US};
}

static const struct store_issuer *stored;

static int put_issuer(struct db *db)
{
	return stored ? store_issuer_put(db, stored) : DB_OK;
}

/* The store has `row`, or NULL: none; the directory, which hears of it later, has the issuer as it was. */
static void start_with(const struct store_issuer *row)
{
	const struct store_issuer was = issuer_as_it_was();
	stored = row;
	played_start(put_issuer);
	directory_apply(played.node.read_model,
			&(struct store_change){.kind = STORE_ISSUER, .id = was.id, .row = &was});
}

static int stop(void **state)
{
	played_stop();
	return 0;
}

static void answered(struct web_request *r) {}

/* The status of the answer to Ann, for whom it vouches. */
static int enter(void)
{
	static uint8_t drawn;
	struct web_request *r = web_request_new(&played.web.context);
	struct web_signing s = {.request = r, .tenant = SLICE(ACME), .version = WALL_US};
	const struct directory_issuer *i = directory_issuer_by_id(played.node.read_model, SLICE(ISSUER));
	json_t *claims = json_pack("{s:s, s:s, s:b}", "sub", "ann", "email", "ann@acme.example", "email_verified", 1);
	assert_true(r && i && claims);
	r->plane = WEB_COMPANY;
	r->method = WEB_POST;
	r->shown.from = played.web.entering_from;
	r->answered = answered;
	memset(s.attempt.challenge, ++drawn, sizeof(s.attempt.challenge));
	web_signing_person(&s, i, claims);
	played_settle();
	int status = r->answer.status;
	assert_int_equal(r->answer.cookie != NULL, status == 200);
	json_decref(claims);
	web_request_free(r);
	return status;
}

static void it_vouches_as_it_is(void **state)
{
	const struct store_issuer issuer = issuer_as_it_was();
	start_with(&issuer);
	assert_int_equal(enter(), 200);
	assert_int_equal(enter(), 200); /* known by `sub` */
}

static void one_that_was_changed_vouches_for_nobody(void **state)
{
	struct store_issuer changed = issuer_as_it_was();
	changed.updated_us++;
	start_with(&changed);
	assert_int_equal(enter(), 401);
}

static void one_that_was_switched_off_vouches_for_nobody(void **state)
{
	struct store_issuer off = issuer_as_it_was();
	off.on = false;
	start_with(&off);
	assert_int_equal(enter(), 401);
}

static void one_that_is_gone_vouches_for_nobody(void **state)
{
	start_with(NULL);
	assert_int_equal(enter(), 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(it_vouches_as_it_is, stop),
		cmocka_unit_test_teardown(one_that_was_changed_vouches_for_nobody, stop),
		cmocka_unit_test_teardown(one_that_was_switched_off_vouches_for_nobody, stop),
		cmocka_unit_test_teardown(one_that_is_gone_vouches_for_nobody, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
