/* The socket that a stream has for its phone alone: when it comes and goes, and that nothing else is heard or sent by
 * it */
#include "fixture.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void talk(struct call *c, unsigned packets)
{
	for (unsigned i = 0; i < packets; i++)
		say_and_hear(&c->a, &c->b, (uint8_t)i);
	fixture_sync(&c->f);
}

static bool table_has(const char *wanted)
{
	FILE *table = fopen("/proc/net/udp", "re");
	char line[256];
	bool found = false;

	assert_non_null(table);
	while (!found && fgets(line, sizeof(line), table))
		found = strstr(line, wanted);
	fclose(table);
	return found;
}

/*
 * Is there a socket from the stream's port to this phone and no other? As the kernel's table says (01 is connected). A
 * line may be missing there while other programs open and close theirs, so it is looked for more than once.
 */
static bool connected(const struct phone *phone, const struct phone *stream_of)
{
	uint32_t ours, theirs;
	char wanted[64];

	memcpy(&ours, stream_of->to.ip + 12, sizeof(ours));
	memcpy(&theirs, phone->at.ip + 12, sizeof(theirs));
	snprintf(wanted, sizeof(wanted), " %08X:%04X %08X:%04X 01 ", ours, stream_of->to.port, theirs, phone->at.port);
	for (unsigned look = 0; look < 50; look++)
		if (table_has(wanted))
			return true;
	return false;
}

static void test_after_a_second(void **state)
{
	struct call c;

	call_start(&c);
	talk(&c, MEDIA_DIRECT_AFTER - 1);
	assert_false(connected(&c.a, &c.a));
	talk(&c, 1);
	assert_true(connected(&c.a, &c.a));
	assert_false(connected(&c.b, &c.b)); /* has not spoken */
	talk(&c, 10);
	say_and_hear(&c.b, &c.a, 1);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.received_packets, MEDIA_DIRECT_AFTER + 10);
	assert_int_equal(figures.sent_packets, 1);
	assert_false(connected(&c.a, &c.a));
	call_done(&c);
}

/* A burst that is on its way while the second socket is opened: none is overtaken, and none is lost. */
static void test_order(void **state)
{
	for (unsigned round = 0; round < 20; round++) {
		struct call c;
		call_start(&c);
		say_and_hear(&c.a, &c.b, 0);
		uint16_t first = c.b.packet.sequence;
		for (unsigned i = 1; i < 2 * MEDIA_DIRECT_AFTER; i++)
			phone_say(&c.a, PCMU, (uint8_t)i);
		for (unsigned i = 1; i < 2 * MEDIA_DIRECT_AFTER; i++) {
			phone_hear(&c.b, (uint8_t)i);
			assert_int_equal(c.b.packet.sequence, (uint16_t)(first + i));
		}
		call_done(&c);
	}
}

/* Who else sends is seen and refused as ever, and reports on the shared port are read. */
static void test_strangers(void **state)
{
	struct call c;
	struct phone stranger;

	call_start(&c);
	talk(&c, MEDIA_DIRECT_AFTER);
	phone_open(&stranger, 0xcccc);
	stranger.to = c.a.to;
	phone_say(&stranger, PCMU, 99);
	fixture_sync(&c.f);
	talk(&c, 1);
	say_and_hear(&c.b, &c.a, 2);
	assert_true(phone_quiet(&stranger));
	assert_true(connected(&c.a, &c.a));
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 1);
	phone_done(&stranger);
	call_done(&c);
}

/* An encrypted stream follows its phone at once, and the new place gets a socket after a second there. */
static void test_phone_moves(void **state)
{
	struct call c;
	struct phone moved;

	call_start(&c);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 10);
	talk(&c, MEDIA_DIRECT_AFTER);
	assert_true(connected(&c.a, &c.a));
	phone_open(&moved, c.a.ssrc);
	moved.to = c.a.to;
	moved.sequence = c.a.sequence;
	moved.timestamp = c.a.timestamp;
	moved.send = c.a.send;
	moved.receive = c.a.receive;
	say_and_hear(&moved, &c.b, 3);
	fixture_sync(&c.f);
	assert_false(connected(&c.a, &c.a));
	say_and_hear(&c.b, &moved, 4);
	assert_true(phone_quiet(&c.a));
	for (unsigned i = 0; i < MEDIA_DIRECT_AFTER; i++)
		say_and_hear(&moved, &c.b, (uint8_t)i);
	fixture_sync(&c.f);
	assert_true(connected(&moved, &c.a));
	say_and_hear(&c.b, &moved, 5);
	moved.send = moved.receive = NULL;
	phone_done(&moved);
	call_done(&c);
}

