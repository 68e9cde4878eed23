/* Tests of net/dns_message.c: what is read of answers, whole, cut off, and written to deceive. */
#include "unit/net/dns_zone.h"

#include "support/guard.h"

static char bytes[65536];
static struct writer w;
static struct dns_answer answer;

static void begin(const char *name, enum dns_type type, unsigned answers, unsigned authorities)
{
	w = writer_on(bytes, sizeof(bytes));
	zone_head(&w, 1, 0x8180, answers, authorities);
	zone_question(&w, name, type);
}

static void add(const char *name, enum dns_type type, uint32_t ttl_s, const char *data)
{
	zone_record_write(&w, &(struct zone_record){name, type, ttl_s, data});
}

/* As it is, at the end of readable memory. */
static enum dns_parse parse(const char *name, enum dns_type type)
{
	struct slice copy = guard_slice(writer_slice(&w));
	enum dns_parse rc = dns_message_parse(copy, slice_from_string(name), type, &answer);
	guard_free(copy.p);
	return rc;
}

static void assert_text(struct slice s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void test_addresses(void **state)
{
	struct address a;
	begin("a.example", DNS_A, 3, 0);
	add("a.example", DNS_A, 300, "192.0.2.1");
	add("b.example", DNS_A, 5, "192.0.2.9"); /* of somebody else */
	add("A.Example", DNS_A, 200, "192.0.2.2");
	assert_int_equal(parse("a.example", DNS_A), DNS_OK);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl_s, 200);
	assert_true(address_parse(SLICE("192.0.2.2"), &a) && address_eq(&a, &answer.of[1].address));

	begin("a.example", DNS_AAAA, 1, 0);
	add("a.example", DNS_AAAA, 1, "2001:db8::7");
	assert_int_equal(parse("a.example", DNS_AAAA), DNS_OK);
	assert_true(address_parse(SLICE("2001:db8::7"), &a) && address_eq(&a, &answer.of[0].address));
}

static void test_services(void **state)
{
	begin("_sip._udp.x.example", DNS_SRV, 3, 0);
	add("_sip._udp.x.example", DNS_SRV, 30, "10 60 5070 One.Example");
	add("_sip._udp.x.example", DNS_SRV, 30, "20 0 5060 .");
	add("_sip._udp.x.example", DNS_SRV, 30, "30 0 5060 not*a*host.example");
	assert_int_equal(parse("_sip._udp.x.example", DNS_SRV), DNS_OK);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.of[0].srv.priority, 10);
	assert_int_equal(answer.of[0].srv.weight, 60);
	assert_int_equal(answer.of[0].srv.port, 5070);
	assert_text(answer.of[0].srv.target, "one.example");
	assert_text(answer.of[1].srv.target, "");

	begin("x.example", DNS_NAPTR, 2, 0);
	add("x.example", DNS_NAPTR, 30, "50 60 s SIP+D2T _sip._tcp.x.example");
	add("x.example", DNS_NAPTR, 30, "50 60 u SIP+E2U !^.*$!sip:a@b!");
	assert_int_equal(parse("x.example", DNS_NAPTR), DNS_OK);
	assert_int_equal(answer.count, 1); /* an expression is nothing for us */
	assert_int_equal(answer.of[0].naptr.order, 50);
	assert_int_equal(answer.of[0].naptr.preference, 60);
	assert_text(answer.of[0].naptr.flags, "s");
	assert_text(answer.of[0].naptr.service, "SIP+D2T");
	assert_text(answer.of[0].naptr.replacement, "_sip._tcp.x.example");
}

static void test_aliases(void **state)
{
	char name[16], next[16];
	/* In no order; the alias that runs out first decides. */
	begin("a.example", DNS_A, 3, 0);
	add("c.example", DNS_A, 300, "192.0.2.1");
	add("b.example", ZONE_CNAME, 20, "c.example");
	add("a.example", ZONE_CNAME, 200, "b.example");
	assert_int_equal(parse("a.example", DNS_A), DNS_OK);
	assert_int_equal(answer.ttl_s, 20);

	for (unsigned chain = DNS_ALIASES_MAX; chain <= DNS_ALIASES_MAX + 1; chain++) {
		begin("a0", DNS_A, chain + 1, 0);
		for (unsigned i = 0; i < chain; i++) {
			snprintf(name, sizeof(name), "a%u", i);
			snprintf(next, sizeof(next), "a%u", i + 1);
			add(name, ZONE_CNAME, 60, next);
		}
		add(next, DNS_A, 60, "192.0.2.1");
		assert_int_equal(parse("a0", DNS_A), chain == DNS_ALIASES_MAX ? DNS_OK : DNS_NONE);
	}
	begin("a.example", DNS_A, 2, 0);
	add("a.example", ZONE_CNAME, 60, "b.example");
	add("b.example", ZONE_CNAME, 60, "a.example");
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
}

