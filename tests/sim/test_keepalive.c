/* Phones on UDP behind NAT: the way to them is kept open, and seen to be dead */
#include "sim/office.h"

#include <malloc.h>

#include "call/registrar.h"
#include "support/failing.h"

static struct directory_binding *binding(struct sim *s, const char *username)
{
	return directory_device_by_username(s->directory, slice_from_string(username))->first_binding;
}

static void set_keepalive(struct sim *s, enum store_keepalive keepalive)
{
	sim_add_device(s, &(struct sim_person){"acme", "20", "desk", "secret20", SIP_DIGEST_SHA256, true, keepalive});
}

/* Bob's desk phone is behind NAT: its Contact is an address that nobody can reach. */
static struct office office_nat(bool strict, enum store_keepalive keepalive)
{
	struct office o = office_on(sim_new_plain(1), SIP_UDP, true);
	set_keepalive(o.s, keepalive);
	snprintf(o.desk->contact, sizeof(o.desk->contact), "<sip:bob@192.168.1.7:5060>");
	o.desk->nat = true;
	o.desk->nat_strict = strict;
	phone_registered(o.ann);
	phone_registered(o.desk);
	return o;
}

static bool is_reached(struct office *o)
{
	struct phone_call *a = phone_dial(o->ann, "20");
	sim_until(o->s, 30, a->up || a->status);
	bool up = a->up;
	if (up)
		phone_hang_up(a);
	sim_run(o->s, SECOND_US);
	return up;
}

static void test_kept_open(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_CRLF);
	sim_run(o.s, 600 * SECOND_US);
	assert_in_range(o.desk->pings, 24, 25);
	assert_int_equal(o.desk->got[SIP_OPTIONS], 0);
	assert_true(is_reached(&o));
	office_done(&o);
}

static void test_off(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_OFF);
	sim_run(o.s, 60 * SECOND_US);
	assert_int_equal(o.desk->pings + o.desk->got[SIP_OPTIONS], 0);
	assert_false(is_reached(&o));
	set_keepalive(o.s, STORE_KEEPALIVE_CRLF);
	phone_registered(o.desk);
	sim_run(o.s, 300 * SECOND_US);
	assert_true(is_reached(&o));
	office_done(&o);
}

/* A router that counts only what the phone sends: an answer is needed. */
static void test_options(void **state)
{
	struct office o = office_nat(true, STORE_KEEPALIVE_OPTIONS);
	sim_run(o.s, 600 * SECOND_US);
	assert_in_range(o.desk->got[SIP_OPTIONS], 24, 25);
	assert_int_equal(o.desk->pings, 0);
	assert_non_null(strstr(o.desk->last_request, "OPTIONS sip:bob@192.168.1.7:5060 SIP/2.0\r\n"));
	assert_true(switchboard_reachable(o.s->sb, binding(o.s, "acme-20-desk"))); /* its 481 says that it lives */
	assert_true(is_reached(&o));
	set_keepalive(o.s, STORE_KEEPALIVE_OFF); /* in force without a new registration */
	unsigned before = o.desk->got[SIP_OPTIONS];
	sim_run(o.s, 100 * SECOND_US);
	assert_int_equal(o.desk->got[SIP_OPTIONS], before);
	office_done(&o);
}

static unsigned unreachable(struct office *o)
{
	struct switchboard_figures f;
	switchboard_figures(o->s->sb, &f);
	assert_int_equal(f.unreachable == 0, switchboard_reachable(o->s->sb, binding(o->s, "acme-20-desk")));
	return f.unreachable;
}

static void test_unanswered(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_OPTIONS);
	o.desk->dead = true;
	sim_run(o.s, 70 * SECOND_US);
	assert_int_equal(unreachable(&o), 0);
	sim_until(o.s, 200, unreachable(&o) == 1);
	sim_run(o.s, 600 * SECOND_US);
	assert_int_equal(unreachable(&o), 1); /* and it is kept */
	o.desk->nat = o.desk->dead = false;
	phone_registered(o.desk); /* heard again, from another address */
	assert_int_equal(unreachable(&o), 0);
	o.desk->dead = true;
	sim_until(o.s, 200, unreachable(&o) == 1);
	o.desk->dead = false; /* it answers again */
	sim_until(o.s, 60, unreachable(&o) == 0);
	o.desk->dead = true;
	sim_until(o.s, 200, unreachable(&o) == 1);
	sim_remove_device(o.s, "acme-20-desk");
	struct switchboard_figures f;
	switchboard_figures(o.s->sb, &f);
	assert_int_equal(f.unreachable, 0);
	office_done(&o);
}

/* A removed binding whose OPTIONS is still under way. */
static void test_removed_while_asked(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_OPTIONS);
	o.desk->dead = true;
	sim_until(o.s, 30, binding(o.s, "acme-20-desk")->probe);
	sim_remove_device(o.s, "acme-20-desk");
	office_done(&o);
}

