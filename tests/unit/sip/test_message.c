/* The pass over a message and the check after it, line by line and limit by limit. */
#include "unit/sip/parsed.h"

#define HEAD                                                                                                           \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"                                                               \
	"From: <sip:ann@example.org>;tag=a\r\n"                                                                        \
	"To: <sip:bob@example.org>\r\n"                                                                                \
	"Call-ID: 1@192.0.2.1\r\n"                                                                                     \
	"CSeq: 1 OPTIONS\r\n"
#define START "OPTIONS sip:bob@example.org SIP/2.0\r\n"

static void request_is_read(void **state)
{
	struct parsed x;
	parsed_init(&x, SLICE("INVITE sip:bob@example.org;user=phone SIP/2.0\r\n"
			      "v: SIP/2.0/TLS a.example.org:5061;branch=z9hG4bK1;rport\r\n"
			      "FROM :  \"Ann\" <sip:ann@example.org>;tag=88  \r\n"
			      "t:<sip:bob@example.org>\r\n"
			      "i: x@y\r\n"
			      "CSeq: 7 INVITE\r\n"
			      "X-Other: \r\n"
			      "Supported: 100rel\r\n"
			      "k: timer,\r\n\tpath\r\n"
			      "Content-Length: 5\r\n"
			      "\r\n"
			      "v=0\r\nand more"));
	assert_int_equal(x.check, SIP_OK);
	assert_true(x.msg.is_request);
	assert_int_equal(x.msg.method, SIP_INVITE);
	assert_slice(x.msg.method_text, "INVITE");
	assert_slice(x.msg.request_uri, "sip:bob@example.org;user=phone");
	assert_int_equal(x.msg.field_count, 9);
	assert_slice(sip_field_value(&x.msg, SIP_FROM), "\"Ann\" <sip:ann@example.org>;tag=88");
	assert_slice(sip_field_value(&x.msg, SIP_TO), "<sip:bob@example.org>");
	const struct sip_field *supported = sip_field_first(&x.msg, SIP_SUPPORTED);
	assert_slice(supported->value, "100rel");
	supported = sip_field_next(&x.msg, supported);
	assert_slice(supported->name, "k");
	assert_slice(supported->value, "timer,  \tpath");
	assert_null(sip_field_next(&x.msg, supported));
	const struct sip_field *other = sip_field_first(&x.msg, SIP_OTHER_FIELD);
	assert_slice(other->name, "X-Other");
	assert_int_equal(other->value.n, 0);
	assert_null(sip_field_first(&x.msg, SIP_CONTACT));
	assert_slice(x.msg.body, "v=0\r\n");
	parsed_done(&x);
}

static void response_is_read(void **state)
{
	struct parsed x;
	parsed_init(&x, SLICE("\r\n\r\nsip/2.0 486 Busy  Here\r\n" HEAD "\r\n"));
	assert_int_equal(x.check, SIP_OK);
	assert_false(x.msg.is_request);
	assert_int_equal(x.msg.status, 486);
	assert_slice(x.msg.reason, "Busy  Here");
	assert_int_equal(x.msg.method, SIP_OPTIONS); /* from CSeq */
	assert_slice(x.msg.method_text, "OPTIONS");
	assert_int_equal(x.msg.body.n, 0);
	parsed_done(&x);
}

