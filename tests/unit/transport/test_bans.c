/* The fixed tables and the policy of bans, on a clock of the test's own */
#include "support/failing.h"
#include "support/test.h"

#include "transport/bans_table.h"
#include "transport/limits.h"

struct rig {
	struct wheel wheel;
	struct random random;
	struct bans *bans;
	unsigned attempts;
};

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	wheel_init(&r->wheel, 1000 * SECOND_US, 5000 * SECOND_US);
	random_init_seeded(&r->random, 1);
	r->bans = bans_new(&r->wheel, &r->random);
	assert_non_null(r->bans);
	return r;
}

static void rig_free(struct rig *r)
{
	assert_null(bans_free(r->bans));
	free(r);
}

static void pass(struct rig *r, int64_t us)
{
	wheel_turn(&r->wheel, r->wheel.now_us + us, r->wheel.wall_us + us);
}

static struct address at(const char *text)
{
	struct address a;
	assert_true(address_parse(slice_from_string(text), &a));
	return a;
}

static bool admitted(struct rig *r, const char *from)
{
	struct address a = at(from);
	return bans_admit(r->bans, &a, true);
}

/* That many wrong passwords for ever new names. */
static void guess(struct rig *r, const char *from, unsigned count, bool proven)
{
	struct address a = at(from);
	for (unsigned i = 0; i < count; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "n%u", r->attempts);
		const struct guest g = {&a, proven, slice_of(name, (size_t)n), r->attempts++};
		(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
	}
}

static unsigned listed(struct rig *r)
{
	struct bans_figures f;
	bans_figures(r->bans, &f);
	return f.addresses + f.networks;
}

/* Offices where new names wait. */
static unsigned waiting_offices(struct rig *r)
{
	struct bans_figures f;
	bans_figures(r->bans, &f);
	return f.waiting;
}

/* The last point is the ban; what is not proven never is; the ban is for all of an IPv6 /64, and for one IPv4 address.
 */
static void threshold(void **state)
{
	struct rig *r = rig_new();
	guess(r, "192.0.2.1", BAN_POINTS / 1000 - 1, true);
	assert_true(admitted(r, "192.0.2.1"));
	guess(r, "192.0.2.1", 1, true);
	assert_false(admitted(r, "192.0.2.1"));
	assert_true(admitted(r, "192.0.2.2"));
	guess(r, "192.0.2.3", 10000, false);
	assert_true(admitted(r, "192.0.2.3"));
	guess(r, "2001:db8::1", BAN_POINTS / 1000, true);
	assert_false(admitted(r, "2001:db8::99"));
	assert_true(admitted(r, "2001:db8:0:1::1"));
	assert_int_equal(listed(r), 2);
	rig_free(r);
}

/* Points are forgiven: one in 30 s never bans. */
static void forgiven(void **state)
{
	struct rig *r = rig_new();
	for (unsigned i = 0; i < 200; i++) {
		guess(r, "192.0.2.1", 1, true);
		pass(r, BAN_POINT_LEAK_US);
	}
	assert_true(admitted(r, "192.0.2.1"));
	rig_free(r);
}

static int64_t ban_length(struct rig *r)
{
	struct ban ban;
	uint32_t cursor = 0;
	assert_true(bans_next(r->bans, &cursor, &ban));
	return ban.until_us - ban.since_us;
}

static void growth(void **state)
{
	struct rig *r = rig_new();
	int64_t want_us = BAN_HOST_US;
	for (unsigned i = 0; i < 10; i++) {
		guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
		assert_int_equal(ban_length(r), want_us);
		pass(r, want_us - MS_US);
		assert_false(admitted(r, "192.0.2.1"));
		pass(r, 2 * MS_US);
		assert_true(admitted(r, "192.0.2.1"));
		want_us = MIN(want_us * BAN_GROWTH, BAN_MAX_US);
	}
	assert_int_equal(want_us, BAN_MAX_US);
	pass(r, BAN_FORGET_US + SECOND_US);
	guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
	assert_int_equal(ban_length(r), BAN_HOST_US);
	rig_free(r);
}

static void ban_hosts(struct rig *r, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char text[20];
		snprintf(text, sizeof(text), "192.0.2.%u", i + 1);
		guess(r, text, BAN_POINTS / 1000, true);
	}
}

