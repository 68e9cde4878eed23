/* Tests of transport/target*.c and made.c: hosts by RFC 3263 from a name server on the same loop, and connections made
 */
#include "unit/net/dns_zone.h"
#include "unit/transport/room.h"

#include "base/random.h"
#include "net/dns.h"
#include "transport/target.h"

static const struct zone_record zone[] = {
	/* everything said */
	{"full.example", DNS_NAPTR, 60, "20 10 s SIP+D2U _sip._udp.full.example"},
	{"full.example", DNS_NAPTR, 60, "10 10 s SIP+D2T _sip._tcp.full.example"},
	{"full.example", DNS_NAPTR, 60, "5 10 s SIPS+D2T _sips._tcp.full.example"},
	{"full.example", DNS_NAPTR, 60, "1 10 s E2U+SIP _sip._udp.other.example"},
	{"_sip._udp.full.example", DNS_SRV, 60, "20 0 5080 two.full.example"},
	{"_sip._udp.full.example", DNS_SRV, 60, "10 0 5070 one.full.example"},
	{"_sip._tcp.full.example", DNS_SRV, 60, "10 0 5090 one.full.example"},
	{"_sips._tcp.full.example", DNS_SRV, 60, "10 0 5091 one.full.example"},
	{"one.full.example", DNS_A, 60, "127.0.0.1"},
	{"one.full.example", DNS_AAAA, 60, "::1"},
	{"two.full.example", ZONE_CNAME, 60, "third.example"},
	{"third.example", DNS_A, 60, "127.0.0.2"},
	/* SRV alone; addresses alone */
	{"_sip._udp.srv.example", DNS_SRV, 60, "10 0 5071 one.full.example"},
	{"_sip._tcp.srv.example", DNS_SRV, 60, "10 0 5072 one.full.example"},
	{"plain.example", DNS_A, 60, "127.0.0.3"},
	/* no service, and says so */
	{"_sip._udp.none.example", DNS_SRV, 60, "0 0 0 ."},
	/* weights */
	{"_sip._udp.weight.example", DNS_SRV, 60, "10 30 1 one.full.example"},
	{"_sip._udp.weight.example", DNS_SRV, 60, "10 10 2 one.full.example"},
	{"_sip._udp.weight.example", DNS_SRV, 60, "10 0 3 one.full.example"},
};

static struct room room;
static struct zone_server server;
static struct dns *dns;
static struct random dice;
static struct target_list got;
static int got_status;
static bool told;

static void find_told(void *arg, int status, const struct target_list *list)
{
	assert_false(told);
	told = true;
	got_status = status;
	got = *list;
}

static int set_up(void **state)
{
	room_open(&room);
	zone_open(&server, room.loop, zone, ARRAY_LEN(zone));
	assert_int_equal(dns_new(room.loop, NULL, &dns), 0);
	assert_int_equal(dns_set_servers(dns, &server.at, 1), 0);
	random_init_seeded(&dice, 7);
	transport_set_dns(room.transport, dns, &dice);
	return 0;
}

static int tear_down(void **state)
{
	dns_free(dns);
	zone_close(&server);
	room_close(&room);
	return 0;
}

static void move_time(int64_t us)
{
	struct wheel *w = loop_wheel(room.loop);
	wheel_turn(w, w->now_us + us, w->wall_us);
}

static struct target_where host(const char *name)
{
	return (struct target_where){.host = slice_from_string(name), .listener = -1};
}

static int find(struct target_where where)
{
	struct target_search *s;
	told = false;
	int rc = target_find(room.transport, &where, find_told, NULL, &s);
	if (rc < 0)
		return rc;
	assert_false(told);
	run_until(room.loop, flag_set, &told);
	return got_status;
}