/* Connections have their phones' own pings. */
static void test_not_on_connections(void **state)
{
	struct office o = office_tls();
	sim_run(o.s, 200 * SECOND_US);
	assert_int_equal(o.desk->pings + o.desk->got[SIP_OPTIONS], 0);
	assert_false(timer_running(&binding(o.s, "acme-20-desk")->keepalive));
	office_done(&o);
}

/* A phone whose Contact is wrong altogether is reached by the connection it registered on. */
static void test_wrong_contact(void **state)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	snprintf(o.desk->contact, sizeof(o.desk->contact), "<sip:bob@0.0.0.0:1;transport=tls>");
	phone_registered(o.ann);
	phone_registered(o.desk);
	assert_true(is_reached(&o));
	office_done(&o);
}

#define MANY 5000

/* The texts of a desk phone's binding. */
static struct store_binding typical_row(struct office *o, struct arena *text)
{
	struct store_binding row;
	assert_true(binding_row(o->s->sb, text, binding(o->s, "acme-20-desk"), &row));
	row.remote = SLICE("203.0.113.200:49152");
	row.contact = SLICE("sip:acme-20-desk@203.0.113.200:49152;transport=udp");
	row.instance = SLICE("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>");
	row.call_id = SLICE("0_3848276298220188511@203.0.113.200");
	row.user_agent = SLICE("Yealink SIP-T46U 108.86.0.20");
	return row;
}

/*
 * Of many that came in one moment, no turn has a burst, none takes memory later, and each takes at most 1 KiB with all
 * that it has: texts, timers, its place in the map. Half of that is what it takes today: more is worth a thought.
 */
static void test_spread(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_CRLF);
	struct directory_binding *b;
	struct arena text;
	arena_init(&text, 1024, 16384);
	struct store_binding row = typical_row(&o, &text);
	size_t before = mallinfo2().uordblks; /* 0 under a sanitizer: its heap is another one */
	unsigned slots[250] = {0};            /* of 100 ms */
	for (unsigned i = 0; i < MANY; i++) {
		char id[STORE_ID_CAP];
		snprintf(id, sizeof(id), "01930000-0000-7000-8000-%012u", i); /* as long as a real one */
		row.id = slice_from_string(id);
		assert_int_equal(directory_binding_put(o.s->directory, &row, &b), 0);
		binding_added(o.s->sb->registrar, b, &row);
		int64_t in_us = b->keepalive.due_us - o.s->wheel.now_us;
		assert_in_range(in_us, 0, KEEPALIVE_US);
		slots[MIN(in_us / (100 * MS_US), 249)]++;
	}
	if (before)
		assert_in_range((mallinfo2().uordblks - before) / MANY, sizeof(*b), 512);
	for (unsigned i = 0; i < ARRAY_LEN(slots); i++)
		assert_in_range(slots[i], 1, 50); /* 20 on average */
	sim_run(o.s, 10 * SECOND_US);
	o.ann->dead = o.desk->dead = true; /* what the simulated network carries, it allocates */
	failing_start(1);
	sim_run(o.s, KEEPALIVE_US);
	assert_false(failing_stop());
	while ((b = binding(o.s, "acme-20-desk")))
		directory_binding_remove(o.s->directory, b);
	arena_done(&text);
	office_done(&o);
}

/* A start that comes late finds many whose time is over: they go one by one, not in one turn. */
static void test_late(void **state)
{
	struct office o = office_nat(false, STORE_KEEPALIVE_CRLF);
	struct directory_binding *b;
	struct arena text;
	arena_init(&text, 1024, 16384);
	struct store_binding row = typical_row(&o, &text);
	unsigned slots[10] = {0}; /* of a second */
	row.expires_us = o.s->wheel.wall_us - 1;
	for (unsigned i = 0; i < 1000; i++) {
		char id[STORE_ID_CAP];
		snprintf(id, sizeof(id), "01930000-0000-7000-8000-%012u", i);
		row.id = slice_from_string(id);
		assert_int_equal(directory_binding_put(o.s->directory, &row, &b), 0);
		binding_added(o.s->sb->registrar, b, &row);
		slots[MIN((b->expiry.due_us - o.s->wheel.now_us) / SECOND_US, 9)]++;
	}
	for (unsigned i = 0; i < ARRAY_LEN(slots); i++)
		assert_in_range(slots[i], 50, 150); /* 100 on average */
	sim_run(o.s, REGISTER_LATE_US + SECOND_US);
	struct directory_figures got;
	directory_figures(o.s->directory, &got);
	assert_int_equal(got.bindings, 2); /* Ann's phone and Bob's */
	arena_done(&text);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_open),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_removed_while_asked),
		cmocka_unit_test(test_not_on_connections),
		cmocka_unit_test(test_wrong_contact),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