/* The fourth address makes it the network's; a phone's address in it goes on, and with a phone in it there is none. */
static void network(void **state)
{
	struct rig *r = rig_new();
	ban_hosts(r, BAN_NETWORK_HOSTS - 1);
	assert_true(admitted(r, "192.0.2.200"));
	ban_hosts(r, BAN_NETWORK_HOSTS);
	assert_false(admitted(r, "192.0.2.200"));
	assert_true(admitted(r, "192.0.3.200"));
	struct address phone = at("192.0.2.77");
	bans_trust(r->bans, &(struct guest){&phone, true, SLICE("desk"), 0});
	assert_true(admitted(r, "192.0.2.77"));
	assert_false(admitted(r, "192.0.2.200"));
	struct bans_figures f;
	bans_figures(r->bans, &f);
	assert_int_equal(f.networks, 1);
	assert_int_equal(f.addresses, BAN_NETWORK_HOSTS);
	assert_int_equal(bans_lift(r->bans, NULL), BAN_NETWORK_HOSTS + 1);
	assert_true(admitted(r, "192.0.2.200"));
	bans_trust(r->bans, &(struct guest){&phone, true, SLICE("desk"), 0});
	ban_hosts(r, 2 * BAN_NETWORK_HOSTS);
	assert_true(admitted(r, "192.0.2.200"));
	rig_free(r);
}

/* Asking is limited over UDP alone, and begins anew with time. */
static void asking(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest g = {.from = &a};
	for (unsigned i = 0; i < GUEST_ASKS_MAX / 1000; i++)
		assert_true(bans_deed(r->bans, &g, GUEST_ASKED));
	assert_false(bans_deed(r->bans, &g, GUEST_ASKED));
	assert_false(bans_admit(r->bans, &a, true));
	assert_true(bans_admit(r->bans, &a, false));
	pass(r, GUEST_ASK_LEAK_US + MS_US);
	assert_true(bans_admit(r->bans, &a, true));
	assert_int_equal(listed(r), 0);
	/* On a connection it is a sweep in the end. */
	const struct guest here = {.from = &a, .proven = true};
	for (unsigned i = 0; i < 1000; i++)
		(void)bans_deed(r->bans, &here, GUEST_ASKED);
	assert_false(bans_admit(r->bans, &a, false));
	rig_free(r);
}

/* An office: not banned; one name is slowed there, the names that were right are not. */
static void office(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest good = {&a, true, SLICE("good"), 1}, old = {&a, true, SLICE("old"), 1};
	bans_trust(r->bans, &good);
	for (uint64_t i = 0; i < 40; i++) {
		const struct guest g = {&a, true, SLICE("old"), i};
		if (bans_may_try(r->bans, &g))
			(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
	}
	assert_int_equal(listed(r), 0);
	assert_false(bans_may_try(r->bans, &old));
	assert_true(bans_may_try(r->bans, &good));
	assert_true(bans_admit(r->bans, &a, true));
	pass(r, BAN_TRY_LEAK_US + MS_US);
	assert_true(bans_may_try(r->bans, &old));
	/* Many names, one guess each: names that were never right must wait then. */
	guess(r, "192.0.2.1", 40, true);
	assert_false(bans_may_try(r->bans, &(struct guest){&a, true, SLICE("another"), 1}));
	assert_true(bans_may_try(r->bans, &good));
	assert_int_equal(listed(r), 0);
	rig_free(r);
}

/* New phones that are asked with the wrong algorithm first, each with an answer that counts: thirty may come at once.
 */
static void own_tries_are_taken_back(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	for (uint64_t i = 0; i < 30; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "new%u", (unsigned)i);
		const struct guest g = {&a, true, slice_of(name, (size_t)n), i};
		assert_true(bans_may_try(r->bans, &g));
		(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
		bans_trust(r->bans, &g);
	}
	assert_int_equal(listed(r) + waiting_offices(r), 0);
	/* One's own, and no more than it has cost: who guesses there is not forgiven by it. */
	const struct guest own = {&a, true, SLICE("new1"), 1000};
	guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
	(void)bans_deed(r->bans, &own, GUEST_WRONG_PASSWORD);
	bans_trust(r->bans, &own);
	assert_int_equal(waiting_offices(r), 1);
	rig_free(r);
}

/* The only one that is told of. */
static struct ban told(struct rig *r)
{
	struct ban ban, more;
	uint32_t cursor = 0;
	assert_true(bans_next(r->bans, &cursor, &ban));
	assert_false(bans_next(r->bans, &cursor, &more));
	return ban;
}

/* Phones with old passwords try for ever, and as often as they like: a new phone is let in at any time. */
static void old_passwords(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest late = {&a, true, SLICE("late"), 1};
	bans_trust(r->bans, &(struct guest){&a, true, SLICE("good"), 1});
	for (uint64_t i = 0; i < 1000; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "old%u", (unsigned)(i % 8));
		const struct guest old = {&a, true, slice_of(name, (size_t)n), i};
		if (bans_may_try(r->bans, &old))
			(void)bans_deed(r->bans, &old, GUEST_WRONG_PASSWORD);
		assert_true(bans_may_try(r->bans, &late));
		pass(r, 2 * SECOND_US);
	}
	assert_int_equal(waiting_offices(r), 0);
	rig_free(r);
}