/* "udp 127.0.0.1:5070, tls [::1]:5091" */
static void assert_found(const char *text)
{
	char is[1024];
	struct writer w = writer_on(is, sizeof(is) - 1);
	for (size_t i = 0; i < got.count; i++) {
		write_string(&w, i ? ", " : "");
		write_slice(&w, sip_transport_name(got.of[i].transport));
		write_char(&w, ' ');
		write_address_with_port(&w, &got.of[i].address);
	}
	is[w.n] = '\0';
	assert_string_equal(is, text);
}

static void listen_udp_tcp(void)
{
	room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
}

static void test_addresses_need_no_dns(void **state)
{
	listen_udp_tcp();
	transport_set_dns(room.transport, NULL, NULL);
	assert_int_equal(find(host("127.0.0.9")), 0);
	assert_found("UDP 127.0.0.9:5060");
	assert_string_equal(got.name, "127.0.0.9");
	struct target_where w = host("127.0.0.9");
	w.port = 5099;
	w.has_transport = true;
	w.transport = SIP_TCP;
	assert_int_equal(find(w), 0);
	assert_found("TCP 127.0.0.9:5099");
	assert_int_equal(find(host("[::1]")), -EHOSTUNREACH); /* no listener of that family */
	assert_int_equal(find(host("a.example")), -ENOTSUP);
	assert_int_equal(find(host("not a name")), -EINVAL);
	w = host("127.0.0.1");
	w.secure = true;
	assert_int_equal(find(w), -EHOSTUNREACH);
	w = host("127.0.0.1");
	w.listener = 2;
	assert_int_equal(find(w), -EINVAL);
	w.listener = 1;
	assert_int_equal(find(w), 0);
	assert_found("TCP 127.0.0.1:5060");
}

/* By NAPTR's order; TLS is left out where we do not speak it. */
static void test_naptr(void **state)
{
	listen_udp_tcp();
	assert_int_equal(find(host("Full.Example.")), 0);
	assert_found("TCP 127.0.0.1:5090, UDP 127.0.0.1:5070, UDP 127.0.0.2:5080");
	assert_string_equal(got.name, "full.example");
	assert_int_equal(got.listener, -1);
	unsigned asked = server.asked;
	assert_int_equal(find(host("full.example")), 0);
	assert_int_equal(server.asked, asked);
}

static void test_secure(void **state)
{
	struct test_identity id;
	identity_make(&id);
	listen_udp_tcp();
	room_listen(&room, SIP_TLS, "127.0.0.1:0", id.certificates);
	assert_int_equal(find(host("full.example")), 0);
	assert_found("TLS 127.0.0.1:5091, TCP 127.0.0.1:5090, UDP 127.0.0.1:5070, UDP 127.0.0.2:5080");
	struct target_where w = host("full.example");
	w.secure = true;
	assert_int_equal(find(w), 0);
	assert_found("TLS 127.0.0.1:5091");
	w.host = SLICE("plain.example");
	assert_int_equal(find(w), 0);
	assert_found("TLS 127.0.0.3:5061");
	identity_remove(&id);
}

static void test_both_families(void **state)
{
	room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	room_listen(&room, SIP_UDP, "[::1]:0", NULL);
	assert_int_equal(find(host("srv.example")), 0);
	assert_found("UDP [::1]:5071, UDP 127.0.0.1:5071");
	struct target_where w = host("srv.example");
	w.listener = 0;
	assert_int_equal(find(w), 0);
	assert_found("UDP 127.0.0.1:5071");
	assert_int_equal(got.listener, 0);
}

static void test_srv_and_addresses(void **state)
{
	listen_udp_tcp();
	assert_int_equal(find(host("srv.example")), 0);
	assert_found("UDP 127.0.0.1:5071, TCP 127.0.0.1:5072");
	struct target_where w = host("srv.example");
	w.has_transport = true;
	w.transport = SIP_TCP;
	assert_int_equal(find(w), 0);
	assert_found("TCP 127.0.0.1:5072");
	assert_int_equal(find(host("plain.example")), 0);
	assert_found("UDP 127.0.0.3:5060");
	w = host("full.example"); /* with a port no SRV is asked for; it has no address of its own */
	w.port = 5060;
	assert_int_equal(find(w), -ENOENT);
	w.host = SLICE("plain.example");
	assert_int_equal(find(w), 0);
	assert_found("UDP 127.0.0.3:5060");
	assert_int_equal(find(host("none.example")), -ENOENT);
	assert_int_equal(find(host("nothing.example")), -ENOENT);
}

