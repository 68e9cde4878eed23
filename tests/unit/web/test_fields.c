/* test_fields.c - bodies: what each field may be, at its limits and one past, and how a refusal reads */
#include "support/guard.h"
#include "support/test.h"
#include "web/fields.h"
#include "web/limits.h"

typedef bool (*check_fn)(struct slice);

static void values_are_checked(void **state)
{
	static const struct {
		check_fn check;
		const char *value;
		bool good;
	} table[] = {
		{web_is_tenant_name, "a", true},
		{web_is_tenant_name, "acme-2", true},
		{web_is_tenant_name, "", false},
		{web_is_tenant_name, "Acme", false},
		{web_is_tenant_name, "a.b", false},
		{web_is_tenant_name, "a/b", false},
		{web_is_domain, "example.com", true},
		{web_is_domain, "EXAMPLE.com", true},
		{web_is_domain, "localhost", true},
		{web_is_domain, "", false},
		{web_is_domain, "example.com.", false},
		{web_is_domain, ".example", false},
		{web_is_domain, "a..b", false},
		{web_is_domain, "-a.b", false},
		{web_is_domain, "a-.b", false},
		{web_is_domain, "a_b", false},
		{web_is_domain, "a b", false},
		{web_is_extension, "20", true},
		{web_is_extension, "0123456789", true},
		{web_is_extension, "2", false},
		{web_is_extension, "01234567890", false},
		{web_is_extension, "2a", false},
		{web_is_extension, "+2", false},
		{web_is_login, "a.b_c-1", true},
		{web_is_login, "A", false},
		{web_is_login, "", false},
		{web_is_display_name, "Zo\xc3\xab O'Brien", true},
		{web_is_display_name, "", false},
		{web_is_display_name, "a\nb", false},
		{web_is_display_name, "a\x7f", false},
		{web_is_display_name, "a\xc2\x85z", false},
		{web_is_display_name, "a\xc2\xa0z", true},
		{web_is_display_name, "\xe7\x95\xb0\xe9\xab\x94 \xd9\x85", true},
		{web_is_display_name, " ", false},
		{web_is_display_name, "\xc2\xa0\xe3\x80\x80\xe2\xa0\x80", false},
		{web_is_display_name,
		 "a\xc2\xad"
		 "b",
		 false},                                       /* U+00AD */
		{web_is_display_name, "a\xd8\x9c", false},     /* U+061C */
		{web_is_display_name, "a\xe1\x85\x9f", false}, /* U+115F */
		{web_is_display_name, "a\xe2\x80\x8b", false}, /* U+200B */
		{web_is_display_name,
		 "a\xe2\x80\x8f"
		 "b",
		 false}, /* U+200F */
		{web_is_display_name,
		 "a\xe2\x80\x90"
		 "b",
		 true}, /* U+2010 */
		{web_is_display_name,
		 "a\xe2\x80\xa7"
		 "b",
		 true}, /* U+2027 */
		{web_is_display_name,
		 "a\xe2\x80\xa8"
		 "b",
		 false}, /* U+2028 */
		{web_is_display_name,
		 "a\xe2\x80\xae"
		 "b",
		 false}, /* U+202E */
		{web_is_display_name,
		 "a\xe2\x80\xaf"
		 "b",
		 true}, /* U+202F */
		{web_is_display_name,
		 "a\xe2\x81\xa6"
		 "b",
		 false}, /* U+2066 */
		{web_is_display_name,
		 "a\xe2\x81\xb0"
		 "b",
		 true},                                       /* U+2070 */
		{web_is_display_name, "\xe3\x85\xa4", false}, /* U+3164 */
		{web_is_display_name,
		 "\xef\xbb\xbf"
		 "a",
		 false},                                           /* U+FEFF */
		{web_is_display_name, "a\xf3\xa0\x80\xa1", false}, /* U+E0021 */
		{web_is_display_name, "\xf0\x9f\x98\x80", true},   /* U+1F600 */
		{web_is_display_name, "a\xed\xa0\x80", false},     /* a surrogate: no UTF-8 */
		{web_is_display_name, "a\xf0\x9f\x98", false},     /* cut off */
		/* U+200C between Persian letters, U+200D behind a virama; not in Latin, not at an end, not twice */
		{web_is_display_name, "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", true},
		{web_is_display_name, "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7", true},
		{web_is_display_name, "An\xe2\x80\x8dna", false},
		{web_is_display_name,
		 "\xd9\x85\xe2\x80\x8c"
		 "a",
		 false},
		{web_is_display_name, "\xe2\x80\x8c\xd9\x85", false},
		{web_is_display_name, "\xd9\x85\xe2\x80\x8c", false},
		{web_is_display_name, "\xd9\x85\xe2\x80\x8c\xe2\x80\x8c\xd9\x85", false},
		/* a form of an ideograph, a sign in colours and joined with another; none of a Latin letter */
		{web_is_display_name, "\xe8\x91\x9b\xf3\xa0\x84\x80", true},
		{web_is_display_name, "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5", true},
		{web_is_display_name, "a\xef\xb8\x8f", false},
		{web_is_display_name, "\xef\xb8\x8f", false},
		{web_is_display_name, "\xe1\xa0\xa0\xe1\xa0\x8b", true},
		{web_is_display_name, "a\xe1\xa0\x8b", false},
		{web_is_device_name, "Desk-1", true},
		{web_is_device_name, "desk 1", false},
		{web_is_username, "abc", true},
		{web_is_username, "ab", false},
		{web_is_username, "a@b", false},
		{web_is_username, "a\"b", false},
		{web_is_password, "12345678", true},
		{web_is_password, "1234567", false},
		{web_is_password, "1234567\t", false},
		{web_is_role, "supervisor", true},
		{web_is_role, "provider", true},
		{web_is_role, "", false},
		{web_is_digest, "sha-256", true},
		{web_is_digest, "SHA-256", false},
		{web_is_srtp, "sdes", true},
		{web_is_srtp, "on", false},
		{web_is_srtp, "dtls", false},
		{web_is_device_srtp, "dtls", true},
		{web_is_device_srtp, "off", true},
		{web_is_device_srtp, "on", false},
		{web_is_host_port, "op.example", true},
		{web_is_host_port, "op.example:5070", true},
		{web_is_host_port, "192.0.2.1:65535", true},
		{web_is_host_port, "2001:db8::1", true},
		{web_is_host_port, "[2001:db8::1]", true},
		{web_is_host_port, "[2001:db8::1]:5061", true},
		{web_is_host_port, "op.example:", false},
		{web_is_host_port, "op.example:0", false},
		{web_is_host_port, "op.example:65536", false},
		{web_is_host_port, ":5060", false},
		{web_is_host_port, "[op.example]:5060", false},
		{web_is_host_port, "[2001:db8::1", false},
		{web_is_host_port, "[]:1", false},
		{web_is_host_port, "sip:op.example", false},
		{web_is_host_port, "op.example;a", false},
		{web_is_host_port, "", false},
		{web_is_sources, "192.0.2.0/24,198.51.100.7, 2001:db8::/32", true},
		{web_is_sources, "10.0.0.0/16", true},
		{web_is_sources, "10.0.0.0/15", false},
		{web_is_sources, "2001:da8::/31", false},
		{web_is_sources, "0.0.0.0/0", false},
		{web_is_sources, "192.0.2.1/24", false},
		{web_is_sources, "op.example", false},
		{web_is_sources, "", false},
		{web_is_address_port, "192.0.2.1:5060", true},
		{web_is_address_port, "192.0.2.1", false},
		{web_is_trunk_transport, "udp", true},
		{web_is_trunk_transport, "wss", false},
		{web_is_number, "+33142685300", true},
		{web_is_number, "33142685300", false},
		{web_is_keepalive, "crlf", true},
		{web_is_keepalive, "options", true},
		{web_is_keepalive, "off", true},
		{web_is_keepalive, "CRLF", false},
		{web_is_id, "0192f5a0-1234-7abc-8def-0123456789ab", true},
		{web_is_id, "0192f5a0-1234-7abc-8def-0123456789aB", false},
		{web_is_id, "0192f5a0-1234-7abc-8def-0123456789a", false},
		{web_is_id, "0192f5a0+1234-7abc-8def-0123456789ab", false},
		{web_is_id, "", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice copy = guard_slice(slice_from_string(table[i].value));
		if (table[i].check(copy) != table[i].good)
			fail_msg("line %zu of the table: \"%s\"", i, table[i].value);
		guard_free(copy.p);
	}
}

static void lengths_have_limits(void **state)
{
	static const struct {
		check_fn check;
		size_t max;
	} table[] = {{web_is_tenant_name, 63}, {web_is_login, 64},    {web_is_display_name, 128},
		     {web_is_device_name, 64}, {web_is_username, 64}, {web_is_password, WEB_PASSWORD_MAX},
		     {web_is_reference, 64},   {web_is_extension, 10}};
	char text[160];
	memset(text, '1', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_true(table[i].check(slice_of(text, table[i].max)));
		assert_false(table[i].check(slice_of(text, table[i].max + 1)));
	}
	/* Labels of 63, 253 in all: 63.63.63.61 */
	char domain[260];
	memset(domain, 'a', sizeof(domain));
	domain[63] = domain[127] = domain[191] = '.';
	assert_true(web_is_domain(slice_of(domain, 253)));
	assert_false(web_is_domain(slice_of(domain, 254)));
	assert_true(web_is_domain(slice_of(domain, 63)));
	domain[63] = 'a';
	assert_false(web_is_domain(slice_of(domain, 64)));
}

enum kind { TENANT, CHANGE, USER, DEVICE, TRUNK, NUMBER, MOVE };

static int read_as(enum kind kind, const char *text, struct web_problem *reterr)
{
	json_t *body = NULL;
	struct slice copy = guard_slice(slice_from_string(text));
	int rc = web_body_parse(copy, &body, reterr);
	struct web_tenant_fields t;
	struct web_user_fields u;
	struct web_device_fields d;
	struct web_trunk_fields trunk;
	struct web_number_fields number;
	if (rc == 0 && kind == TENANT)
		rc = web_tenant_read(body, WEB_WHOLE, &t, reterr);
	else if (rc == 0 && kind == CHANGE)
		rc = web_tenant_read(body, WEB_PART, &t, reterr);
	else if (rc == 0 && kind == USER)
		rc = web_user_read(body, WEB_WHOLE, &u, reterr);
	else if (rc == 0 && kind == DEVICE)
		rc = web_device_read(body, WEB_WHOLE, &d, reterr);
	else if (rc == 0 && kind == TRUNK)
		rc = web_trunk_read(body, WEB_WHOLE, &trunk, reterr);
	else if (rc == 0 && kind == NUMBER)
		rc = web_number_read(body, WEB_WHOLE, &number, reterr);
	else if (rc == 0)
		rc = web_number_read(body, WEB_PART, &number, reterr);
	json_decref(body);
	guard_free(copy.p);
	return rc;
}

static void bodies_are_refused_by_field(void **state)
{
	static const struct {
		enum kind kind;
		const char *text, *code, *field;
	} table[] = {
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\"}", NULL, NULL},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":1000000}", NULL, NULL},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":null}", NULL, NULL},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":1000001}", "invalid-field", "lines"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":-1}", "invalid-field", "lines"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":1.5}", "invalid-field", "lines"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines\":\"3\"}", "invalid-field", "lines"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines_bought\":1000000}", NULL, NULL},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"lines_bought\":1000001}", "invalid-field",
		 "lines_bought"},
		{TENANT, "{\"name\":\"a\"}", "missing-field", "domain"},
		{TENANT, "{\"name\":null,\"domain\":\"b.c\"}", "missing-field", "name"},
		{TENANT, "{\"name\":1,\"domain\":\"b.c\"}", "invalid-field", "name"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"color\":1}", "unknown-field", "color"},
		{TENANT, "{\"name\":\"a\",\"domain\":\"b.c\",\"<b>\":1}", "unknown-field", ""},
		{TENANT, "{\"name\":\"a\",\"name\":\"b\",\"domain\":\"b.c\"}", "bad-json", ""},
		{TENANT, "", "bad-json", ""},
		{TENANT, "[]", "bad-json", ""},
		{TENANT, "{", "bad-json", ""},
		{TENANT, "{} {}", "bad-json", ""},
		{TENANT, "{\"name\":\"\\u0000\",\"domain\":\"b.c\"}", "bad-json", ""},
		{TENANT, "{\"name\":\"\xff\",\"domain\":\"b.c\"}", "bad-json", ""},
		{CHANGE, "{\"lines\":0}", NULL, NULL},
		{CHANGE, "{}", NULL, NULL},
		{CHANGE, "{\"lines\":1,\"domain\":\"x.y\"}", NULL, NULL},
		{CHANGE, "{\"lines\":1,\"id\":\"x\"}", "unknown-field", "id"},
		{USER, "{\"tenant\":\"a\",\"login\":\"b\",\"extension\":\"20\",\"name\":\"B\"}", NULL, NULL},
		{USER, "{\"tenant\":\"a\",\"login\":\"b\",\"extension\":20,\"name\":\"B\"}", "invalid-field",
		 "extension"},
		{USER, "{\"tenant\":\"a\",\"login\":\"b\",\"extension\":\"20\",\"name\":\"B\",\"role\":\"root\"}",
		 "invalid-field", "role"},
		{DEVICE, "{\"tenant\":\"a\",\"user\":\"b\",\"name\":\"c\"}", NULL, NULL},
		{DEVICE, "{\"tenant\":\"a\",\"user\":\"b\",\"name\":\"c\",\"password\":\"1234567\"}", "invalid-field",
		 "password"},
		{DEVICE, "{\"tenant\":\"a\",\"user\":\"b\",\"name\":\"c\",\"srtp\":\"on\"}", "invalid-field", "srtp"},
		{TRUNK, "{\"name\":\"op\",\"host\":\"op.example\"}", NULL, NULL},
		{TRUNK, "{\"tenant\":\"a\",\"name\":\"op\"}", "missing-field", "host"},
		{TRUNK, "{\"name\":\"op\",\"host\":\"op.example\",\"from\":\"1.2.3.4/8\"}", "invalid-field", "from"},
		{TRUNK, "{\"name\":\"op\",\"host\":\"op.example\",\"transport\":\"ws\"}", "invalid-field", "transport"},
		{NUMBER, "{\"tenant\":\"a\",\"number\":\"+33142685300\",\"user\":\"b\"}", NULL, NULL},
		{NUMBER, "{\"tenant\":\"a\",\"number\":\"0142685300\",\"user\":\"b\"}", "invalid-field", "number"},
		{NUMBER, "{\"tenant\":\"a\",\"number\":\"+33142685300\"}", "missing-field", "user"},
		{NUMBER, "{\"tenant\":\"a\",\"number\":\"+33142685300\",\"flow\":\"main\"}", "invalid-field", "flow"},
		{MOVE, "{\"user\":\"b\"}", NULL, NULL},
		{MOVE, "{\"number\":\"+33142685301\",\"user\":\"b\"}", "unknown-field", "number"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct web_problem p = {.field = "?"};
		int rc = read_as(table[i].kind, table[i].text, &p);
		if ((rc != 0) != (table[i].code != NULL))
			fail_msg("%s: %s", table[i].text, p.detail);
		if (!table[i].code)
			continue;
		assert_string_equal(web_problem_name(p.code), table[i].code);
		assert_string_equal(p.field, table[i].field);
		assert_int_equal(p.schema != NULL, p.code == WEB_INVALID_FIELD);
		if (p.schema && table[i].kind == USER)
			assert_string_equal(p.schema, "User");
		assert_int_equal(web_problem_status(p.code), 400);
	}
}

