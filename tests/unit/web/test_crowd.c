/* test_crowd.c - a house that is full: who comes in all the same, and who goes for it */
#include "support/test.h"

#include "unit/web/played.h"
#include "web/crowd.h"

#define PEERS 512
static struct web_peer *peers[PEERS]; /* all that are inside */
static char names[4096];              /* of the library's connections: told apart by their address */
static size_t named, count;

static int start(void **state)
{
	played_start(NULL);
	named = count = 0;
	return 0;
}

static void leave(size_t i)
{
	peers[i]->request = NULL; /* the test's own */
	web_peer_free(peers[i]);
	peers[i] = peers[--count];
}

static int stop(void **state)
{
	while (count > 0)
		leave(0);
	played_stop();
	return 0;
}

/* False: turned away. Who makes room for it goes, and is played.dropped, which is not there any more. */
static bool come(enum web_plane plane, const char *from)
{
	assert_true(address_parse(slice_from_string(from), &played.web.entering_from));
	played.door.plane = plane;
	played.dropped = NULL;
	if (!web_crowd_admit(&played.web, plane, &played.web.entering_from))
		return false;
	for (size_t i = 0; played.dropped && i < count; i++)
		if (peers[i] == played.dropped) {
			leave(i);
			break;
		}
	peers[count] = web_peer_new(&played.web, (struct lws *)(void *)&names[named++]);
	assert_non_null(peers[count]);
	count++;
	return true;
}

static void fill_from_four(void)
{
	static const char *from[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"};
	for (size_t i = 0; i < WEB_PEERS_OF_COMPANIES; i++)
		assert_true(come(WEB_COMPANY, from[i % ARRAY_LEN(from)]));
	assert_null(played.dropped);
}

static void four_addresses_lock_nobody_out(void **state)
{
	fill_from_four();
	const struct web_peer *oldest = peers[0];
	assert_true(come(WEB_COMPANY, "198.51.100.7"));
	assert_ptr_equal(played.dropped, oldest);
	const struct web_peer *guest = peers[count - 1];
	/* They come again and again, and now they are the younger ones. */
	for (size_t i = 0; i < 2 * (size_t)WEB_PEERS_OF_COMPANIES; i++) {
		played_pass(MS_US);
		(void)come(WEB_COMPANY, i % 2 ? "192.0.2.1" : "2001:db8::ffff:1");
		assert_ptr_not_equal(played.dropped, guest);
	}
	assert_true(come(WEB_COMPANY, "198.51.100.8"));
	assert_ptr_not_equal(played.dropped, guest);
	assert_int_equal(count, WEB_PEERS_OF_COMPANIES);
}

static void each_plane_has_its_own_room(void **state)
{
	static const enum web_plane others[] = {WEB_ADMIN, WEB_LOCAL, WEB_PLAIN};
	fill_from_four();
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_true(come(others[i], "192.0.2.1"));
		assert_null(played.dropped);
	}
}

/* Of one /64. */
static void an_address_makes_room_for_itself(void **state)
{
	for (size_t i = 0; i < WEB_PEERS_OF_ADDRESS_MAX; i++)
		assert_true(come(WEB_COMPANY, "2001:db8::1"));
	struct web_peer *third = peers[3];
	/* While all are young they are let in peace, as an office is whose pages come back at once. */
	played_pass(WEB_PEER_GRACE_US - 1);
	assert_false(come(WEB_COMPANY, "2001:db8::2"));
	assert_true(come(WEB_COMPANY, "2001:db8:0:1::1"));
	/* Who has been served goes at once, and then who has been slow. */
	third->served = true;
	assert_true(come(WEB_COMPANY, "2001:db8::2"));
	assert_ptr_equal(played.dropped, third);
	assert_false(come(WEB_COMPANY, "2001:db8::2"));
	played_pass(1);
	assert_true(come(WEB_COMPANY, "2001:db8::2"));
	assert_non_null(played.dropped);
}

/* A request that is read already, and is known or is worked on, is brought to its end. */
static void who_is_at_work_stays(void **state)
{
	static struct web_request at_work = {.handled = true}, known = {.who = {.role = WEB_USER}}, unknown;
	fill_from_four();
	for (size_t i = 0; i < count; i++)
		peers[i]->request = i % 2 ? &at_work : &known;
	assert_false(come(WEB_COMPANY, "198.51.100.7"));
	struct web_peer *slow = peers[9];
	slow->request = &unknown; /* its body is waited for */
	assert_true(come(WEB_COMPANY, "198.51.100.7"));
	assert_ptr_equal(played.dropped, slow);
	struct web_peer *deaf = peers[11];
	assert_ptr_equal(deaf->request, &at_work);
	deaf->answered = true; /* and does not take it */
	assert_true(come(WEB_COMPANY, "198.51.100.8"));
	assert_ptr_equal(played.dropped, deaf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(four_addresses_lock_nobody_out),
		TEST(each_plane_has_its_own_room),
		TEST(an_address_makes_room_for_itself),
		TEST(who_is_at_work_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
