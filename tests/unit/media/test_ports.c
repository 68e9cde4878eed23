#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

#include "media/limits.h"
#include "media/ports.h"
#include "support/failing.h"

static struct random seeded;
static struct address here;

static void start(struct ports *p, uint16_t low, uint16_t high, unsigned ahead)
{
	random_init_seeded(&seeded, 7);
	/* All of 127/8 is this host: an address of our own, whatever else runs here. */
	assert_true(address_parse(SLICE("127.0.0.1"), &here));
	here.ip[13] = (uint8_t)(1 + getpid() % 250);
	here.ip[14] = (uint8_t)(getpid() / 250);
	struct ports_config config = {.low = low, .high = high, .ahead = ahead, .rest_us = MEDIA_REST_US};
	assert_int_equal(ports_init(p, &config, &seeded), 0);
}

static void send_one(const struct address *to)
{
	struct sockaddr_storage name;
	uint32_t n;

	address_to_sockaddr(to, &name, &n);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(sendto(fd, "late", 4, 0, (struct sockaddr *)&name, n), 4);
	close(fd);
}

static void test_ranges(void **state)
{
	static const struct {
		uint16_t low, high;
		int rc;
	} table[] = {
		{0, 100, -EINVAL}, {100, 100, -EINVAL}, {100, 101, 0},     {101, 102, -EINVAL},
		{101, 103, 0},     {200, 100, -EINVAL}, {65534, 65535, 0}, {65535, 65535, -EINVAL},
	};
	struct ports p;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct ports_config config = {.low = table[i].low, .high = table[i].high};
		assert_int_equal(ports_init(&p, &config, &seeded), table[i].rc);
	}
}

/* Every pair of the range, even and odd, none twice; then -EMFILE, until one has rested. */
static void test_exhaustion(void **state)
{
	struct ports p;
	struct port_pair *pairs[5], *again = NULL;
	unsigned seen = 0;

	start(&p, 31001, 31011, 0);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		assert_int_equal(ports_take(&p, &here, 0, &pairs[i]), 0);
		uint16_t port = pairs[i]->local.port;
		assert_true(port >= 31002 && port <= 31010 && port % 2 == 0);
		seen |= 1u << (port - 31002) / 2;
	}
	assert_int_equal(seen, 0x1f);
	struct address named = here;
	for (named.port = 31000; named.port < 31013; named.port++)
		assert_true(ports_has(&p, &named) == (named.port >= 31002 && named.port <= 31011));
	named.port = 31002;
	named.ip[15]++;
	assert_false(ports_has(&p, &named)); /* the same port of somebody else */
	assert_int_equal(ports_take(&p, &here, 0, &again), -EMFILE);
	assert_null(again);
	ports_give(&p, pairs[2], true, 0);
	assert_int_equal(ports_take(&p, &here, MEDIA_REST_US - 1, &again), -EMFILE);
	send_one(&pairs[2]->local);
	assert_int_equal(ports_take(&p, &here, MEDIA_REST_US, &again), 0);
	assert_ptr_equal(again, pairs[2]);
	char byte;
	assert_int_equal(recv(again->rtp_fd, &byte, 1, 0), -1); /* what was for the old call has been thrown away */
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		ports_give(&p, pairs[i], true, 0);
	ports_done(&p);
}

/* RFC 3246: voice goes before what can wait, on its RTCP port too. */
static void test_marked_as_voice(void **state)
{
	struct ports p;
	struct port_pair *pair;
	int mark = 0;
	socklen_t n = sizeof(mark);
	start(&p, 31030, 31031, 0);
	assert_int_equal(ports_take(&p, &here, 0, &pair), 0);
	assert_int_equal(getsockopt(pair->rtp_fd, IPPROTO_IP, IP_TOS, &mark, &n), 0);
	assert_int_equal(mark, 46 << 2); /* EF */
	assert_int_equal(getsockopt(pair->rtcp_fd, IPPROTO_IP, IP_TOS, &mark, &n), 0);
	assert_int_equal(mark, 46 << 2);
	ports_give(&p, pair, true, 0);
	ports_done(&p);
}

static void test_others_ports(void **state)
{
	struct ports a, b;
	struct port_pair *first, *second, *third = NULL;

	start(&a, 31020, 31023, 0);
	start(&b, 31020, 31023, 0);
	assert_int_equal(ports_take(&a, &here, 0, &first), 0);
	assert_int_equal(ports_take(&b, &here, 0, &second), 0);
	assert_int_not_equal(first->local.port, second->local.port);
	assert_int_equal(ports_take(&b, &here, 0, &third), -EMFILE);
	struct address foreign;
	assert_true(address_parse(SLICE("192.0.2.99"), &foreign));
	assert_int_equal(ports_take(&b, &foreign, 0, &third), -EADDRNOTAVAIL);
	ports_give(&a, first, true, 0);
	ports_give(&b, second, true, 0);
	ports_done(&a);
	ports_done(&b);
}

