#include "support/test.h"

#include "media/path.h"

#define QUIET_US (100 * MS_US)
#define WINDOW_US (5 * SECOND_US)

/* One letter an address: s is signalled, a and b are others; '-' none. */
static struct endpoint at(char letter)
{
	struct endpoint e = {0};

	if (letter == '-')
		return e;
	e.n = sizeof(e.name.v4);
	e.name.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)letter)};
	return e;
}

/* A history of packets, each with its time, and whether it is taken. */
struct step {
	char from;
	int64_t at_us;
	enum path_verdict verdict;
	char then; /* where we send after it */
};
static const struct {
	const char *what;
	char signalled;
	bool window;
	struct step steps[6];
} histories[] = {
	{"only the signalled source without a window",
	 's',
	 false,
	 {{'a', 0, PATH_REFUSED, 's'}, {'s', 1, PATH_CURRENT, 's'}, {'a', 2, PATH_REFUSED, 's'}}},
	{"the first source is learned and then kept",
	 's',
	 true,
	 {{'a', 0, PATH_MOVES, 'a'},
	  {'b', 1, PATH_REFUSED, 'a'},
	  {'a', 20 * MS_US, PATH_CURRENT, 'a'},
	  {'b', 119 * MS_US, PATH_REFUSED, 'a'}}},
	{"the signalled source wins within the window",
	 's',
	 true,
	 {{'a', 0, PATH_MOVES, 'a'}, {'s', 1, PATH_MOVES, 's'}, {'a', 2, PATH_REFUSED, 's'}}},
	{"after the window a learned source stays",
	 's',
	 true,
	 {{'a', 0, PATH_MOVES, 'a'},
	  {'a', WINDOW_US - 1, PATH_CURRENT, 'a'},
	  {'s', WINDOW_US, PATH_REFUSED, 'a'},
	  {'b', WINDOW_US + QUIET_US, PATH_REFUSED, 'a'},
	  {'a', WINDOW_US + SECOND_US, PATH_CURRENT, 'a'}}},
	{"a silent source gives way within the window",
	 's',
	 true,
	 {{'a', 0, PATH_MOVES, 'a'}, {'b', QUIET_US, PATH_MOVES, 'b'}, {'a', QUIET_US + 1, PATH_REFUSED, 'b'}}},
	{"the signalled source keeps its place through a pause",
	 's',
	 true,
	 {{'s', 0, PATH_CURRENT, 's'}, {'b', QUIET_US + 1, PATH_REFUSED, 's'}, {'s', SECOND_US, PATH_CURRENT, 's'}}},
	{"nothing learned in the window: later only the signalled one",
	 's',
	 true,
	 {{'a', WINDOW_US, PATH_REFUSED, 's'}, {'s', WINDOW_US + 1, PATH_CURRENT, 's'}}},
	{"nothing is signalled yet", '-', true, {{'a', 0, PATH_MOVES, 'a'}, {'b', 1, PATH_REFUSED, 'a'}}},
	{"nothing is signalled and no window", '-', false, {{'a', 0, PATH_REFUSED, '-'}}},
};

static void test_histories(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(histories); i++) {
		struct path p = {0};
		struct endpoint signalled = at(histories[i].signalled);

		path_signal(&p, &signalled);
		if (histories[i].window)
			path_open_window(&p, 0, WINDOW_US);
		for (const struct step *step = histories[i].steps; step->from; step++) {
			struct endpoint from = at(step->from), then = at(step->then);
			enum path_verdict verdict = path_judge(&p, &from, step->at_us, QUIET_US);
			if (verdict != step->verdict)
				fail_msg("%s: packet from %c", histories[i].what, step->from);
			if (verdict != PATH_REFUSED)
				path_take(&p, &from, step->at_us);
			if (!endpoint_eq(&p.current, &then))
				fail_msg("%s: after packet from %c", histories[i].what, step->from);
		}
	}
}

static void test_signalled_again(void **state)
{
	struct path p = {0};
	struct endpoint s = at('s'), a = at('a'), t = at('t');

	path_signal(&p, &s);
	path_take(&p, &a, 1);
	path_signal(&p, &s);
	assert_true(endpoint_eq(&p.current, &a));
	assert_true(p.locked);
	path_signal(&p, &t);
	assert_true(endpoint_eq(&p.current, &t));
	assert_false(p.locked);
	assert_int_equal(path_judge(&p, &a, 2, QUIET_US), PATH_REFUSED);
}

static void test_endpoints(void **state)
{
	static const struct {
		const char *address;
		int family;
		bool some;
	} table[] = {
		{"192.0.2.1:4000", AF_INET, true},      {"192.0.2.1:4000", AF_INET6, false},
		{"[2001:db8::1]:4000", AF_INET6, true}, {"[2001:db8::1]:4000", AF_INET, false},
		{"0.0.0.0:4000", AF_INET, false}, /* hold as RFC 2543 had it */
		{"[::]:4000", AF_INET6, false},
	};
	struct endpoint a, b;
	struct address address;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_true(address_parse_with_port(slice_from_string(table[i].address), &address));
		endpoint_from_address(&address, table[i].family, &a);
		assert_int_equal(a.n != 0, table[i].some);
		address.port = 0;
		endpoint_from_address(&address, table[i].family, &b);
		assert_int_equal(b.n, 0);
		assert_false(endpoint_same_host(&a, &b));
		if (!table[i].some)
			continue;
		address.port = 4001;
		endpoint_from_address(&address, table[i].family, &b);
		assert_false(endpoint_eq(&a, &b));
		assert_true(endpoint_same_host(&a, &b));
		address.ip[15] ^= 1;
		endpoint_from_address(&address, table[i].family, &b);
		assert_false(endpoint_same_host(&a, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_signalled_again),
		cmocka_unit_test(test_endpoints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
