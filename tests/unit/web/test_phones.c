/* test_phones.c - credentials of browsers: their time, their session, their number; and those of relays */
#include "support/test.h"
#include <errno.h>

#include "call/switchboard.h"
#include "net/loop.h"
#include "web/limits.h"
#include "web/phones.h"
#include "web/server.h"
#include "web/turn.h"
#include "web/who.h"

#define S(text) slice_from_string(text)

/* Sessions are played: `ended` is over. */
static const char *ended;

bool web_who_concerns(const struct store_change *change)
{
	return change->kind == STORE_PASS;
}

/* When they all end by themselves. */
static int64_t until_us;

int64_t web_who_left_us(const struct web_context *c, struct slice pass)
{
	return ended && slice_eq(pass, S(ended)) ? 0 : MAX(until_us - loop_wheel(c->loop)->wall_us, 0);
}

bool web_who_lasts(const struct web_context *c, struct slice pass)
{
	return web_who_left_us(c, pass) > 0;
}

static struct web_context context;
static struct random seed;
static struct web_phones *phones;
/* Devices in calls, and those whose calls were ended. */
static char speaking[3][STORE_ID_CAP];
static bool hung_up[3];

void switchboard_end_devices(struct switchboard *sb, bool (*is_ended)(void *arg, struct slice device_id), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(speaking); i++)
		hung_up[i] |= is_ended(arg, S(speaking[i]));
}

static void apply(enum store_kind kind, const char *tenant, const char *id, const void *row)
{
	directory_apply(context.directory,
			&(struct store_change){.kind = kind, .tenant = S(tenant), .id = S(id), .row = row});
}

static void put_tenant(const char *id, const char *domain)
{
	struct store_tenant t = {.id = S(id), .name = S(id), .domain = S(domain)};
	apply(STORE_TENANT, id, id, &t);
}

static void put_user(const char *tenant, const char *id, const char *extension)
{
	struct store_user u = {.id = S(id),
			       .tenant = S(tenant),
			       .login = S(id),
			       .extension = S(extension),
			       .name = S("Somebody"),
			       .role = S("user")};
	apply(STORE_USER, tenant, id, &u);
}

static int start(void **state)
{
	random_init_seeded(&seed, 7);
	context = (struct web_context){.random = &seed};
	if (loop_new(&context.loop) < 0 || directory_new(&seed, &context.directory) < 0)
		return -1;
	put_tenant("t1", "acme.example");
	put_user("t1", "anna", "101");
	put_user("t1", "bruno", "102");
	ended = NULL;
	until_us = INT64_MAX;
	memset(hung_up, 0, sizeof(hung_up));
	phones = web_phones_new(&context);
	return phones ? 0 : -1;
}

static int stop(void **state)
{
	web_phones_free(phones);
	directory_free(context.directory);
	loop_drain(context.loop);
	loop_free(context.loop);
	return 0;
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(context.loop);
	wheel_turn(w, w->now_us + us, w->wall_us + us);
}

static struct web_phone *add(const char *user, const char *pass)
{
	struct web_phone *p = NULL;
	assert_int_equal(
		web_phones_add(phones, directory_user_by_id(context.directory, S(user)), S(pass), SIP_DIGEST_MD5, &p),
		0);
	return p;
}

static const struct directory_device *device(const char *username)
{
	return directory_device_by_username(context.directory, S(username));
}

static void it_is_a_device_for_its_time(void **state)
{
	struct web_phone *p = add("anna", "pass-1");
	char username[65], password[WEB_PASSWORD_MAX + 1];
	snprintf(username, sizeof(username), "%s", p->secret.username);
	snprintf(password, sizeof(password), "%s", p->secret.password);
	assert_ptr_equal(device(username)->browser, p);
	assert_slice(device(username)->user->id, "anna");
	assert_int_equal(p->expires_us, loop_wheel(context.loop)->wall_us + WEB_PHONE_US);

	move_time(WEB_PHONE_US - SECOND_US);
	assert_null(web_phones_renew(phones, S("pass-2"), S(username))); /* another session's */
	p = web_phones_renew(phones, S("pass-1"), S(username));
	assert_string_equal(p->secret.password, password);
	move_time(WEB_PHONE_US - SECOND_US);
	assert_non_null(device(username));
	move_time(SECOND_US + MS_US);
	assert_null(device(username));
	assert_null(web_phones_renew(phones, S("pass-1"), S(username)));
}

