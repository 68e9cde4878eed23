/* The wall clock is set, forwards and back, in the middle of everything: nobody notices but who reads the time of day
 */
#include "call/limits.h"
#include "call/private.h"
#include "sim/office.h"
#include "store/messages.h"
#include "support/remove.h"

#define DAY_US (86400 * SECOND_US)
static const int64_t steps_us[] = {DAY_US, 3652 * DAY_US, -DAY_US, -3652 * DAY_US};

static void set_clock(struct sim *s, int64_t by_us)
{
	s->clock_set_us += by_us;
	sim_run(s, MS_US);
	assert_int_equal(s->wheel.jump_us, by_us);
}

static struct directory_binding *binding(struct sim *s, const char *username)
{
	return directory_device_by_username(s->directory, slice_from_string(username))->first_binding;
}

static unsigned registers(struct sim_phone *p, int expires)
{
	phone_register(p, expires);
	sim_until(p->sim, 40, p->register_status != 0);
	return p->register_status;
}

/* What its binding still has, as the registrar says. */
static unsigned expires_told(struct sim_phone *p)
{
	uint64_t left = 0;
	assert_int_equal(registers(p, -1), 200);
	const char *at = strstr(p->last_response, ";expires=");
	assert_non_null(at);
	at += strlen(";expires=");
	assert_true(slice_u64(slice_of(at, strspn(at, "0123456789")), UINT32_MAX, &left));
	return (unsigned)left;
}

/* Set while it rings and while it is spoken: a row's times are as far apart as they were. */
static void check_call(int64_t by_us)
{
	struct office o = office_tls();
	int64_t began_us = o.s->wheel.wall_us;
	o.desk->answer_ms = 5000;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 5, a->rang);
	set_clock(o.s, by_us);
	sim_until(o.s, 10, a->up);
	sim_run(o.s, 30 * SECOND_US);
	set_clock(o.s, -2 * by_us);
	struct phone_call *b = phone_last(o.desk);
	assert_true(a->up && !a->ended && b->up && !b->ended && voice_flows(a, b));
	sim_run(o.s, 30 * SECOND_US);
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_in_range(row.started_us, began_us, began_us + SECOND_US);
	assert_in_range(row.answered_us - row.started_us, 5 * SECOND_US, 6 * SECOND_US);
	assert_in_range(row.ended_us - row.answered_us, 60 * SECOND_US, 61 * SECOND_US);
	office_done(&o);
}

static void test_calls(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++)
		check_call(steps_us[i]);
}

/* What is taken for a correction moves the end with the time of day, and never before what the row says already. */
static void test_corrections(void **state)
{
	static const int64_t corrections_us[] = {4 * SECOND_US, -4 * SECOND_US};
	for (size_t i = 0; i < ARRAY_LEN(corrections_us); i++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		o.s->clock_set_us += corrections_us[i];
		sim_run(o.s, 2 * SECOND_US);
		assert_int_equal(o.s->wheel.jump_us, 0);
		int64_t end_us = o.s->wheel.wall_us;
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		if (corrections_us[i] > 0)
			assert_in_range(row.ended_us, end_us, end_us + SECOND_US);
		else
			assert_int_equal(row.ended_us, row.answered_us);
		office_done(&o);
	}
}

/* A session whose phone never refreshes it ends when its time is over, no sooner and no later (RFC 4028 §10). */
static void test_sessions(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		snprintf(o.ann->says, sizeof(o.ann->says), "Supported: timer\r\nSession-Expires: 90\r\n");
		office_talk(&o, &a, &b);
		set_clock(o.s, steps_us[i]);
		sim_run(o.s, 55 * SECOND_US);
		assert_true(!a->ended && !b->ended && voice_flows(a, b));
		sim_until(o.s, 40, a->ended && b->ended);
		struct sim_row row = sim_assert_row(o.s, 200, "session-expired", "caller");
		assert_in_range(row.ended_us - row.answered_us, 55 * SECOND_US, 95 * SECOND_US);
		office_done(&o);
	}
}