static void test_nothing(void **state)
{
	begin("a.example", DNS_A, 0, 1);
	add("example", ZONE_SOA, 900, "60");
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
	assert_int_equal(answer.ttl_s, 60);
	assert_int_equal(answer.count, 0);
	begin("a.example", DNS_A, 1, 1);
	add("a.example", ZONE_CNAME, 900, "b.example");
	add("example", ZONE_SOA, 30, "60");
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
	assert_int_equal(answer.ttl_s, 30);
	begin("a.example", DNS_A, 0, 1);
	add("example", ZONE_SOA, 90000, "90000");
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
	assert_int_equal(answer.ttl_s, DNS_NEGATIVE_MAX_S);
	begin("a.example", DNS_A, 0, 0);
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
	assert_int_equal(answer.ttl_s, 0);
}

static void test_times(void **state)
{
	static const struct {
		uint32_t ttl_s, kept_s;
	} rows[] = {{0, 0},
		    {DNS_TTL_MAX_S, DNS_TTL_MAX_S},
		    {DNS_TTL_MAX_S + 1, DNS_TTL_MAX_S},
		    {INT32_MAX, DNS_TTL_MAX_S},
		    {UINT32_C(0x80000000), 0}}; /* RFC 2181 §8 */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin("a", DNS_A, 1, 0);
		add("a", DNS_A, rows[i].ttl_s, "192.0.2.1");
		assert_int_equal(parse("a", DNS_A), DNS_OK);
		assert_int_equal(answer.ttl_s, rows[i].kept_s);
	}
}

static void test_refused(void **state)
{
	static const struct {
		unsigned flags;
		enum dns_parse rc;
	} rows[] = {{0x8180, DNS_OK},    {0x0180, DNS_BAD},   {0x8380, DNS_BAD},
		    {0x8182, DNS_ERROR}, {0x8185, DNS_ERROR}, {0x8183, DNS_OK}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		w = writer_on(bytes, sizeof(bytes));
		zone_head(&w, 1, rows[i].flags, 1, 0);
		zone_question(&w, "a", DNS_A);
		add("a", DNS_A, 60, "192.0.2.1");
		assert_int_equal(parse("a", DNS_A), rows[i].rc);
	}
	/* Another question than ours. */
	begin("b", DNS_A, 1, 0);
	add("a", DNS_A, 60, "192.0.2.1");
	assert_int_equal(parse("a", DNS_A), DNS_BAD);
	begin("a", DNS_AAAA, 1, 0);
	add("a", DNS_A, 60, "192.0.2.1");
	assert_int_equal(parse("a", DNS_A), DNS_BAD);
}

/* An address of five bytes, and so on: the record is left out, the others are read. */
static void test_odd_records(void **state)
{
	begin("a", DNS_A, 2, 0);
	zone_name(&w, "a");
	zone_u16(&w, DNS_A);
	zone_u16(&w, 1);
	zone_u32(&w, 60);
	zone_u16(&w, 5);
	write_string(&w, "12345");
	add("a", DNS_A, 60, "192.0.2.1");
	assert_int_equal(parse("a", DNS_A), DNS_OK);
	assert_int_equal(answer.count, 1);

	/* A target that goes on behind its record's end. */
	begin("a", DNS_SRV, 1, 0);
	zone_name(&w, "a");
	zone_u16(&w, DNS_SRV);
	zone_u16(&w, 1);
	zone_u32(&w, 60);
	zone_u16(&w, 9);
	zone_u32(&w, 0);
	zone_u16(&w, 5060);
	write_char(&w, 7);
	write_string(&w, "example");
	write_char(&w, 0);
	assert_int_equal(parse("a", DNS_SRV), DNS_NONE);
}

static void compressed(unsigned pointer)
{
	w = writer_on(bytes, sizeof(bytes));
	zone_head(&w, 1, 0x8180, 1, 0);
	zone_question(&w, "a.example", DNS_A); /* at 12; "example" at 14 */
	zone_u16(&w, 0xc000 | pointer);
	zone_u16(&w, DNS_A);
	zone_u16(&w, 1);
	zone_u32(&w, 60);
	zone_u16(&w, 4);
	zone_u32(&w, 1);
}