/* RFC 2782: 30 to 10, and hardly ever the one of weight 0. */
static void test_weights(void **state)
{
	unsigned first[4] = {0};
	room_listen(&room, SIP_UDP, "127.0.0.1:0", NULL);
	for (unsigned i = 0; i < 400; i++) {
		assert_int_equal(find(host("weight.example")), 0);
		assert_int_equal(got.count, 3);
		assert_in_range(got.of[0].address.port, 1, 3);
		first[got.of[0].address.port]++;
	}
	assert_in_range(first[1], 250, 330);
	assert_in_range(first[2], 60, 140);
	assert_in_range(first[3], 1, 30);
}

static void test_dns_fails(void **state)
{
	struct target_search *s;
	struct target_where w = host("srv.example");
	listen_udp_tcp();
	/* Resolvers that do not know NAPTR hold up the first search alone, and then not for long. */
	server.silent_to_naptr = true;
	told = false;
	assert_int_equal(target_find(room.transport, &w, find_told, NULL, &s), 0);
	while (server.asked == 0)
		one_turn(room.loop);
	move_time(DNS_WAIT_US + MS_US);
	run_until(room.loop, flag_set, &told);
	assert_int_equal(got_status, 0);
	assert_found("UDP 127.0.0.1:5071, TCP 127.0.0.1:5072");

	server.silent = true;
	w.host = SLICE("plain.example");
	told = false;
	assert_int_equal(target_find(room.transport, &w, find_told, NULL, &s), 0);
	for (unsigned i = 0; i < 2; i++) { /* NAPTR, then SRV; the address is not asked for */
		one_turn(room.loop);
		move_time(DNS_WAIT_US + MS_US);
		one_turn(room.loop);
		one_turn(room.loop);
	}
	run_until(room.loop, flag_set, &told);
	assert_int_equal(got_status, -ETIMEDOUT);
}

static void test_cancelled_and_bounded(void **state)
{
	static struct target_search *s[TARGET_SEARCHES_MAX];
	struct target_where w = host("full.example");
	struct target_search *more;
	listen_udp_tcp();
	told = false;
	for (size_t i = 0; i < TARGET_SEARCHES_MAX; i++)
		assert_int_equal(target_find(room.transport, &w, find_told, NULL, &s[i]), 0);
	assert_int_equal(target_find(room.transport, &w, find_told, NULL, &more), -ENOBUFS);
	for (size_t i = 0; i < TARGET_SEARCHES_MAX; i++)
		target_cancel(s[i]);
	w = host("127.0.0.1");
	assert_int_equal(target_find(room.transport, &w, find_told, NULL, &more), 0);
	target_cancel(more);
	one_turn(room.loop);
	assert_false(told);
	assert_int_equal(find(host("full.example")), 0);
}