/* None ends early or late; each says what is left of it; a phone that moves is found where it is. */
static void check_registration(int64_t by_us)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	assert_int_equal(registers(o.ann, 3600), 200);
	sim_run(o.s, 600 * SECOND_US);
	set_clock(o.s, by_us);
	assert_in_range(expires_told(o.ann), 2990, 3000);
	sim_run(o.s, 2900 * SECOND_US);
	assert_non_null(binding(o.s, "acme-10-desk"));

	assert_int_equal(registers(o.ann, 3600), 200);
	o.ann->address.port = 5099;
	assert_int_equal(registers(o.ann, 3600), 200);
	assert_int_equal(binding(o.s, "acme-10-desk")->remote.port, 5099);
	assert_in_range(expires_told(o.ann), 3590, 3600);
	sim_run(o.s, 3500 * SECOND_US);
	assert_non_null(binding(o.s, "acme-10-desk"));
	sim_run(o.s, 110 * SECOND_US);
	assert_null(binding(o.s, "acme-10-desk"));
	office_done(&o);
}

static void test_registrations(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++)
		check_registration(steps_us[i]);
}

/* Which one came first is known still: the oldest yields. */
static void test_oldest_yields(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++) {
		struct office o = office_on(sim_new(1), SIP_UDP, false);
		for (unsigned n = 1; n <= REGISTER_BINDINGS_MAX + 1; n++) {
			snprintf(o.ann->contact, sizeof(o.ann->contact), "<sip:c%u@198.51.100.1:5060>", n);
			phone_registered(o.ann);
			if (n == 2)
				set_clock(o.s, steps_us[i]);
		}
		assert_null(strstr(o.ann->last_response, "sip:c1@"));
		assert_non_null(strstr(o.ann->last_response, "sip:c2@"));
		assert_non_null(strstr(o.ann->last_response, "sip:c4@"));
		office_done(&o);
	}
}

/* What was written before the clock was set is written anew, so a restart finds the phones. */
static void check_restart(int64_t by_us)
{
	char directory[] = "/tmp/alto-sim-XXXXXX";
	assert_non_null(mkdtemp(directory));
	struct sim *s = sim_new_in(1, directory);
	struct office o = office_on(s, SIP_UDP, false);
	assert_int_equal(registers(o.ann, 3600), 200);
	set_clock(s, by_us);
	sim_restart(s, false);
	sim_run(s, 60 * SECOND_US);
	assert_in_range(expires_told(o.ann), 3500, 3600);

	/* Set back while nothing runs: none is there for longer than it may be, and what its phone says next counts. */
	s->wheel.on_jump = NULL;
	set_clock(s, -20 * 365 * DAY_US);
	sim_restart(s, true);
	assert_in_range(expires_told(o.ann), 3500, 3600);
	o.ann->address.port = 5099;
	assert_int_equal(registers(o.ann, 3600), 200);
	assert_int_equal(binding(s, "acme-10-desk")->remote.port, 5099);
	assert_in_range(expires_told(o.ann), 3590, 3600);
	office_done(&o);
	assert_int_equal(remove_all(directory), 0);
}

static void test_restarts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++)
		check_restart(steps_us[i]);
}

/* A nonce lives as long as it would have, and is used no second time. */
static void check_nonces(int64_t by_us)
{
	struct office o = office_on(sim_new(1), SIP_UDP, false);
	assert_int_equal(registers(o.ann, 3600), 200);
	snprintf(o.ann->fixed_nonce, sizeof(o.ann->fixed_nonce), "%s", o.ann->realm_nonce);
	unsigned challenges = o.ann->statuses[401];
	phone_register(o.ann, -1); /* challenged, and answered with a nonce from before */
	set_clock(o.s, by_us);
	sim_until(o.s, 40, o.ann->register_status != 0);
	o.ann->replay = true;
	assert_int_equal(registers(o.ann, -1), 401);
	o.ann->replay = false;
	assert_true(o.ann->statuses[401] > challenges);
	sim_run(o.s, 301 * SECOND_US);
	assert_int_equal(registers(o.ann, -1), 401);
	assert_non_null(strstr(o.ann->last_response, "stale=true"));
	o.ann->fixed_nonce[0] = 0;
	assert_int_equal(registers(o.ann, -1), 200);
	office_done(&o);
}

