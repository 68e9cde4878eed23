/* test_pace.c - who changes things without rest is told to wait, and may look at all meanwhile */
#include "support/test.h"

#include "unit/web/played.h"
#include "web/request.h"

#define ORIGIN "https://alto.example"

#define BOB "01920000-0000-7000-8000-0000000000a2"   /* works for the provider */
#define CRM "01920000-0000-7000-8000-0000000000e1"   /* a token of acme */
#define OTHER "01920000-0000-7000-8000-0000000000e2" /* and another */
#define ANNS "01920000-0000-7000-8000-0000000000f1"  /* a call of Ann's */
#define THEIRS "01920000-0000-7000-8000-0000000000f2"

static int put_pass(struct db *db, const char *id, const char *secret, enum store_pass_kind kind, const char *user)
{
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(slice_from_string(secret), hash);
	return store_pass_put(db, &(struct store_pass){.id = slice_from_string(id),
						       .tenant = SLICE(ACME),
						       .user = slice_from_string(user),
						       .kind = kind,
						       .hash = slice_of(hash, sizeof(hash)),
						       .role = kind == STORE_TOKEN ? SLICE("admin") : SLICE("provider"),
						       .created_us = WALL_US,
						       .used_us = WALL_US,
						       .expires_us = WALL_US + WEB_SESSION_US});
}

static int put_call(struct db *db, const char *id, const char *caller)
{
	return store_call_put(db, &(struct store_call){.id = slice_from_string(id),
						       .tenant = SLICE(ACME),
						       .caller = {.user = slice_from_string(caller)},
						       .started_us = WALL_US,
						       .ended_us = WALL_US});
}

static int put_more(struct db *db)
{
	const struct store_user bob = {.id = SLICE(BOB),
				       .tenant = SLICE(ACME),
				       .login = SLICE("bob"),
				       .extension = SLICE("11"),
				       .name = SLICE("Bob"),
				       .role = SLICE("provider")};
	int rc = store_user_put(db, &bob);
	if (rc == DB_OK)
		rc = put_pass(db, "01920000-0000-7000-8000-0000000000c2", "of bob", STORE_SESSION, BOB);
	if (rc == DB_OK)
		rc = put_pass(db, CRM, "of crm", STORE_TOKEN, "");
	if (rc == DB_OK)
		rc = put_pass(db, OTHER, "of other", STORE_TOKEN, "");
	if (rc == DB_OK)
		rc = put_call(db, ANNS, ANN);
	return rc == DB_OK ? put_call(db, THEIRS, "") : rc;
}

static int start(void **state)
{
	played_start(put_more);
	return 0;
}

static int stop(void **state)
{
	played_stop();
	return 0;
}

static void answered(struct web_request *r) {}

/* Who shows this asks; the status. */
static int ask_showing(const struct web_shown *shown, enum web_plane plane, enum web_method method, const char *path,
		       const char *body, int64_t *ret_retry_s)
{
	char csrf[WEB_CSRF_CHARS + 1];
	struct web_request *r = web_request_new(&played.web.context);
	assert_non_null(r);
	web_csrf(shown->session, csrf);
	r->plane = plane;
	r->method = method;
	r->path = slice_from_string(path);
	r->shown = *shown;
	r->shown.csrf = slice_from_string(csrf);
	r->shown.origin = SLICE(ORIGIN);
	r->shown.host = SLICE("alto.example");
	r->shown.from = played.web.entering_from;
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

/* Ann's page asks. */
static int ask(enum web_method method, const char *path, const char *body, int64_t *ret_retry_s)
{
	const struct web_shown shown = {.session = slice_from_string(played.secret)};
	return ask_showing(&shown, WEB_COMPANY, method, path, body, ret_retry_s);
}

static int look(const char *path)
{
	int64_t retry_s;
	return ask(WEB_GET, path, "", &retry_s);
}

/* All but so many of what one may do at once. */
static void has_done_all_but(int left, const char *actor)
{
	int64_t now_us = loop_wheel(played.web.context.loop)->now_us;
	struct web_throttle *t = &played.web.context.access->throttle;
	for (int i = left; i < WEB_ACTS_OF_ACTOR; i++)
		assert_int_equal(web_throttle_act(t, slice_from_string(actor), SLICE(ACME), now_us), 0);
}

static void changes_are_so_many(void **state)
{
	int64_t retry_s;
	has_done_all_but(1, ANN);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann One\"}", &retry_s), 200);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Two\"}", &retry_s), 429);
	assert_int_equal(retry_s, WEB_ACT_OF_ACTOR_US / SECOND_US);
	const struct directory_user *u = directory_user_by_id(played.web.context.directory, SLICE(ANN));
	assert_true(u && slice_eq(u->name, SLICE("Ann One")));
	assert_int_equal(look("/api/v1/users/" ANN), 200);
	played_pass(WEB_ACT_OF_ACTOR_US);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Two\"}", &retry_s), 200);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"Ann Three\"}", &retry_s), 429);
}