static void test_failed_stand_last(void **state)
{
	listen_udp_tcp();
	assert_int_equal(find(host("full.example")), 0);
	target_failed(room.transport, &got.of[0]);
	assert_int_equal(find(host("full.example")), 0);
	assert_found("UDP 127.0.0.1:5070, UDP 127.0.0.2:5080, TCP 127.0.0.1:5090");
	/* Of more failures than are remembered the oldest are forgotten. */
	struct target other = {.transport = SIP_UDP};
	for (uint16_t i = 1; i < 64; i++) {
		other.address.port = i;
		move_time(MS_US);
		target_failed(room.transport, &other);
	}
	assert_int_equal(find(host("full.example")), 0);
	assert_found("UDP 127.0.0.1:5070, UDP 127.0.0.2:5080, TCP 127.0.0.1:5090");
	other.address.port = 64;
	target_failed(room.transport, &other);
	assert_int_equal(find(host("full.example")), 0);
	assert_found("TCP 127.0.0.1:5090, UDP 127.0.0.1:5070, UDP 127.0.0.2:5080");
	target_failed(room.transport, &got.of[0]);
	move_time(TARGET_FAILED_US + MS_US);
	assert_int_equal(find(host("full.example")), 0);
	assert_found("TCP 127.0.0.1:5090, UDP 127.0.0.1:5070, UDP 127.0.0.2:5080");
}

/* ---- flows ---- */

static struct target_list one(enum sip_transport transport, const struct address *at, const char *name)
{
	struct target_list l = {.listener = -1, .count = 1, .of = {{.address = *at, .transport = transport}}};
	snprintf(l.name, sizeof(l.name), "%s", name);
	return l;
}

static void test_udp_flow(void **state)
{
	struct address at = room_listen(&room, SIP_UDP, "0.0.0.0:0", NULL), to = address_of("127.0.0.1:5062");
	struct target_list l = one(SIP_UDP, &to, "x");
	struct sip_flow flow;
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	assert_int_equal(flow.connection, 0);
	assert_int_equal(flow.local.port, at.port);
	assert_true(address_same_host(&flow.local, &to)); /* not 0.0.0.0: it is told in Via and Contact */
	to = address_of("[2001:db8::1]:5060");
	l = one(SIP_UDP, &to, "x");
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), -EHOSTUNREACH);
}

/* Both ends in one room: what is made to its own listener is accepted by it. */
static void test_tcp_is_used_again(void **state)
{
	struct address at = room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	struct target_list l = one(SIP_TCP, &at, "x");
	struct transport_figures f;
	struct sip_flow flow, again;
	char message[512];
	size_t n = make_message(message, sizeof(message), 100);
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	assert_int_equal(transport_send(room.transport, &flow, slice_of(message, n)), 0); /* waits */
	assert_int_equal(target_flow(room.transport, &l, 0, &again), 0);
	assert_int_equal(flow.connection, again.connection);
	assert_int_equal(transport_send(room.transport, &flow, slice_of(message, n)), 0);
	room_until_received(&room, 2);
	assert_int_equal(transport_send(room.transport, &flow, slice_of(message, n)), 0);
	room_until_received(&room, 3);
	assert_memory_equal(room.text, message, n);
	transport_figures(room.transport, &f);
	assert_int_equal(f.connections, 2);
	assert_int_equal(f.guests, 1); /* the accepted side */
	assert_int_equal(f.made, 1);
	/* The answer comes back on it. */
	assert_int_equal(transport_send(room.transport, &room.flow, slice_of(message, n)), 0);
	room_until_received(&room, 4);
	assert_int_equal(room.flow.connection, flow.connection);
}

static void test_what_waits_is_bounded(void **state)
{
	static char bytes[TRANSPORT_MADE_WAITING_MAX];
	struct address at = room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	struct target_list l = one(SIP_TCP, &at, "x");
	struct sip_flow flow;
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	memset(bytes, '\r', sizeof(bytes));
	assert_int_equal(transport_send(room.transport, &flow, slice_of(bytes, sizeof(bytes) - 1)), 0);
	assert_int_equal(transport_send(room.transport, &flow, SLICE("ab")), -ENOBUFS);
	assert_int_equal(transport_send(room.transport, &flow, SLICE("a")), 0);
	assert_int_equal(transport_send(room.transport, &flow, SLICE("a")), -ENOBUFS);
	assert_true(transport_alive(room.transport, &flow));
}