static void start_lines(void **state)
{
	static const struct {
		const char *line;
		unsigned status;
	} cases[] = {
		{"OPTIONS sip:a@example.org SIP/2.0", 0},
		{"OPTIONS sip:a@example.org sip/2.0", 0},
		{"OPTIONS tel:+3315550100 SIP/2.0", 0},
		{"OPTIONS urn:service:sos SIP/2.0", 0},
		{"OPTIONS sip:a@example.org SIP/7.0", 505},
		{"OPTIONS sip:a@example.org SIP/2.00", 505},
		{"OPTIONS sip:a@example.org SIP/2", 400},
		{"OPTIONS sip:a@example.org HTTP/1.1", 400},
		{"OPTIONS sip:a@example.org", 400},
		{"OPTIONS  sip:a@example.org SIP/2.0", 400},
		{"OPTIONS sip:a@example.org  SIP/2.0", 400},
		{"OPTIONS sip:a@example.org SIP/2.0 ", 400},
		{" OPTIONS sip:a@example.org SIP/2.0", 400},
		{"OPT\"IONS sip:a@example.org SIP/2.0", 400},
		{"OPTIONS <sip:a@example.org> SIP/2.0", 400},
		{"OPTIONS sip: SIP/2.0", 400},
		{"OPTIONS sip:a@example.org?Route=%3Csip:b%3E SIP/2.0", 400},
		{"SIP/2.0 100 Trying", 0},
		{"SIP/2.0 699 ", 0},
		{"SIP/2.0 200", 0},
		{"SIP/2.0 099 Low", 400},
		{"SIP/2.0 700 High", 400},
		{"SIP/2.0 2000 Long", 400},
		{"SIP/2.0 20x OK", 400},
		{"SIP/3.0 200 OK", 505},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct writer w = writer_on(text, sizeof(text));
		write_string(&w, cases[i].line);
		write_string(&w, "\r\n" HEAD "\r\n");
		assert_verdict(writer_slice(&w), cases[i].status, NULL);
	}
}

static void line_ends(void **state)
{
	assert_verdict(SLICE(START HEAD "\r\n"), 0, NULL);
	assert_verdict(SLICE(START HEAD "X: a\nP-Asserted-Identity: <sip:1@example.org>\r\n\r\n"), 400,
		       "Line Not Ended By CRLF");
	assert_verdict(SLICE(START HEAD "X: a\rb\r\n\r\n"), 400, "Line Not Ended By CRLF");
	assert_verdict(SLICE(START HEAD "\n"), 400, "Line Not Ended By CRLF");
	assert_verdict(SLICE(START HEAD), 400, "Header Without End");
	assert_verdict(SLICE(START HEAD "X: a"), 400, "Header Without End");
	assert_verdict(SLICE(START HEAD "X: a\r\n "), 400, "Header Without End");
	assert_verdict(SLICE(START HEAD "X: a\r\n \r\n\t\r\n\r\n"), 0, NULL);
	assert_verdict(SLICE("\r\n\r\n"), 400, "Empty Message");
	assert_verdict(SLICE("\r"), 400, "Line Not Ended By CRLF");
	assert_verdict(SLICE(""), 400, "Empty Message");
}

static void field_names(void **state)
{
	assert_verdict(SLICE(START HEAD "No colon\r\n\r\n"), 400, "Bad Header Field Name");
	assert_verdict(SLICE(START HEAD ": no name\r\n\r\n"), 400, "Bad Header Field Name");
	assert_verdict(SLICE(START HEAD "Two words: x\r\n\r\n"), 400, "Bad Header Field Name");
	assert_verdict(SLICE(START " folded start line\r\n" HEAD "\r\n"), 400, "Bad Header Field Name");
	/* Each name in each case is its field, and a letter more is another. */
	for (unsigned id = SIP_ACCEPT; id < SIP_FIELD_COUNT; id++) {
		struct slice name = sip_field_name((enum sip_field_id)id);
		for (int form = 0; form < 4; form++) {
			char text[512];
			struct parsed x;
			struct writer w = writer_on(text, sizeof(text));
			write_string(&w, START);
			for (size_t i = 0; i < name.n; i++) {
				bool letter = name.p[i] >= 'A';
				write_char(&w, form == 1 && letter   ? name.p[i] & ~0x20
					       : form == 2 && letter ? name.p[i] | 0x20
								     : name.p[i]);
			}
			write_string(&w, form == 3 ? "x: 1\r\n\r\n" : " : 1\r\n\r\n");
			parsed_init(&x, writer_slice(&w));
			assert_int_equal(x.parse, SIP_OK);
			assert_int_equal(x.msg.fields[0].id, form == 3 ? SIP_OTHER_FIELD : id);
			assert_int_equal(x.msg.first[id], form == 3 ? 0 : 1);
			parsed_done(&x);
		}
	}
}