/* Looks at others' calls leave rows too; at one's own none. */
static void looks_at_calls_are_so_many(void **state)
{
	static const struct {
		const char *path;
		int status; /* 204: nobody waits for the listing */
	} told[] = {{"/api/v1/calls/" THEIRS, 200}, {"/api/v1/calls/" THEIRS "/messages", 204}};
	has_done_all_but(0, ANN);
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		assert_int_equal(look(told[i].path), 429);
		played_pass(WEB_ACT_OF_ACTOR_US);
		assert_int_equal(look(told[i].path), told[i].status);
		assert_int_equal(look("/api/v1/calls/" ANNS), 200);
	}
}

/* No more than was made, so it is never refused: the end of a session is the last thing that Ann can do. */
static void what_is_taken_back_waits_for_nothing(void **state)
{
	int64_t retry_s;
	has_done_all_but(0, ANN);
	assert_int_equal(ask(WEB_DELETE, "/api/v1/tokens/" CRM, "", &retry_s), 204);
	assert_int_equal(ask(WEB_DELETE, "/api/v1/session", "", &retry_s), 204);
	assert_int_equal(look("/api/v1/users/" ANN), 401);
}

static void a_program_is_counted_by_its_token(void **state)
{
	int64_t retry_s;
	const struct web_shown crm = {.bearer = SLICE("of crm")}, other = {.bearer = SLICE("of other")};
	has_done_all_but(0, CRM);
	assert_int_equal(ask_showing(&crm, WEB_COMPANY, WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"A\"}", &retry_s),
			 429);
	assert_int_equal(
		ask_showing(&other, WEB_COMPANY, WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"B\"}", &retry_s), 200);
	assert_int_equal(ask(WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"C\"}", &retry_s), 200);
}

static void the_provider_is_not_held_back(void **state)
{
	int64_t retry_s;
	const struct web_shown bob = {.session = SLICE("of bob")};
	has_done_all_but(0, BOB);
	assert_int_equal(ask_showing(&bob, WEB_ADMIN, WEB_PATCH, "/api/v1/users/" ANN, "{\"name\":\"A\"}", &retry_s),
			 200);
}

static void checks_are_so_many(void **state)
{
	static const char *const paths[] = {"/api/v1/audit/check", "/api/v1/compliance", "/api/v1/peak"};
	int64_t retry_s;
	for (int i = 0; i < WEB_CHECKS_OF_ACTOR; i++)
		assert_int_equal(look("/api/v1/audit/check"), 200);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_int_equal(ask(WEB_GET, paths[i], "", &retry_s), 429);
		assert_int_equal(retry_s, WEB_CHECK_OF_ACTOR_US / SECOND_US);
		assert_int_equal(look("/api/v1/users/" ANN), 200);
		played_pass(WEB_CHECK_OF_ACTOR_US);
		assert_int_equal(look(paths[i]), 200);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_are_so_many),
		TEST(looks_at_calls_are_so_many),
		TEST(what_is_taken_back_waits_for_nothing),
		TEST(a_program_is_counted_by_its_token),
		TEST(the_provider_is_not_held_back),
		TEST(checks_are_so_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