/* Where new names wait is told, and can be ended; that a phone of ours is there is not forgotten with it. */
static void waiting(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest good = {&a, true, SLICE("good"), 1}, late = {&a, true, SLICE("late"), 1};
	for (unsigned all = 0; all < 2; all++) {
		bans_trust(r->bans, &good);
		guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
		int64_t began_us = r->wheel.wall_us;
		pass(r, SECOND_US);
		assert_false(bans_may_try(r->bans, &late));
		struct ban ban = told(r);
		assert_int_equal(ban.why, BAN_NEW_NAMES);
		assert_int_equal(ban.since_us, began_us);
		assert_int_equal(ban.until_us, began_us + BAN_POINT_LEAK_US);
		assert_int_equal(ban.dropped, 1);
		assert_int_equal(waiting_offices(r), 1);
		assert_int_equal(listed(r), 0);
		assert_int_equal(bans_lift(r->bans, all ? NULL : &ban.block), 1);
		assert_int_equal(waiting_offices(r), 0);
		assert_true(bans_may_try(r->bans, &late));
		guess(r, "192.0.2.1", 2 * BAN_POINTS / 1000, true);
		assert_true(bans_may_try(r->bans, &good));
		assert_int_equal(told(r).why, BAN_NEW_NAMES);
		pass(r, BAN_POINT_LEAK_US);
		assert_int_equal(waiting_offices(r), 0);
		assert_true(bans_may_try(r->bans, &late));
		bans_lift(r->bans, NULL);
		pass(r, BAN_POINTS / 1000 * BAN_POINT_LEAK_US);
	}
	rig_free(r);
}

/* What an office's other phones ask meanwhile, or who forges them, does not keep points from being forgiven. */
static void forgiven_at_any_pace(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest late = {&a, true, SLICE("late"), 1}, other = {.from = &a};
	bans_trust(r->bans, &(struct guest){&a, true, SLICE("good"), 1});
	guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
	for (uint64_t i = 0; i < 5; i++)
		(void)bans_deed(r->bans, &(struct guest){&a, true, SLICE("late"), i}, GUEST_WRONG_PASSWORD);
	assert_false(bans_may_try(r->bans, &late));
	for (int64_t us = 0; us < BAN_POINT_LEAK_US; us += 3 * MS_US) {
		(void)bans_deed(r->bans, &other, GUEST_ASKED);
		(void)!bans_may_try(r->bans, &late);
		pass(r, 3 * MS_US);
	}
	assert_true(bans_may_try(r->bans, &late));
	rig_free(r);
}

/* Who writes a phone's address and name on datagrams slows neither that name nor the others there. */
static void forged(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	const struct guest good = {&a, true, SLICE("good"), 1}, late = {&a, true, SLICE("late"), 1};
	bans_trust(r->bans, &good);
	for (uint64_t i = 0; i < 1000; i++) {
		(void)bans_deed(r->bans, &(struct guest){&a, false, SLICE("good"), i}, GUEST_WRONG_PASSWORD);
		bans_tried(r->bans, &(struct guest){&a, false, SLICE("late"), i});
		assert_true(bans_may_try(r->bans, &good));
		assert_true(bans_may_try(r->bans, &late));
	}
	rig_free(r);
}

