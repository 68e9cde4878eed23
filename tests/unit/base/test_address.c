#include <netinet/in.h>
#include <sys/socket.h>

#include "support/test.h"

#include "base/address.h"
#include "support/guard.h"

static bool parse(const char *text, struct address *ret)
{
	struct slice s = guard_slice(slice_from_string(text));
	bool ok = address_parse(s, ret);
	guard_free(s.p);
	return ok;
}

static struct address address(const char *text)
{
	struct address a = {0};
	struct slice s = slice_from_string(text);
	if (!address_parse_with_port(s, &a) && !parse(text, &a))
		fail_msg("not an address: %s", text);
	return a;
}

static void check_text(void (*write)(struct writer *, const struct address *), const char *from, const char *to)
{
	char buffer[64];
	struct writer w = writer_on(buffer, sizeof(buffer));
	struct address a = address(from);
	write(&w, &a);
	assert_slice(writer_slice(&w), to);
}

/* In and out; the spelling of RFC 5952 §4 comes out. */
static void test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"0:0:3:4:5:6:0:0", "::3:4:5:6:0:0"},
		{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
		{"fe80::1%7", "fe80::1%7"},
		{"[fe80::1%4294967295]", "fe80::1%4294967295"},
		/* A v4-mapped address is the IPv4 address. */
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"[::FFFF:c000:201]", "192.0.2.1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check_text(write_address, cases[i].in, cases[i].out);
		struct address a = address(cases[i].in), b = address(cases[i].out);
		assert_true(address_eq(&a, &b));
		assert_memory_equal(&a, &b, sizeof(a));
	}
	check_text(write_address_host, "192.0.2.1", "192.0.2.1");
	check_text(write_address_host, "2001:db8::1", "[2001:db8::1]");
	check_text(write_address_with_port, "192.0.2.1:5060", "192.0.2.1:5060");
	check_text(write_address_with_port, "[::]:65535", "[::]:65535");
	check_text(write_address_with_port, "[fe80::1%2]:1", "[fe80::1%2]:1");
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = {"",
					  "1",
					  "1.2.3",
					  "1.2.3.4.5",
					  "1.2.3.",
					  ".1.2.3",
					  "1..2.3",
					  "256.1.1.1",
					  "01.2.3.4",
					  "1.2.3.00",
					  "1.2.3.4 ",
					  " 1.2.3.4",
					  "0x1.2.3.4",
					  "1.2.3.-4",
					  "1.2.3.4%1",
					  "[1.2.3.4]",
					  "localhost",
					  ":",
					  ":::",
					  "1:",
					  ":1",
					  "1::2::3",
					  "::1::",
					  "1:2:3:4:5:6:7",
					  "1:2:3:4:5:6:7:8:9",
					  "1:2:3:4:5:6:7:8::",
					  "::1:2:3:4:5:6:7:8",
					  "1:2:3:4::5:6:7:8",
					  "12345::",
					  "g::",
					  "::1.2.3",
					  "::1.2.3.4.5",
					  "1.2.3.4::",
					  "::1.2.3.4:1",
					  "1:2:3:4:5:6:7:1.2.3.4",
					  "[::1",
					  "::1]",
					  "[]",
					  "[",
					  "[:",
					  "]",
					  "[::1]]",
					  "[[::1]]",
					  "fe80::1%",
					  "fe80::1%eth0",
					  "fe80::1%4294967296",
					  "fe80::1%1%1",
					  "2001:db8::1%1",
					  "::1%1",
					  "%1",
					  "::%"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct address a = {.port = 9};
		if (parse(bad[i], &a))
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(a.port, 9);
	}
}

static void test_ports(void **state)
{
	static const char *const bad[] = {"192.0.2.1",
					  "192.0.2.1:",
					  "192.0.2.1:65536",
					  "192.0.2.1:5060 ",
					  "192.0.2.1:-1",
					  ":5060",
					  "::1:5060",
					  "[::1]",
					  "[::1]:",
					  "[::1]5060",
					  "[::1]:65536",
					  "[::1",
					  "[192.0.2.1]:5060",
					  "1.2.3.4:5:6",
					  "host:5060",
					  "",
					  ":",
					  "[",
					  "[]",
					  "[]:1"};
	struct address a = address("192.0.2.1:0");

	assert_int_equal(a.port, 0);
	a = address("[2001:db8::1]:5061");
	assert_int_equal(a.port, 5061);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice s = guard_slice(slice_from_string(bad[i]));
		if (address_parse_with_port(s, &a))
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(a.port, 5061);
		guard_free(s.p);
	}
}