static void test_opened_ahead(void **state)
{
	struct ports p;
	struct port_pair *pairs[40];

	start(&p, 31100, 31999, 5);
	assert_int_equal(ports_take(&p, &here, 0, &pairs[0]), 0);
	assert_int_equal(p.open, 1);
	ports_refill(&p, 0);
	assert_int_equal(p.open, 1 + MEDIA_REFILL_MAX);
	for (unsigned i = 0; i < 10; i++)
		ports_refill(&p, 0);
	assert_int_equal(p.open, 6);
	/* A burst is served, and what it leaves behind goes again but for a reserve. */
	for (size_t i = 1; i < ARRAY_LEN(pairs); i++)
		assert_int_equal(ports_take(&p, &here, 0, &pairs[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		ports_give(&p, pairs[i], true, 0);
	for (unsigned i = 0; i < 100; i++)
		ports_refill(&p, MEDIA_REST_US - 1);
	assert_int_equal(p.open, 40);
	for (unsigned i = 0; i < 100; i++)
		ports_refill(&p, MEDIA_REST_US);
	assert_int_equal(p.open, 10);
	ports_done(&p);
}

static void test_flooded_pair_rests(void **state)
{
	struct ports p;
	struct port_pair *first, *next;

	start(&p, 32000, 32999, 0);
	assert_int_equal(ports_take(&p, &here, 0, &first), 0);
	ports_give(&p, first, true, 0);
	for (unsigned i = 0; i < MEDIA_DRAIN_MAX - 1; i++)
		send_one(&first->local);
	assert_int_equal(ports_take(&p, &here, MEDIA_REST_US, &next), 0);
	assert_ptr_equal(next, first);
	ports_give(&p, first, true, 0);
	for (unsigned i = 0; i < MEDIA_DRAIN_MAX; i++)
		send_one(&first->local);
	assert_int_equal(ports_take(&p, &here, MEDIA_REST_US, &next), 0);
	assert_ptr_not_equal(next, first);
	ports_give(&p, next, true, 0);
	ports_done(&p);
}

static void test_quiet_pair_rests_less(void **state)
{
	struct ports p;
	struct port_pair *first, *second, *again = NULL;

	start(&p, 31030, 31033, 0);
	assert_int_equal(ports_take(&p, &here, 0, &first), 0);
	assert_int_equal(ports_take(&p, &here, 0, &second), 0);
	ports_give(&p, first, true, 0);
	ports_give(&p, second, false, 0);
	assert_int_equal(ports_take(&p, &here, MEDIA_QUIET_REST_US - 1, &again), -EMFILE);
	assert_int_equal(ports_take(&p, &here, MEDIA_QUIET_REST_US, &again), 0);
	assert_ptr_equal(again, second);
	assert_int_equal(ports_take(&p, &here, MEDIA_REST_US - 1, &second), -EMFILE);
	ports_give(&p, again, false, 0);
	ports_done(&p);
}

static void test_too_many_addresses(void **state)
{
	struct ports p;
	struct port_pair *pairs[MEDIA_LOCALS_MAX + 1];

	start(&p, 31000, 31999, 0);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		here.ip[15] = (uint8_t)(i + 1);
		assert_int_equal(ports_take(&p, &here, 0, &pairs[i]), i < MEDIA_LOCALS_MAX ? 0 : -ENOSPC);
	}
	for (size_t i = 0; i < MEDIA_LOCALS_MAX; i++)
		ports_give(&p, pairs[i], true, 0);
	ports_done(&p);
}

static void test_descriptors_exhausted(void **state)
{
	struct ports p;
	struct port_pair *pair = NULL;
	struct rlimit limit, none;

	start(&p, 31000, 31999, 4);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(ports_take(&p, &here, 0, &pair), -EMFILE);
	ports_refill(&p, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_null(pair);
	assert_int_equal(p.open, 0);
	assert_int_equal(ports_take(&p, &here, 0, &pair), 0);
	ports_give(&p, pair, true, 0);
	ports_done(&p);
}

/* No more than descriptors allow, and none of them where it is not wanted. */
static void test_no_more_than_allowed(void **state)
{
	struct ports p;
	struct port_pair *pairs[4], *again = NULL;
	struct address there = here;

	start(&p, 31000, 31999, 4);
	p.config.most = ARRAY_LEN(pairs);
	assert_int_equal(ports_take(&p, &here, 0, &pairs[0]), 0);
	for (unsigned i = 0; i < 10; i++)
		ports_refill(&p, 0);
	assert_int_equal(p.open, ARRAY_LEN(pairs));
	there.ip[15]++;
	for (size_t i = 1; i < ARRAY_LEN(pairs); i++) /* what waits ready makes room */
		assert_int_equal(ports_take(&p, &there, 0, &pairs[i]), 0);
	assert_int_equal(p.open, ARRAY_LEN(pairs));
	assert_int_equal(ports_take(&p, &there, 0, &again), -EMFILE);
	assert_null(again);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		ports_give(&p, pairs[i], true, 0);
	ports_done(&p);
}

static int take_once(void *arg)
{
	struct ports p;
	struct port_pair *pair;

	start(&p, 31000, 31999, 2);
	int rc = ports_take(&p, &here, 0, &pair);
	if (rc == 0) {
		ports_refill(&p, 0);
		ports_give(&p, pair, true, 0);
	}
	ports_done(&p);
	return rc;
}

static void test_memory(void **state)
{
	failing_each(take_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_others_ports),
		cmocka_unit_test(test_marked_as_voice),
		cmocka_unit_test(test_opened_ahead),
		cmocka_unit_test(test_flooded_pair_rests),
		cmocka_unit_test(test_quiet_pair_rests_less),
		cmocka_unit_test(test_too_many_addresses),
		cmocka_unit_test(test_descriptors_exhausted),
		cmocka_unit_test(test_no_more_than_allowed),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