/* However fast and long a name is tried: five times, and then once in 10 s. */
static void patient(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	unsigned tried = 0;
	bans_trust(r->bans, &(struct guest){&a, true, SLICE("good"), 1});
	for (unsigned i = 0; i < 36000; i++) {
		const struct guest g = {&a, true, SLICE("x"), random_u64(&r->random)};
		if (bans_may_try(r->bans, &g)) {
			(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
			tried++;
		}
		pass(r, SECOND_US / 10);
	}
	assert_in_range(tried, 3600 * SECOND_US / BAN_TRY_LEAK_US, 3600 * SECOND_US / BAN_TRY_LEAK_US + 6);
	rig_free(r);
}

/* Who goes on trying a name that must wait is as bad as who guesses it; a copy of a try is none. */
static void impatient(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	uint64_t tried = 0;
	for (uint64_t i = 0; i < 200 && !listed(r); i++) {
		const struct guest g = {&a, true, SLICE("x"), i};
		if (bans_may_try(r->bans, &g)) {
			(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
			continue;
		}
		bans_tried(r->bans, &g);
		bans_tried(r->bans, &g);
		tried++;
	}
	assert_true(tried > 0);
	assert_int_equal(listed(r), 1);
	rig_free(r);
	/* The last try again and again is that one try. */
	r = rig_new();
	uint64_t last = 0;
	for (bool may = true; may; last += may) {
		const struct guest g = {&a, true, SLICE("x"), last};
		may = bans_may_try(r->bans, &g);
		if (may)
			(void)bans_deed(r->bans, &g, GUEST_WRONG_PASSWORD);
	}
	for (unsigned i = 0; i < 200; i++)
		bans_tried(r->bans, &(struct guest){&a, true, SLICE("x"), last});
	assert_int_equal(listed(r), 0);
	rig_free(r);
}

/* A copy of a request is no second guess. */
static void copies(void **state)
{
	struct rig *r = rig_new();
	struct address a = at("192.0.2.1");
	for (unsigned i = 0; i < 100; i++)
		(void)bans_deed(r->bans, &(struct guest){&a, true, SLICE("x"), 1 + i % 2}, GUEST_WRONG_PASSWORD);
	assert_int_equal(listed(r), 0);
	rig_free(r);
}

static bool spare(void *arg, const struct address *from)
{
	return address_same_host(arg, from);
}

static void spared(void **state)
{
	struct rig *r = rig_new();
	struct address trunk = at("192.0.2.1");
	bans_set_spared(r->bans, spare, &trunk);
	ban_hosts(r, 6);
	assert_true(admitted(r, "192.0.2.1"));
	assert_false(admitted(r, "192.0.2.99"));
	rig_free(r);
}

/* Any number of strangers takes no place from who is really there, and bans in force yield to nobody. */
static void eviction(void **state)
{
	struct account_table t;
	struct random random;
	random_init_seeded(&random, 1);
	assert_int_equal(account_table_init(&t, 64, &random), 0);
	struct account_key key = {.bits = 128, .ip = {1}};
	struct account *ban = account_get(&t, &key, true, 1);
	ban->until_us = INT64_MAX;
	for (unsigned i = 0; i < 1000; i++) {
		key.ip[1] = (uint8_t)i;
		key.ip[2] = (uint8_t)(i >> 8);
		key.ip[0] = 2;
		assert_true(account_get(&t, &key, true, 2 + i)->bits);
	}
	for (unsigned i = 0; i < 1000; i++) {
		key.ip[1] = (uint8_t)i;
		key.ip[2] = (uint8_t)(i >> 8);
		key.ip[0] = 3;
		assert_ptr_equal(account_get(&t, &key, false, 2000), &t.crowd);
	}
	assert_ptr_equal(account_find(&t, &(struct account_key){.bits = 128, .ip = {1}}), ban);
	account_table_done(&t);
}

/* The same for the whole: a million forged sources leave a ban and an office where they are. */
static void strangers(void **state)
{
	struct rig *r = rig_new();
	struct address phone = at("198.51.100.1"), a = at("10.0.0.0");
	guess(r, "192.0.2.1", BAN_POINTS / 1000, true);
	bans_trust(r->bans, &(struct guest){&phone, true, SLICE("desk"), 0});
	for (unsigned i = 0; i < 1000000; i++) {
		memcpy(a.ip + 12, &i, sizeof(i));
		(void)bans_deed(r->bans, &(struct guest){.from = &a}, GUEST_ASKED);
	}
	assert_false(admitted(r, "192.0.2.1"));
	guess(r, "198.51.100.1", 100, true);
	assert_true(admitted(r, "198.51.100.1"));
	assert_int_equal(listed(r), 1);
	rig_free(r);
}

static int make(void *arg)
{
	struct rig *r = arg;
	struct bans *b = bans_new(&r->wheel, &r->random);
	bans_free(b);
	return b ? 0 : -12;
}

static void out_of_memory(void **state)
{
	struct rig *r = rig_new();
	failing_each(make, r);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threshold),     cmocka_unit_test(forgiven),
		cmocka_unit_test(growth),        cmocka_unit_test(network),
		cmocka_unit_test(asking),        cmocka_unit_test(office),
		cmocka_unit_test(old_passwords), cmocka_unit_test(own_tries_are_taken_back),
		cmocka_unit_test(waiting),       cmocka_unit_test(forgiven_at_any_pace),
		cmocka_unit_test(forged),        cmocka_unit_test(patient),
		cmocka_unit_test(impatient),     cmocka_unit_test(copies),
		cmocka_unit_test(spared),        cmocka_unit_test(eviction),
		cmocka_unit_test(strangers),     cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