static void test_compare(void **state)
{
	struct address a = address("192.0.2.1:1"), b = address("192.0.2.1:2"), c = address("192.0.2.2:1");
	struct address near = address("fe80::1%1"), far = address("fe80::1%2");

	assert_false(address_eq(&a, &b));
	assert_true(address_same_host(&a, &b));
	assert_false(address_same_host(&a, &c));
	assert_false(address_same_host(&near, &far));
	assert_true(address_is_v4(&a));
	assert_false(address_is_v4(&near));

	static const struct {
		const char *text;
		bool any, v4, loopback;
	} cases[] = {{"0.0.0.0", true, true, false},     {"::", true, false, false},
		     {"0.0.0.1", false, true, false},    {"127.0.0.1", false, true, true},
		     {"127.255.0.9", false, true, true}, {"128.0.0.1", false, true, false},
		     {"::1", false, false, true},        {"::2", false, false, false},
		     {"::7f00:1", false, false, false},  {"::ffff:127.0.0.1", false, true, true},
		     {"::fffe:0:0", false, false, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		a = address(cases[i].text);
		assert_int_equal(address_is_any(&a), cases[i].any);
		assert_int_equal(address_is_v4(&a), cases[i].v4);
		assert_int_equal(address_is_loopback(&a), cases[i].loopback);
	}
}

static void test_sockaddr(void **state)
{
	static const char *const texts[] = {"192.0.2.1:5060", "[2001:db8::1]:5061", "[fe80::1%3]:7", "0.0.0.0:0"};
	struct sockaddr_storage s;
	uint32_t length;
	struct address back;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct address a = address(texts[i]);
		address_to_sockaddr(&a, &s, &length);
		assert_int_equal(s.ss_family, address_is_v4(&a) ? AF_INET : AF_INET6);
		assert_int_equal(length, address_is_v4(&a) ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		char *exact = guard_copy(&s, length);
		assert_true(address_from_sockaddr(exact, &back));
		assert_memory_equal(&a, &back, sizeof(a));
		guard_free(exact);
	}

	/* What a dual-stack socket says of an IPv4 peer; and a scope where there is none to have. */
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(5060), .sin6_scope_id = 4};
	memcpy(&mapped.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
	struct address v4 = address("192.0.2.1:5060");
	assert_true(address_from_sockaddr(&mapped, &back));
	assert_memory_equal(&back, &v4, sizeof(back));

	s.ss_family = AF_UNIX;
	assert_false(address_from_sockaddr(&s, &back));
	assert_memory_equal(&back, &v4, sizeof(back));
}

static void test_blocks(void **state)
{
	static const struct {
		const char *block, *in, *out;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
		{"10.0.0.0/8", "10.0.0.0", "9.255.255.255"},
		{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
		{"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.3"},
		{"0.0.0.0/0", "255.1.2.3", "::1"},
		{"fc00::/7", "fdff::1", "fe00::"},
		{"[2001:db8::]/33", "2001:db8:7fff::1", "2001:db8:8000::"},
		{"2001:db8::1", "2001:db8::1", "2001:db8::2"},
		{"::/0", "fe80::1", "192.0.2.1"},
		{"::ffff:10.0.0.0/104", "10.1.1.1", "11.1.1.1"},
	};
	static const char *const bad[] = {"10.0.0.0/33",
					  "10.0.0.0/",
					  "10.0.0.0/-1",
					  "10.0.0.1/8",
					  "::/129",
					  "/8",
					  "",
					  "10.0.0.0/8/8",
					  "10/8",
					  "fe80::%1/64",
					  "fc00::1/7",
					  "128.0.0.0/0",
					  "10.0.0.0:80/8",
					  "::ffff:0:0/80"};
	struct address_block b;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct address in = address(cases[i].in), out = address(cases[i].out);
		in.port = 5060;
		if (!address_block_parse(slice_from_string(cases[i].block), &b) || !address_block_has(&b, &in) ||
		    address_block_has(&b, &out))
			fail_msg("block %s", cases[i].block);
	}
	b.bits = 77;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice s = guard_slice(slice_from_string(bad[i]));
		if (address_block_parse(s, &b))
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(b.bits, 77);
		guard_free(s.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),    cmocka_unit_test(test_bad_text), cmocka_unit_test(test_ports),
		cmocka_unit_test(test_compare), cmocka_unit_test(test_sockaddr), cmocka_unit_test(test_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