static void test_refused_is_an_event(void **state)
{
	struct address nobody = address_of("127.0.0.1:1");
	struct target_list l = one(SIP_TCP, &nobody, "x");
	struct sip_flow flow, again;
	room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	assert_int_equal(transport_send(room.transport, &flow, SLICE("x")), 0);
	assert_int_equal(room.closed, 0);
	room_until_closed(&room, 1);
	assert_int_equal(room.closed_flow.connection, flow.connection);
	assert_false(transport_alive(room.transport, &flow));
	assert_int_equal(target_flow(room.transport, &l, 0, &again), 0);
	assert_int_not_equal(again.connection, flow.connection);
	room_until_closed(&room, 2);
}

static void test_number_of_made_is_bounded(void **state)
{
	struct transport_limits limits = {.connections = 10,
					  .guests = 10,
					  .guests_per_host = 10,
					  .made = 1,
					  .guest_idle_us = SECOND_US,
					  .idle_us = SECOND_US,
					  .made_idle_us = SECOND_US,
					  .ping_us = SECOND_US,
					  .pong_us = SECOND_US};
	struct address at = room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL), other = address_of("127.0.0.1:1");
	struct target_list l = one(SIP_TCP, &at, "x"), m = one(SIP_TCP, &other, "x");
	struct sip_flow flow;
	transport_set_limits(room.transport, &limits);
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	assert_int_equal(target_flow(room.transport, &m, 0, &flow), -ENOBUFS);
}

static void test_idle_and_pings(void **state)
{
	struct address at = room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	struct target_list l = one(SIP_TCP, &at, "x");
	struct sip_flow flow;
	char message[512];
	size_t n = make_message(message, sizeof(message), 10);
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	assert_int_equal(transport_send(room.transport, &flow, slice_of(message, n)), 0);
	room_until_received(&room, 1);
	transport_set_tag(room.transport, &room.flow, 1); /* the accepted side stays */
	/* Pings are answered by the other end, and keep it from nothing: without messages it ends. */
	int64_t begun_us = loop_wheel(room.loop)->now_us;
	for (long pings = 1; pings <= 3; pings++) {
		move_time(TRANSPORT_PING_US + MS_US);
		while (room_metric(&room, "keepalives_total ") < pings)
			one_turn(room.loop);
		for (unsigned i = 0; i < 20; i++) /* the pong */
			one_turn(room.loop);
		assert_true(transport_alive(room.transport, &flow));
	}
	assert_int_equal(room_metric(&room, "drops_total{reason=\"pong\"} "), 0);
	transport_set_tag(room.transport, &room.flow, 1);
	while (loop_wheel(room.loop)->now_us - begun_us < TRANSPORT_MADE_IDLE_US - SECOND_US &&
	       transport_alive(room.transport, &flow)) {
		move_time(60 * SECOND_US);
		for (unsigned i = 0; i < 20; i++)
			one_turn(room.loop);
	}
	move_time(61 * SECOND_US);
	room_until_closed(&room, 1);
	assert_false(transport_alive(room.transport, &flow));
}

static void answer_pong_once(void *arg)
{
	int fd = *(int *)arg;
	char ping[4];
	peer_read(fd, ping, 4);
	ASSERT(memcmp(ping, "\r\n\r\n", 4) == 0);
	peer_send(fd, "\r\n", 2);
}