static void test_nonces(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++)
		check_nonces(steps_us[i]);
}

/* It ends when its time is over, and is told in the time of day that is now. */
static void check_ban(int64_t by_us)
{
	struct office o = office_udp();
	struct sim_phone *p = phone_new(o.s, "acme-10-desk", "guess0", SIP_UDP);
	struct ban ban;
	uint32_t cursor = 0;
	assert_true(address_parse(SLICE("203.0.113.9"), &p->address));
	p->address.port = 5060;
	while (!bans_next(o.s->bans, &cursor, &ban)) {
		snprintf(p->password, sizeof(p->password), "guess%u", p->register_cseq);
		phone_register(p, 300);
		sim_run(o.s, SECOND_US);
		cursor = 0;
	}
	int64_t banned_us = o.s->wheel.now_us;
	set_clock(o.s, by_us);
	cursor = 0;
	assert_true(bans_next(o.s->bans, &cursor, &ban));
	assert_in_range(ban.until_us, o.s->wheel.wall_us + BAN_HOST_US - 10 * SECOND_US,
			o.s->wheel.wall_us + BAN_HOST_US);
	assert_int_equal(ban.until_us - ban.since_us, BAN_HOST_US);
	sim_run(o.s, BAN_HOST_US - 10 * SECOND_US);
	unsigned messages = o.s->messages;
	phone_register(p, 300);
	sim_run(o.s, SECOND_US);
	assert_int_equal(o.s->messages, messages);
	sim_run(o.s, banned_us + BAN_HOST_US + 40 * SECOND_US - o.s->wheel.now_us);
	cursor = 0;
	assert_false(bans_next(o.s->bans, &cursor, &ban));
	office_done(&o);
}

static void test_bans(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(steps_us); i++)
		check_ban(steps_us[i]);
}

struct count_job {
	struct store_job job;
	const char *call;
	unsigned count;
};

static bool count_one(void *arg, const struct store_message *m)
{
	++*(unsigned *)arg;
	return true;
}

static int count_run(struct db *db, struct store_job *job)
{
	struct count_job *j = container_of(job, struct count_job, job);
	return store_messages_list(db, slice_from_string(j->call), 0, count_one, &j->count);
}

static void count_done(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static unsigned messages_kept(struct sim *s, const char *call)
{
	struct count_job j = {.job = {.run = count_run, .done = count_done, .bytes = 1}, .call = call};
	switchboard_flush_messages(s->sb);
	assert_int_equal(store_post(s->store, &j.job), 0);
	store_wait(s->store);
	return j.count;
}

/* A clock set forwards makes everything old: nothing is deleted for it within a day, or if it is set right by then. */
static void test_messages_are_kept(void **state)
{
	for (int right = 0; right < 2; right++) {
		struct office o = office_tls();
		struct phone_call *a, *b;
		office_talk(&o, &a, &b);
		phone_hang_up(a);
		struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
		unsigned messages = messages_kept(o.s, row.id);
		assert_in_range(messages, 10, 20);
		set_clock(o.s, 3652 * DAY_US);
		sim_run(o.s, DAY_US - 600 * SECOND_US);
		assert_int_equal(messages_kept(o.s, row.id), messages);
		if (right)
			set_clock(o.s, -3652 * DAY_US);
		sim_run(o.s, DAY_US);
		assert_int_equal(messages_kept(o.s, row.id), right ? messages : 0);
		office_done(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_corrections),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_oldest_yields),
		cmocka_unit_test(test_restarts),
		cmocka_unit_test(test_nonces),
		cmocka_unit_test(test_bans),
		cmocka_unit_test(test_messages_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