static void compact_names(void **state)
{
	static const struct {
		char letter;
		enum sip_field_id id;
	} forms[] = {
		{'a', SIP_OTHER_FIELD}, {'b', SIP_REFERRED_BY}, {'c', SIP_CONTENT_TYPE},    {'e', SIP_CONTENT_ENCODING},
		{'f', SIP_FROM},        {'i', SIP_CALL_ID},     {'k', SIP_SUPPORTED},       {'l', SIP_CONTENT_LENGTH},
		{'m', SIP_CONTACT},     {'o', SIP_EVENT},       {'r', SIP_REFER_TO},        {'t', SIP_TO},
		{'v', SIP_VIA},         {'V', SIP_VIA},         {'x', SIP_SESSION_EXPIRES}, {'z', SIP_OTHER_FIELD},
		{'_', SIP_OTHER_FIELD}, {'1', SIP_OTHER_FIELD}};
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct parsed x;
		char text[] = START "?: 0\r\n\r\n";
		text[sizeof(START) - 1] = forms[i].letter;
		parsed_init(&x, slice_from_string(text));
		assert_int_equal(x.parse, SIP_OK);
		assert_int_equal(x.msg.fields[0].id, forms[i].id);
		parsed_done(&x);
	}
}

static void words(void **state)
{
	for (unsigned m = SIP_INVITE; m < SIP_METHOD_COUNT; m++)
		assert_int_equal(sip_method_from(sip_method_name((enum sip_method)m)), m);
	assert_int_equal(sip_method_from(SLICE("invite")), SIP_OTHER_METHOD);
	assert_int_equal(sip_method_from(SLICE("INVITES")), SIP_OTHER_METHOD);
	assert_int_equal(sip_method_from(SLICE_NONE), SIP_OTHER_METHOD);
	assert_int_equal(sip_method_name(SIP_OTHER_METHOD).n, 0);
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {{100, "Trying"},
		     {180, "Ringing"},
		     {200, "OK"},
		     {401, "Unauthorized"},
		     {486, "Busy Here"},
		     {487, "Request Terminated"},
		     {505, "Version Not Supported"},
		     {608, "Rejected"},
		     {199, "Early Dialog Terminated"},
		     {150, "Progress"},
		     {499, "Client Error"},
		     {699, "Global Failure"},
		     {700, "Unknown"},
		     {99, "Unknown"}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_string_equal(sip_status_text(texts[i].status), texts[i].text);
}

static void required_fields(void **state)
{
	static const struct slice lines[] = {{"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n", 44},
					     {"From: <sip:ann@example.org>;tag=a\r\n", 35},
					     {"To: <sip:bob@example.org>\r\n", 27},
					     {"Call-ID: 1@192.0.2.1\r\n", 22},
					     {"CSeq: 1 OPTIONS\r\n", 17},
					     {"Max-Forwards: 70\r\n", 18},
					     {"Content-Length: 0\r\n", 19},
					     {"Content-Type: text/plain\r\n", 26},
					     {"User-Agent: x\r\n", 15},
					     {"Supported: timer\r\n", 18}};
	static const char *const missing[ARRAY_LEN(lines)] = {"Missing Via", "Missing From", "Missing To",
							      "Missing Call-ID", "Missing CSeq"};
	enum { TWICE_ALLOWED_FROM = 9 };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		for (int twice = 0; twice < 2; twice++) {
			char text[1024];
			struct writer w = writer_on(text, sizeof(text));
			write_string(&w, START);
			for (size_t j = 0; j < ARRAY_LEN(lines); j++) {
				if (j != i || twice)
					write_slice(&w, lines[j]);
				if (j == i && twice)
					write_slice(&w, lines[j]);
			}
			write_string(&w, "\r\n");
			bool good = twice ? i == 0 || i >= TWICE_ALLOWED_FROM : !missing[i];
			assert_verdict(writer_slice(&w), good ? 0 : 400,
				       good    ? NULL
				       : twice ? "Header Field Given Twice"
					       : missing[i]);
		}
	}
}

