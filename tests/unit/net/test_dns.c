/* Tests of net/dns.c and dns_channel.c, against a server on the same loop. */
#include "unit/net/dns_zone.h"

#include <arpa/inet.h>

#include "net/dns_private.h"
#include "support/failing.h"

static const struct zone_record zone[] = {
	{"a.example", DNS_A, 60, "192.0.2.1"},
	{"a.example", DNS_AAAA, 60, "2001:db8::1"},
	{"short.example", DNS_A, 0, "192.0.2.2"},
	{"alias.example", ZONE_CNAME, 10, "a.example"},
	{"_sip._udp.a.example", DNS_SRV, 90, "1 2 5060 a.example"},
	{"a.example", DNS_NAPTR, 90, "1 2 s SIP+D2U _sip._udp.a.example"},
};

static struct loop *loop;
static struct zone_server server;
static struct dns *dns;

struct result {
	bool told;
	int status;
	size_t count;
	struct dns_record first;
};

static void told(void *arg, int status, const struct dns_answer *answer)
{
	struct result *r = arg;
	assert_false(r->told);
	r->told = true;
	r->status = status;
	r->count = answer ? answer->count : 0;
	if (answer)
		r->first = answer->of[0];
}

static int set_up(void **state)
{
	assert_int_equal(loop_new(&loop), 0);
	zone_open(&server, loop, zone, ARRAY_LEN(zone));
	assert_int_equal(dns_new(loop, NULL, &dns), 0);
	assert_int_equal(dns_set_servers(dns, &server.at, 1), 0);
	return 0;
}

static int tear_down(void **state)
{
	dns_free(dns);
	zone_close(&server);
	loop_drain(loop);
	loop_free(loop);
	return 0;
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(loop);
	wheel_turn(w, w->now_us + us, w->wall_us);
}

static struct result ask(const char *name, enum dns_type type)
{
	struct dns_query q;
	struct result r = {0};
	assert_int_equal(dns_query_start(dns, &q, slice_from_string(name), type, told, &r), 0);
	assert_false(r.told); /* never from inside */
	run_until(loop, flag_set, &r.told);
	return r;
}

static void test_every_type(void **state)
{
	assert_int_equal(ask("a.example", DNS_A).status, 0);
	assert_int_equal(ask("A.Example.", DNS_AAAA).status, 0);
	struct result r = ask("alias.example", DNS_A);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.first.address.ip[15], 1);
	r = ask("_sip._udp.a.example", DNS_SRV);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.first.srv.port, 5060);
	r = ask("a.example", DNS_NAPTR);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.first.naptr.preference, 2);
	assert_int_equal(ask("none.example", DNS_A).status, -ENOENT);
	assert_int_equal(ask("a.example", (enum dns_type)16).status, -ENOENT);
	struct dns_query q;
	assert_int_equal(dns_query_start(dns, &q, SLICE("no name"), DNS_A, told, NULL), -EINVAL);
}

static void test_kept_as_long_as_it_holds(void **state)
{
	ask("a.example", DNS_A);
	ask("a.example", DNS_A);
	ask("none.example", DNS_A);
	ask("none.example", DNS_A);
	assert_int_equal(server.asked, 2);
	move_time(61 * SECOND_US);
	ask("a.example", DNS_A);
	ask("none.example", DNS_A);
	assert_int_equal(server.asked, 4);
	/* An alias runs out before what it stands for. */
	ask("alias.example", DNS_A);
	move_time(11 * SECOND_US);
	ask("alias.example", DNS_A);
	assert_int_equal(server.asked, 6);
	/* Nothing is kept of what is to be asked each time. */
	ask("short.example", DNS_A);
	ask("short.example", DNS_A);
	assert_int_equal(server.asked, 8);
}

static void test_asked_once_for_many(void **state)
{
	struct dns_query q[50];
	struct result r[50] = {0};
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(dns_query_start(dns, &q[i], SLICE("a.example"), DNS_A, told, &r[i]), 0);
	dns_query_cancel(&q[7]);
	dns_query_cancel(&q[0]);
	dns_query_cancel(&q[0]);
	run_until(loop, flag_set, &r[49].told);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(r[i].told, i != 7 && i != 0);
	assert_int_equal(server.asked, 1);
}