static void test_pointers(void **state)
{
	compressed(12);
	assert_int_equal(parse("a.example", DNS_A), DNS_OK);
	compressed(14); /* "example": another name */
	assert_int_equal(parse("a.example", DNS_A), DNS_NONE);
	/* To itself, forward, behind the end. */
	static const unsigned bad[] = {27, 28, 40, 0x3fff};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		compressed(bad[i]);
		assert_int_equal(parse("a.example", DNS_A), DNS_BAD);
	}
	/* Two that point at each other, in the question. */
	w = writer_on(bytes, sizeof(bytes));
	zone_head(&w, 1, 0x8180, 0, 0);
	zone_u16(&w, 0xc00e);
	zone_u16(&w, 0xc00c);
	zone_u32(&w, 0);
	assert_int_equal(parse("a", DNS_A), DNS_BAD);
}

static void test_long_names(void **state)
{
	char name[300];
	for (size_t n = 250; n < 257; n++) {
		memset(name, 'x', n);
		name[n] = '\0';
		for (size_t i = 63; i < n; i += 64)
			name[i] = '.';
		char text[DNS_NAME_CAP];
		assert_int_equal(dns_name_parse(slice_from_string(name), text), n <= 253);
		begin("a", DNS_SRV, 1, 0);
		char data[320];
		snprintf(data, sizeof(data), "1 1 1 %s", name);
		add("a", DNS_SRV, 60, data);
		enum dns_parse rc = parse("a", DNS_SRV);
		if (n <= 253)
			assert_text(answer.of[0].srv.target, name);
		if (n > 254)
			assert_int_equal(rc, DNS_NONE);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *text, *name; /* NULL: refused */
	} rows[] = {{"Example.COM", "example.com"},
		    {"example.com.", "example.com"},
		    {"_sip._udp.a-b.c", "_sip._udp.a-b.c"},
		    {"", NULL},
		    {".", NULL},
		    {"a..b", NULL},
		    {".a", NULL},
		    {"a b", NULL},
		    {"a\xc3\xa9", NULL},
		    {"a/b", NULL},
		    {"a:5060", NULL}};
	char name[DNS_NAME_CAP];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(dns_name_parse(slice_from_string(rows[i].text), name), rows[i].name != NULL);
		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
	}
	char label[80];
	for (size_t n = 63; n <= 64; n++) {
		memset(label, 'a', n);
		assert_int_equal(dns_name_parse(slice_of(label, n), name), n == 63);
	}
}

static void test_many_records(void **state)
{
	begin("a", DNS_A, DNS_RECORDS_MAX + 1, 0);
	for (unsigned i = 0; i <= DNS_RECORDS_MAX; i++)
		add("a", DNS_A, 60, "192.0.2.1");
	assert_int_equal(parse("a", DNS_A), DNS_OK);
	assert_int_equal(answer.count, DNS_RECORDS_MAX);
	for (unsigned others = DNS_SCANNED_MAX - 1; others <= DNS_SCANNED_MAX; others++) {
		begin("a", DNS_A, others + 1, 0);
		for (unsigned i = 0; i < others; i++)
			add("b", DNS_A, 60, "192.0.2.1");
		add("a", DNS_A, 60, "192.0.2.1");
		assert_int_equal(parse("a", DNS_A), others < DNS_SCANNED_MAX ? DNS_OK : DNS_NONE);
	}
	/* More text than is kept: some are left out, all that is there is whole. */
	begin("a", DNS_SRV, 20, 0);
	for (unsigned i = 0; i < 20; i++) {
		char data[320];
		snprintf(data, sizeof(data), "1 1 1 %0*u.%060u.%060u.%02u", 60, i, i, i, i);
		add("a", DNS_SRV, 60, data);
	}
	assert_int_equal(parse("a", DNS_SRV), DNS_OK);
	assert_int_equal(answer.count, DNS_TEXT_MAX / 185);
	for (size_t i = 0; i < answer.count; i++)
		assert_int_equal(answer.of[i].srv.target.n, 185);
}

/* Every beginning of a message with everything in it: an answer or none, never a byte behind the end. */
static void test_cut_off(void **state)
{
	begin("x.example", DNS_NAPTR, 3, 1);
	add("x.example", ZONE_CNAME, 60, "y.example");
	add("y.example", DNS_NAPTR, 30, "50 60 s SIP+D2T _sip._tcp.x.example");
	add("y.example", DNS_SRV, 30, "50 60 1 x.example");
	add("example", ZONE_SOA, 30, "60");
	size_t whole = w.n;
	for (size_t n = 0; n <= whole; n++) {
		w.n = n;
		enum dns_parse rc = parse("x.example", DNS_NAPTR);
		assert_true(rc == DNS_BAD || rc == DNS_OK);
		if (n == whole)
			assert_int_equal(rc, DNS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),    cmocka_unit_test(test_services),
		cmocka_unit_test(test_aliases),      cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_times),        cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd_records),  cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_long_names),   cmocka_unit_test(test_names),
		cmocka_unit_test(test_many_records), cmocka_unit_test(test_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