static void content_length(void **state)
{
	static const struct {
		const char *value;
		unsigned status;
		int body_n; /* of the four bytes there are */
	} cases[] = {{"0", 0, 0},
		     {"3", 0, 3},
		     {"4", 0, 4},
		     {"004", 0, 4},
		     {"5", 400, -1},
		     {"-1", 400, -1},
		     {"", 400, -1},
		     {"4;x", 400, -1},
		     {"+4", 400, -1},
		     {"4 0", 400, -1},
		     {"18446744073709551616", 400, -1},
		     {"99999999999999999999999", 400, -1}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[1024];
		struct parsed x;
		struct writer w = writer_on(text, sizeof(text));
		write_string(&w, START HEAD "Content-Length: ");
		write_string(&w, cases[i].value);
		write_string(&w, "\r\n\r\nbody");
		assert_verdict(writer_slice(&w), cases[i].status, NULL);
		parsed_init(&x, writer_slice(&w));
		if (cases[i].body_n >= 0)
			assert_int_equal(x.msg.body.n, cases[i].body_n);
		parsed_done(&x);
	}
	struct parsed x;
	parsed_init(&x, SLICE(START HEAD "\r\nbody")); /* a datagram without a length: all that follows (§18.3) */
	assert_int_equal(x.check, SIP_OK);
	assert_slice(x.msg.body, "body");
	parsed_done(&x);
}

static void numbers_and_call_id(void **state)
{
#define REST "Via: SIP/2.0/UDP a;branch=b\r\nFrom: sip:a@b;tag=1\r\nTo: sip:c@d\r\n"
	assert_verdict(SLICE(START REST "Call-ID: 1\r\nCSeq: 2147483647 OPTIONS\r\n\r\n"), 0, NULL);
	assert_verdict(SLICE(START REST "Call-ID: 1\r\nCSeq: 2147483648 OPTIONS\r\n\r\n"), 400, "Bad CSeq");
	assert_verdict(SLICE(START REST "Call-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"), 400, "CSeq Of Another Method");
	assert_verdict(SLICE(START REST "Call-ID: 1 2\r\nCSeq: 1 OPTIONS\r\n\r\n"), 400, "Bad Call-ID");
	assert_verdict(SLICE(START REST "Call-ID:\r\nCSeq: 1 OPTIONS\r\n\r\n"), 400, "Bad Call-ID");
	assert_verdict(SLICE(START HEAD "Max-Forwards: 255\r\n\r\n"), 0, NULL);
	assert_verdict(SLICE(START HEAD "Max-Forwards: 256\r\n\r\n"), 400, "Bad Max-Forwards");
	assert_verdict(SLICE(START HEAD "Max-Forwards: -1\r\n\r\n"), 400, "Bad Max-Forwards");
	assert_verdict(SLICE(START "Via: x\r\n" HEAD "\r\n"), 400, "Bad Via");
	assert_verdict(SLICE(START "Via:\r\n" HEAD "\r\n"), 400, "Bad Via");
#undef REST
}

/* §25.1: tag-param = "tag" EQUAL token */
static void tags_have_values(void **state)
{
	static const struct {
		const char *from, *to, *why;
	} cases[] = {
		{"sip:a@b;tag=1", "sip:c@d", NULL},
		{"sip:a@b", "sip:c@d;tag=2", NULL}, /* of RFC 2543 */
		{"sip:a@b;tag=1", "<sip:c@d;tag>", NULL},
		{"sip:a@b;tag", "sip:c@d", "Tag Without Value"},
		{"sip:a@b;tag=1", "<sip:c@d>;TAG;x=1", "Tag Without Value"},
		{"sip:a@b;tag=1", "<sip:c@d>;tag=\"\"", "Tag Without Value"},
		{"sip:a@b;tag=1", "<sip:c@d>;tag=", "Bad Header Parameter"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w,
			     START "Via: SIP/2.0/UDP a;branch=b\r\nFrom: %s\r\nTo: %s\r\nCall-ID: 1\r\n"
				   "CSeq: 1 OPTIONS\r\n\r\n",
			     cases[i].from, cases[i].to);
		assert_verdict(writer_slice(&w), cases[i].why ? 400 : 0, cases[i].why);
	}
}