static void test_no_answer(void **state)
{
	server.silent = true;
	struct dns_query q;
	struct result r = {0};
	assert_int_equal(dns_query_start(dns, &q, SLICE("a.example"), DNS_A, told, &r), 0);
	while (server.asked == 0)
		one_turn(loop);
	move_time(DNS_WAIT_US - MS_US);
	assert_false(r.told);
	move_time(2 * MS_US);
	run_until(loop, flag_set, &r.told);
	assert_int_equal(r.status, -ETIMEDOUT);
	assert_int_not_equal(dns_silent_since_us(dns), 0);
	/* The next does not wait: it is known. */
	unsigned asked = server.asked;
	assert_int_equal(ask("a.example", DNS_A).status, -ETIMEDOUT);
	assert_int_equal(server.asked, asked);
	/* Asked anew. */
	server.silent = false;
	dns_reload(dns);
	assert_int_equal(ask("a.example", DNS_A).status, 0);
	assert_int_equal(dns_silent_since_us(dns), 0);
}

static void test_nobody_there(void **state)
{
	struct address nobody = address_of("127.0.0.1:1");
	assert_int_equal(dns_set_servers(dns, &nobody, 1), 0);
	assert_int_equal(ask("a.example", DNS_A).status, -ETIMEDOUT);
}

static void test_second_server(void **state)
{
	struct address both[] = {address_of("127.0.0.1:1"), server.at};
	assert_int_equal(dns_set_servers(dns, both, 2), 0);
	assert_int_equal(ask("a.example", DNS_A).status, 0);
}

static void test_errors(void **state)
{
	server.garbage = true;
	assert_int_equal(ask("a.example", DNS_A).status, -EIO);
	server.garbage = false;
	server.fails = true;
	assert_int_equal(ask("a.example", DNS_AAAA).status, -ETIMEDOUT);
	move_time(DNS_FAILED_US + SECOND_US);
	server.fails = false;
	assert_int_equal(ask("a.example", DNS_A).status, 0);
}

static void test_cut_off_comes_by_tcp(void **state)
{
	server.cut = true;
	assert_int_equal(ask("_sip._udp.a.example", DNS_SRV).status, 0);
	assert_int_equal(server.asked_by_tcp, 1);
}

/* RFC 8767: an answer that has run out serves where DNS fails, but not for ever, and "no such name" ends it. */
static void test_old_answers(void **state)
{
	ask("a.example", DNS_A);
	move_time(61 * SECOND_US);
	server.fails = true;
	assert_int_equal(ask("a.example", DNS_A).status, 0);
	unsigned asked = server.asked;
	assert_int_equal(ask("a.example", DNS_A).status, 0); /* not asked each time */
	assert_int_equal(server.asked, asked);
	move_time(DNS_STALE_US);
	assert_int_equal(ask("a.example", DNS_A).status, -ETIMEDOUT);

	server.fails = false;
	move_time(DNS_FAILED_US + SECOND_US);
	assert_int_equal(ask("a.example", DNS_A).status, 0);
	server.zone_n = 0;
	move_time(61 * SECOND_US);
	assert_int_equal(ask("a.example", DNS_A).status, -ENOENT);
	server.fails = true;
	move_time(61 * SECOND_US);
	assert_int_equal(ask("a.example", DNS_A).status, -ETIMEDOUT);
}

static void test_old_answer_does_not_wait_long(void **state)
{
	ask("a.example", DNS_A);
	move_time(61 * SECOND_US);
	server.silent = true;
	struct dns_query q;
	struct result r = {0};
	assert_int_equal(dns_query_start(dns, &q, SLICE("a.example"), DNS_A, told, &r), 0);
	move_time(DNS_STALE_WAIT_US + MS_US);
	run_until(loop, flag_set, &r.told);
	assert_int_equal(r.status, 0);
}