static void it_ends_with_its_session(void **state)
{
	char username[65], other[65];
	snprintf(username, sizeof(username), "%s", add("anna", "pass-1")->secret.username);
	snprintf(other, sizeof(other), "%s", add("anna", "pass-2")->secret.username);
	ended = "pass-1";
	web_phones_change(phones, &(struct store_change){.kind = STORE_NUMBER});
	assert_non_null(device(username));
	web_phones_change(phones, &(struct store_change){.kind = STORE_PASS});
	assert_null(device(username));
	assert_non_null(device(other));
}

/* Two pages and a desk phone, at the same time. */
static void speak(const struct web_phone *p, const struct web_phone *other)
{
	snprintf(speaking[0], STORE_ID_CAP, "%s", p->device);
	snprintf(speaking[1], STORE_ID_CAP, "%s", other->device);
	snprintf(speaking[2], STORE_ID_CAP, "desk");
	memset(hung_up, 0, sizeof(hung_up));
}

static void assert_hung_up(bool page)
{
	assert_true(hung_up[0] == page);
	assert_false(hung_up[1] || hung_up[2]);
}

static void its_calls_end_with_its_session(void **state)
{
	struct web_phone *other = add("bruno", "pass-5");
	(void)add("anna", "pass-2");
	speak(add("anna", "pass-1"), other);
	ended = "pass-2";
	web_phones_change(phones, &(struct store_change){.kind = STORE_PASS});
	assert_hung_up(false);
	ended = "pass-1";
	web_phones_change(phones, &(struct store_change){.kind = STORE_PASS});
	assert_hung_up(true);

	/* With its person the device has gone before. */
	speak(add("anna", "pass-3"), other);
	apply(STORE_USER, "t1", "anna", NULL);
	ended = "pass-3";
	web_phones_change(phones, &(struct store_change){.kind = STORE_PASS});
	assert_hung_up(true);
}

/* Though it was renewed, and nobody says that the time is over. */
static void its_calls_end_with_its_sessions_time(void **state)
{
	struct web_phone *p = add("bruno", "pass-1"), none = {0};
	until_us = loop_wheel(context.loop)->wall_us + WEB_PHONE_US + SECOND_US;
	speak(p, &none);
	move_time(WEB_PHONE_US - SECOND_US);
	assert_ptr_equal(web_phones_renew(phones, S("pass-1"), S(p->secret.username)), p);
	move_time(SECOND_US);
	assert_hung_up(false);
	move_time(SECOND_US + MS_US);
	assert_hung_up(true);
	assert_null(directory_user_by_id(context.directory, S("bruno"))->first_device);
}

/* A page that does not renew may have lost its way to us, and speak all the same. */
static void its_calls_outlast_its_account(void **state)
{
	struct web_phone none = {0};
	speak(add("bruno", "pass-1"), &none);
	move_time(WEB_PHONE_US + MS_US);
	assert_null(directory_user_by_id(context.directory, S("bruno"))->first_device);
	assert_hung_up(false);
}

static void it_goes_with_its_person(void **state)
{
	char username[65];
	snprintf(username, sizeof(username), "%s", add("anna", "pass-1")->secret.username);
	apply(STORE_USER, "t1", "anna", NULL);
	assert_null(device(username));
	assert_null(web_phones_renew(phones, S("pass-1"), S(username)));
}

/* Registered; its connection stands, or does not. */
static void bind(const char *username, bool reachable)
{
	struct directory_device *d = directory_device_by_username(context.directory, S(username));
	struct directory_binding *b;
	struct store_binding row = {.id = d->id, .tenant = S("t1"), .user = d->user->id, .device = d->id};
	assert_int_equal(directory_binding_put(context.directory, &row, &b), 0);
	directory_set_reachable(context.directory, d, reachable);
}