static void limits(void **state)
{
	static char text[SIP_MESSAGE_MAX + 2];
	for (unsigned extra = 0; extra < 2; extra++) {
		struct writer w = writer_on(text, sizeof(text));
		write_string(&w, START HEAD);
		for (unsigned i = 5; i < SIP_FIELDS_MAX + extra; i++)
			write_string(&w, "Y: 1\r\n");
		write_string(&w, "\r\n");
		assert_verdict(writer_slice(&w), extra ? 513 : 0, NULL);

		w = writer_on(text, sizeof(text));
		write_string(&w, START HEAD "\r\n");
		while (w.n < SIP_MESSAGE_MAX + extra)
			write_char(&w, 'b');
		assert_verdict(writer_slice(&w), extra ? 513 : 0, NULL);

		/* Hops, one a line and all in one line. */
		w = writer_on(text, sizeof(text));
		write_string(&w, START HEAD);
		for (unsigned i = 1; i < SIP_VIA_MAX / 2; i++)
			write_string(&w, "Via: SIP/2.0/UDP h\r\n");
		write_string(&w, "Via: SIP/2.0/UDP h");
		for (unsigned i = SIP_VIA_MAX / 2 + 1; i < SIP_VIA_MAX + extra; i++)
			write_string(&w, ", SIP/2.0/UDP h;a=\",\"");
		write_string(&w, "\r\n\r\n");
		assert_verdict(writer_slice(&w), extra ? 483 : 0, NULL);
	}
}

/* What everybody asks for; of a refused message what could be read. */
static void heads(void **state)
{
	struct parsed x;
	struct sip_message copy;
	parsed_init(&x, SLICE("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h:1;branch=z9hG4bK1 , SIP/2.0/TCP i\r\n"
			      "From: <sip:c@d>;tag=e\r\nTo: Ann <sip:f@g>\r\nCall-ID: j\r\nCSeq: 7 OPTIONS\r\n\r\n"));
	assert_int_equal(x.check, SIP_OK);
	sip_message_copy(&x.msg, &copy);
	assert_slice(copy.via.text, "SIP/2.0/UDP h:1;branch=z9hG4bK1 ");
	assert_slice(copy.via.branch, "z9hG4bK1");
	assert_slice(copy.from.uri.user, "c");
	assert_slice(sip_address_tag(&copy.from), "e");
	assert_slice(copy.to.display, "Ann");
	assert_int_equal(copy.cseq.number, 7);
	assert_slice(copy.uri.host, "b");
	assert_slice(sip_field_value(&copy, SIP_CALL_ID), "j");
	parsed_done(&x);
	parsed_init(&x,
		    SLICE("OPTIONS a SIP/2.0\r\nVia: SIP/2.0/UDP\r\nFrom: <sip:c\r\nTo: *\r\nCSeq: x OPTIONS\r\n\r\n"));
	assert_true(slice_empty(x.msg.via.host) && slice_empty(x.msg.from.uri.text) && slice_empty(x.msg.to.uri.text));
	assert_true(slice_empty(x.msg.cseq.method_text) && slice_empty(x.msg.uri.text));
	parsed_done(&x);
}

static void refusal_keeps_what_an_answer_needs(void **state)
{
	struct parsed x;
	parsed_init(&x, SLICE("OPTIONS sip:a@b SIP/9.0\r\nbroken line\r\n" HEAD "\r\n"));
	assert_int_equal(x.parse, SIP_BAD);
	assert_int_equal(x.reason.status, 505); /* the first error, not the second */
	assert_slice(sip_field_value(&x.msg, SIP_VIA), "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1");
	assert_slice(sip_field_value(&x.msg, SIP_CSEQ), "1 OPTIONS");
	assert_int_equal(x.msg.field_count, 5);
	parsed_done(&x);
}

/* Cut short anywhere in its head a message is refused, and no byte behind the cut is read. */
static void every_prefix(void **state)
{
	static const char text[] = START HEAD "k: a,\r\n b\r\nContent-Length: 4\r\n\r\nbody";
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_verdict(slice_of(text, n), 400, NULL);
	assert_verdict(slice_of(text, sizeof(text) - 1), 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_read),
		cmocka_unit_test(response_is_read),
		cmocka_unit_test(start_lines),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(field_names),
		cmocka_unit_test(compact_names),
		cmocka_unit_test(words),
		cmocka_unit_test(required_fields),
		cmocka_unit_test(content_length),
		cmocka_unit_test(numbers_and_call_id),
		cmocka_unit_test(limits),
		cmocka_unit_test(heads),
		cmocka_unit_test(refusal_keeps_what_an_answer_needs),
		cmocka_unit_test(tags_have_values),
		cmocka_unit_test(every_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