/* A new description; and the same again, which changes nothing. */
static void test_described_elsewhere(void **state)
{
	struct call c;
	struct phone other;

	call_start(&c);
	talk(&c, MEDIA_DIRECT_AFTER);
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	assert_true(connected(&c.a, &c.a));
	phone_open(&other, 0xcccc);
	other.to = c.a.to;
	c.set_a.remote = other.at;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	assert_false(connected(&c.a, &c.a));
	say_and_hear(&c.b, &other, 6);
	assert_true(phone_quiet(&c.a));
	phone_done(&other);
	call_done(&c);
}

/* A phone that is away for a moment makes its host say so; what is sent when it is back arrives, the first of it too.
 */
static void test_port_was_closed(void **state)
{
	struct call c;

	call_start(&c);
	talk(&c, MEDIA_DIRECT_AFTER);
	struct address at = c.a.at;
	close(c.a.rtp);
	phone_say(&c.b, PCMU, 7);
	fixture_sync(&c.f);
	struct sockaddr_storage name;
	uint32_t n;
	address_to_sockaddr(&at, &name, &n);
	c.a.rtp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(c.a.rtp >= 0);
	assert_int_equal(bind(c.a.rtp, (struct sockaddr *)&name, n), 0);
	say_and_hear(&c.b, &c.a, 8);
	assert_true(connected(&c.a, &c.a));
	talk(&c, 1);
	call_done(&c);
}

static unsigned next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);
	assert_true(fd >= 0);
	close(fd);
	return (unsigned)fd;
}

/* Without one, voice goes on by the first socket, and a second later it is tried again. */
static void test_no_descriptor(void **state)
{
	struct call c;
	struct rlimit before, none;

	call_start(&c);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = next_descriptor(), .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	talk(&c, MEDIA_DIRECT_AFTER + 1);
	say_and_hear(&c.b, &c.a, 9);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(connected(&c.a, &c.a));
	talk(&c, MEDIA_DIRECT_AFTER);
	assert_true(connected(&c.a, &c.a));
	call_done(&c);
}

/* ---- between bind() and connect() the new socket hears anybody ---- */

static struct phone *_Atomic between;
static unsigned packets_between;

/* The worker's, whose socket on the stream's port has just been bound. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's */
int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t n)
{
	struct phone *stranger = atomic_exchange(&between, NULL);
	for (unsigned i = 0; stranger && i < packets_between; i++)
		phone_say(stranger, PCMU, 99);
	return (int)syscall(SYS_connect, fd, to.__sockaddr__, n);
}

static void strangers_in_between(unsigned packets, bool opened)
{
	struct call c;
	struct phone stranger;

	call_start(&c);
	phone_open(&stranger, 0xcccc);
	stranger.to = c.a.to;
	talk(&c, MEDIA_DIRECT_AFTER - 1);
	packets_between = packets;
	atomic_store(&between, &stranger);
	talk(&c, 1);
	assert_null(atomic_load(&between));
	assert_int_equal(connected(&c.a, &c.a), opened);
	talk(&c, 1);
	say_and_hear(&c.b, &c.a, 10);
	assert_true(phone_quiet(&c.b));
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, MIN(packets, MEDIA_DIRECT_BEFORE));
	phone_done(&stranger);
	call_done(&c);
}

/* They are judged as ever; with so many of them that their end is not seen it is better not to have the socket. */
static void test_strangers_in_between(void **state)
{
	strangers_in_between(MEDIA_DIRECT_BEFORE - 1, true);
	strangers_in_between(MEDIA_DIRECT_BEFORE + 20, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_second),      cmocka_unit_test(test_order),
		cmocka_unit_test(test_strangers),           cmocka_unit_test(test_phone_moves),
		cmocka_unit_test(test_described_elsewhere), cmocka_unit_test(test_port_was_closed),
		cmocka_unit_test(test_no_descriptor),       cmocka_unit_test(test_strangers_in_between),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