/* Of one too many, the one that is not connected and was renewed longest ago ends; if all are, there are no more. */
static void a_person_has_so_many(void **state)
{
	char usernames[WEB_PHONES_OF_PERSON + 1][65];
	for (unsigned i = 0; i < WEB_PHONES_OF_PERSON; i++) {
		struct web_phone *p = add("anna", "pass-1");
		snprintf(usernames[i], sizeof(usernames[i]), "%s", p->secret.username);
		if (i == 0)
			bind(usernames[i], true);
		if (i == 2)
			bind(usernames[i], false);
		move_time(SECOND_US);
	}
	assert_non_null(web_phones_renew(phones, S("pass-1"), S(usernames[1])));
	(void)add("bruno", "pass-3");
	for (unsigned i = 0; i < WEB_PHONES_OF_PERSON; i++)
		assert_non_null(device(usernames[i]));
	(void)add("anna", "pass-2");
	for (unsigned i = 0; i < WEB_PHONES_OF_PERSON; i++)
		assert_true((device(usernames[i]) != NULL) == (i != 2));

	const struct directory_user *anna = directory_user_by_id(context.directory, S("anna"));
	struct web_phone *p = NULL;
	for (const struct directory_device *d = anna->first_device; d; d = d->next_of_user) {
		slice_to_string(d->username, usernames[0], sizeof(usernames[0]));
		if (!d->reachable)
			bind(usernames[0], true);
	}
	assert_int_equal(web_phones_add(phones, anna, S("pass-1"), SIP_DIGEST_MD5, &p), -EBUSY);
	for (const struct directory_device *d = anna->first_device; d; d = d->next_of_user)
		assert_true(d->reachable);
	(void)add("bruno", "pass-3");
}

/* A company's people have so many pages. */
static void open_pages(const char *tenant, unsigned count)
{
	char id[32], extension[16];
	for (unsigned i = 0; i < count; i++) {
		if (i % WEB_PHONES_OF_PERSON == 0) {
			snprintf(id, sizeof(id), "%s-u%u", tenant, i);
			snprintf(extension, sizeof(extension), "%u", 10000 + i);
			put_user(tenant, id, extension);
		}
		(void)add(id, "pass-1");
	}
}

static void a_company_has_so_many(void **state)
{
	struct web_phone *p = NULL;
	const struct directory_user *anna = directory_user_by_id(context.directory, S("anna"));
	open_pages("t1", WEB_PHONES_OF_TENANT - 1);
	(void)add("bruno", "pass-1");
	assert_int_equal(web_phones_add(phones, anna, S("pass-1"), SIP_DIGEST_MD5, &p), -EDQUOT);
	/* The others have theirs. */
	put_tenant("t2", "beta.example");
	put_user("t2", "berta", "101");
	(void)add("berta", "pass-2");
	move_time(WEB_PHONE_US + MS_US);
	(void)add("anna", "pass-1");
}

static void there_are_so_many(void **state)
{
	char id[16], domain[32];
	struct web_phone *p = NULL;
	for (unsigned i = 0; i < WEB_PHONES_MAX / WEB_PHONES_OF_TENANT; i++) {
		snprintf(id, sizeof(id), "many-%u", i);
		snprintf(domain, sizeof(domain), "%s.example", id);
		put_tenant(id, domain);
		open_pages(id, WEB_PHONES_OF_TENANT);
	}
	const struct directory_user *anna = directory_user_by_id(context.directory, S("anna"));
	assert_int_equal(web_phones_add(phones, anna, S("pass-1"), SIP_DIGEST_MD5, &p), -ENOSPC);
	move_time(WEB_PHONE_US + MS_US);
	assert_int_equal(web_phones_add(phones, anna, S("pass-1"), SIP_DIGEST_SHA256, &p), 0);
	assert_int_equal(device(p->secret.username)->digest, SIP_DIGEST_SHA256);
}

/* base64(HMAC-SHA1(secret, username)), as Python's hmac computes it. */
static void a_relay_knows_its_password(void **state)
{
	char password[WEB_TURN_PASSWORD_CAP];
	web_turn_password(S("north-of-the-river-and-west"), S("1700000000:anna-browser"), password);
	assert_string_equal(password, "biVv1j+9cEmgxZHCPd2lW68qtLE=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_a_device_for_its_time, start, stop),
		cmocka_unit_test_setup_teardown(it_ends_with_its_session, start, stop),
		cmocka_unit_test_setup_teardown(its_calls_end_with_its_session, start, stop),
		cmocka_unit_test_setup_teardown(its_calls_end_with_its_sessions_time, start, stop),
		cmocka_unit_test_setup_teardown(its_calls_outlast_its_account, start, stop),
		cmocka_unit_test_setup_teardown(it_goes_with_its_person, start, stop),
		cmocka_unit_test_setup_teardown(a_person_has_so_many, start, stop),
		cmocka_unit_test_setup_teardown(a_company_has_so_many, start, stop),
		cmocka_unit_test_setup_teardown(there_are_so_many, start, stop),
		cmocka_unit_test(a_relay_knows_its_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