static void hosts_come_apart(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} table[] = {{"op.example", "op.example", 0},
		     {"op.example:5070", "op.example", 5070},
		     {"2001:db8::1", "2001:db8::1", 0},
		     {"[2001:db8::1]", "2001:db8::1", 0},
		     {"[2001:db8::1]:5061", "2001:db8::1", 5061}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice host;
		uint16_t port;
		assert_true(web_host_port(slice_from_string(table[i].text), &host, &port));
		assert_slice(host, table[i].host);
		assert_int_equal(port, table[i].port);
	}
}

/* A password that is refused, or that stands in broken JSON, is not in the answer. */
static void a_refusal_does_not_repeat_secrets(void **state)
{
	struct web_problem p;
	assert_int_not_equal(read_as(DEVICE, "{\"password\":\"hunter\"}", &p), 0);
	assert_null(strstr(p.detail, "hunter"));
	assert_int_not_equal(read_as(DEVICE, "{\"password\":\"hunter22\"", &p), 0);
	assert_null(strstr(p.detail, "hunter22"));
}

static void bodies_have_a_limit(void **state)
{
	char *text = malloc(WEB_BODY_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', WEB_BODY_MAX + 1);
	text[0] = '{';
	text[1] = '}';
	json_t *body = NULL;
	struct web_problem p;
	assert_int_equal(web_body_parse(slice_of(text, WEB_BODY_MAX), &body, &p), 0);
	json_decref(body);
	assert_int_not_equal(web_body_parse(slice_of(text, WEB_BODY_MAX + 1), &body, &p), 0);
	assert_int_equal(web_problem_status(p.code), 413);
	free(text);
}

static void every_problem_has_a_status_and_a_code(void **state)
{
	for (int i = 0; i < WEB_PROBLEM_COUNT; i++) {
		int status = web_problem_status((enum web_problem_code)i);
		assert_in_range(status, 400, 599);
		assert_string_not_equal(web_status_title(status), "Error");
		assert_non_null(web_problem_name((enum web_problem_code)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(lengths_have_limits),
		cmocka_unit_test(bodies_are_refused_by_field),
		cmocka_unit_test(hosts_come_apart),
		cmocka_unit_test(a_refusal_does_not_repeat_secrets),
		cmocka_unit_test(bodies_have_a_limit),
		cmocka_unit_test(every_problem_has_a_status_and_a_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