/* Who has answered pings and no longer does is gone; who never did is left alone. */
static void test_missing_pong(void **state)
{
	struct sockaddr_storage name;
	socklen_t name_n = sizeof(name);
	struct address at;
	struct sip_flow flow;
	room_listen(&room, SIP_TCP, "127.0.0.1:0", NULL);
	int listener = peer_socket(SOCK_STREAM, "127.0.0.1:0", AF_INET);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &name_n), 0);
	assert_true(address_from_sockaddr(&name, &at));
	struct target_list l = one(SIP_TCP, &at, "x");
	assert_int_equal(target_flow(room.transport, &l, 0, &flow), 0);
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	for (unsigned i = 0; i < 20; i++)
		one_turn(room.loop);
	move_time(TRANSPORT_PING_US + MS_US);
	run_with_peer(room.loop, answer_pong_once, &fd);
	for (unsigned i = 0; i < 20; i++)
		one_turn(room.loop);
	move_time(TRANSPORT_PING_US + MS_US); /* pinged, and no pong */
	assert_true(transport_alive(room.transport, &flow));
	move_time(TRANSPORT_PONG_US + MS_US);
	assert_false(transport_alive(room.transport, &flow));
	close(fd);
	room_until_closed(&room, 1);
	assert_int_equal(room_metric(&room, "drops_total{reason=\"pong\"} "), 1);
	close(listener);
}

/* ---- TLS ---- */

static void test_tls_by_name(void **state)
{
	struct test_identity id;
	struct tls_reason why;
	struct sip_flow flow;
	char message[512];
	size_t n = make_message(message, sizeof(message), 10);
	identity_make(&id);
	struct address at = room_listen(&room, SIP_TLS, "127.0.0.1:0", id.certificates);
	/* Not believed; then believed by the authority, but another name; then right. */
	struct target_list right = one(SIP_TLS, &at, "localhost"), wrong = one(SIP_TLS, &at, "sip.example");
	assert_int_equal(target_flow(room.transport, &right, 0, &flow), 0);
	room_until_closed(&room, 1);
	assert_int_equal(target_distrust(room.transport, &right.of[0]), TLS_UNKNOWN_AUTHORITY);
	assert_int_equal(stream_trust(room.loop, "/nowhere.pem", &why), -EINVAL);
	assert_int_equal(stream_trust(room.loop, id.key, &why), -EINVAL);
	assert_int_equal(stream_trust(room.loop, id.certificate, &why), 0);
	assert_int_equal(target_flow(room.transport, &wrong, 0, &flow), 0);
	room_until_closed(&room, 2);
	assert_int_equal(target_distrust(room.transport, &wrong.of[0]), TLS_OTHER_NAME);
	assert_int_equal(target_flow(room.transport, &right, 0, &flow), 0);
	assert_int_equal(transport_send(room.transport, &flow, slice_of(message, n)), 0);
	room_until_received(&room, 1);
	assert_int_equal(target_distrust(room.transport, &right.of[0]), TLS_BELIEVED);
	assert_true(strncmp(room.protection, "TLSv1.3", 7) == 0);
	/* Another name is another connection, though the address is the same. */
	struct sip_flow by_address;
	struct target_list address = one(SIP_TLS, &at, "127.0.0.1");
	assert_int_equal(target_flow(room.transport, &address, 0, &by_address), 0);
	assert_int_not_equal(by_address.connection, flow.connection);
	/* Two of ours came to nothing, and with them their other ends: only those are a stranger's. */
	while (room_metric(&room, "drops_total{reason=\"handshake\"} ") < 4)
		one_turn(room.loop);
	struct transport_figures f;
	transport_figures(room.transport, &f);
	assert_int_equal(f.unfinished, 2);
	assert_int_equal(transport_send(room.transport, &by_address, slice_of(message, n)), 0);
	room_until_received(&room, 2);
	identity_remove(&id);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_addresses_need_no_dns),
		ROW(test_naptr),
		ROW(test_secure),
		ROW(test_both_families),
		ROW(test_srv_and_addresses),
		ROW(test_weights),
		ROW(test_dns_fails),
		ROW(test_cancelled_and_bounded),
		ROW(test_failed_stand_last),
		ROW(test_udp_flow),
		ROW(test_tcp_is_used_again),
		ROW(test_what_waits_is_bounded),
		ROW(test_refused_is_an_event),
		ROW(test_number_of_made_is_bounded),
		ROW(test_idle_and_pings),
		ROW(test_missing_pong),
		ROW(test_tls_by_name),
	};
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
