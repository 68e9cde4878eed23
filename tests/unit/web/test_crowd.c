/* test_crowd.c - a house that is full: who comes in all the same, and who goes for it */
#include "support/test.h"
#include <sys/socket.h>
#include <unistd.h>

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

/* Whoever has made room for it goes first. */
static void step_inside(void)
{
	for (size_t i = 0; played.dropped && i < count; i++)
		if (peers[i] == played.dropped) {
			leave(i);
			break;
		}
	peers[count] = web_peer_new(&played.web, (struct lws *)(void *)&names[named++]);
	assert_non_null(peers[count]);
	count++;
}

/* False: turned away. Who makes room for it goes, and is played.dropped, which is not there any more. */
static bool come(enum web_plane plane, const char *from)
{
	assert_true(address_parse(slice_from_string(from), &played.web.entering_from));
	played.door.plane = plane;
	played.dropped = NULL;
	if (!web_crowd_admit(&played.web, plane, &played.web.entering_from))
		return false;
	step_inside();
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

/* ---- at the door ---- */

static int entered[8]; /* descriptors, in the order in which they were let in */
static size_t entered_count;
static const char *house;

static void enter(struct web_listener *l, int fd, const struct address *from)
{
	assert_ptr_equal(l, &played.door);
	entered[entered_count++] = fd;
	played.web.entering_from = *from;
	step_inside();
}

/* Turned away, and waits; *ret is our end of it. */
static bool waits(int *ret)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_false(come(WEB_COMPANY, house));
	*ret = ends[0];
	if (web_crowd_wait(&played.web, &played.door, ends[1], &played.web.entering_from, enter))
		return true;
	close(ends[0]);
	close(ends[1]);
	return false;
}

static bool is_closed(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void fill_a_house(const char *address)
{
	house = address;
	entered_count = 0;
	for (size_t i = 0; i < WEB_PEERS_OF_ADDRESS_MAX; i++)
		assert_true(come(WEB_COMPANY, house));
}

static void let_in(size_t expected)
{
	played_pass(WEB_DOOR_STEP_US);
	assert_int_equal(entered_count, expected);
}

static void who_is_too_many_waits_for_a_turn(void **state)
{
	int first, second, third;
	fill_a_house("192.0.2.1");
	assert_true(waits(&first) && waits(&second) && waits(&third));
	let_in(0);
	leave(5);
	let_in(1);
	/* A connection that is kept alive is left alone for a moment, in which its page may ask for more. */
	struct web_peer *kept_alive = peers[7];
	kept_alive->served = true;
	kept_alive->quiet_us = loop_wheel(played.web.context.loop)->now_us;
	assert_false(come(WEB_COMPANY, house)); /* nor does anybody come in before those who wait */
	played.dropped = NULL;
	played_pass(WEB_PEER_PAUSE_US - WEB_DOOR_STEP_US);
	assert_int_equal(entered_count, 1);
	assert_null(played.dropped);
	let_in(2);
	assert_ptr_equal(played.dropped, kept_alive);
	assert_true(entered[0] < entered[1]);
	assert_false(is_closed(first) || is_closed(second) || is_closed(third));
	web_crowd_send_home(&played.web);
	assert_true(is_closed(third));
	close(first);
	close(second);
	close(third);
	close(entered[0]);
	close(entered[1]);
}

/* All are at work until its time is over. */
static void nobody_waits_for_ever(void **state)
{
	static struct web_request at_work = {.handled = true};
	int waiting;
	fill_a_house("2001:db8::1");
	for (size_t i = 0; i < count; i++)
		peers[i]->request = &at_work;
	assert_true(waits(&waiting));
	played_pass(WEB_DOOR_US - WEB_DOOR_STEP_US);
	assert_false(is_closed(waiting));
	played_pass(2 * WEB_DOOR_STEP_US);
	assert_true(is_closed(waiting));
	assert_int_equal(entered_count, 0);
	close(waiting);
}

/* A house that has filled its part of the door keeps out nobody who has room, and leaves some of it to others. */
static void so_many_wait(void **state)
{
	static int ours[WEB_DOOR_OF_ADDRESS_MAX + 1];
	size_t n = 0;
	int other;
	fill_a_house("192.0.2.1");
	while (waits(&ours[n]))
		n++;
	assert_int_equal(n, WEB_DOOR_OF_ADDRESS_MAX);
	assert_true(come(WEB_COMPANY, "198.51.100.7"));
	assert_null(played.dropped);
	let_in(0);
	leave(3);
	let_in(1);
	close(entered[0]);
	assert_true(waits(&ours[n])); /* in its place */
	fill_a_house("198.51.100.8");
	assert_true(waits(&other));
	close(other);
	web_crowd_send_home(&played.web);
	for (size_t i = 0; i <= n; i++)
		close(ours[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(four_addresses_lock_nobody_out),
		TEST(each_plane_has_its_own_room),
		TEST(an_address_makes_room_for_itself),
		TEST(who_is_at_work_stays),
		TEST(who_is_too_many_waits_for_a_turn),
		TEST(nobody_waits_for_ever),
		TEST(so_many_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