static void test_number_is_bounded(void **state)
{
	static struct dns_query q[DNS_ENTRIES_MAX];
	static struct result r[DNS_ENTRIES_MAX];
	struct dns_query more;
	struct result last = {0};
	char name[32];
	server.silent = true;
	memset(r, 0, sizeof(r));
	for (unsigned i = 0; i < DNS_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		assert_int_equal(dns_query_start(dns, &q[i], slice_from_string(name), DNS_A, told, &r[i]), 0);
	}
	assert_int_equal(dns_query_start(dns, &more, SLICE("one.more"), DNS_A, told, &last), -ENOBUFS);
	for (unsigned i = 0; i < DNS_ENTRIES_MAX; i++)
		dns_query_cancel(&q[i]);
	/* They end with their channel, and are asked again on the new one: still under way. */
	dns_reload(dns);
	assert_int_equal(dns_query_start(dns, &more, SLICE("one.more"), DNS_A, told, &last), -ENOBUFS);
}

static void test_oldest_yields(void **state)
{
	char name[32];
	ask("a.example", DNS_A);
	for (unsigned i = 0; i < DNS_ENTRIES_MAX - 1; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(name, DNS_A);
	}
	unsigned asked = server.asked;
	ask("a.example", DNS_A); /* still there, and now the newest */
	assert_int_equal(server.asked, asked);
	ask("one.more", DNS_A);
	ask("a.example", DNS_A);
	assert_int_equal(server.asked, asked + 1);
	ask("n0.example", DNS_A);
	assert_int_equal(server.asked, asked + 2);
	assert_int_equal(dns->entries.count, DNS_ENTRIES_MAX);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_server(const struct dns *d, const char *text)
{
	struct ares_addr_port_node *first;
	char got[64];
	assert_int_equal(ares_get_servers_ports(d->channel, &first), ARES_SUCCESS);
	assert_non_null(first);
	assert_non_null(inet_ntop(first->family, &first->addr, got, sizeof(got)));
	assert_string_equal(got, text);
	ares_free_data(first);
}

static void test_file_is_read_again(void **state)
{
	char path[] = "/tmp/alto-test-resolv-XXXXXX";
	int fd = mkstemp(path);
	struct dns *d;
	struct dns_query q;
	struct result r = {0};
	assert_true(fd >= 0);
	close(fd);
	write_file(path, "nameserver 127.0.0.7\n");
	assert_int_equal(dns_new(loop, path, &d), 0);
	assert_server(d, "127.0.0.7");
	write_file(path, "nameserver 127.0.0.123\n");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(dns_query_start(d, &q, SLICE("a.example"), DNS_A, told, &r), 0);
		dns_query_cancel(&q);
	}
	assert_server(d, "127.0.0.123");
	write_file(path, "nameserver 127.0.0.8\n");
	dns_reload(d);
	assert_server(d, "127.0.0.8");
	unlink(path);
	dns_free(d);
}

/* What is under way goes on with the new servers. */
static void test_reload_keeps_questions(void **state)
{
	struct dns_query q;
	struct result r = {0};
	server.silent = true;
	assert_int_equal(dns_query_start(dns, &q, SLICE("a.example"), DNS_A, told, &r), 0);
	while (server.asked == 0)
		one_turn(loop);
	server.silent = false;
	dns_reload(dns);
	run_until(loop, flag_set, &r.told);
	assert_int_equal(r.status, 0);
}

static int ask_poorly(void *arg)
{
	struct dns *d;
	struct dns_query q;
	struct result r = {0};
	int rc = dns_new(loop, NULL, &d);
	if (rc < 0)
		return rc;
	rc = dns_query_start(d, &q, SLICE("127.example"), DNS_A, told, &r);
	if (rc == 0)
		dns_query_cancel(&q);
	dns_free(d);
	return rc;
}

static void test_without_memory(void **state)
{
	failing_each(ask_poorly, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_as_long_as_it_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asked_once_for_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_second_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_off_comes_by_tcp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_answer_does_not_wait_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_number_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_oldest_yields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload_keeps_questions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
