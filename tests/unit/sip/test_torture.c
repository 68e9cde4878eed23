/* The messages of RFC 4475, each read, and the fields that it asks for. What is answered: sim/test_torture.c */
#include "unit/sip/parsed.h"
#include "unit/sip/torture.h"

static const struct torture *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(torture_messages); i++)
		if (strcmp(torture_messages[i].name, name) == 0)
			return &torture_messages[i];
	fail();
	return NULL;
}

static void verdict(void **state)
{
	const struct torture *t = *state;
	if (t->way != TORTURE_CONTACT) {
		assert_verdict(t->text, t->verdict, NULL);
		return;
	}
	struct slice text = guard_slice(t->text);
	struct sip_address a;
	struct sip_reason reason;
	assert_int_equal(sip_address_parse(text, &a, &reason), t->answer == 200 ? SIP_OK : SIP_BAD);
	guard_free(text.p);
}

static void wsinv_fields(void **state)
{
	struct parsed x;
	struct sip_address a;
	struct sip_reason reason;
	struct sip_cseq cseq;
	struct sip_via via;
	uint32_t hops = 0;
	struct slice q;
	parsed_init(&x, find("wsinv")->text);
	assert_int_equal(x.check, SIP_OK);
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_TO), &a, &reason), SIP_OK);
	assert_slice(sip_address_tag(&a), "1918181833n");
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_FROM), &a, &reason), SIP_OK);
	assert_slice(a.display, "J Rosenberg \\\\\\\"");
	assert_slice(sip_address_tag(&a), "98asjd8");
	assert_true(sip_number_parse(sip_field_value(&x.msg, SIP_MAX_FORWARDS), 255, &hops));
	assert_int_equal(hops, 68);
	assert_int_equal(sip_cseq_parse(sip_field_value(&x.msg, SIP_CSEQ), &cseq, &reason), SIP_OK);
	assert_int_equal(cseq.number, 9);
	const struct sip_field *second = sip_field_next(&x.msg, sip_field_first(&x.msg, SIP_VIA));
	assert_int_equal(sip_via_parse(sip_field_value(&x.msg, SIP_VIA), &via, &reason), SIP_OK);
	assert_slice(via.branch, "390skdjuw");
	assert_int_equal(sip_via_parse(second->value, &via, &reason), SIP_OK);
	assert_slice(via.host, "spindle.example.com");
	assert_slice(via.branch, "z9hG4bK9ikj8");
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_CONTACT), &a, &reason), SIP_OK);
	assert_true(sip_param_find(a.params, SLICE("q"), &q));
	assert_slice(q, "0.33");
	assert_slice(x.msg.body, "v=0");
	parsed_done(&x);
}

static void intmeth_fields(void **state)
{
	struct parsed x;
	struct sip_address a;
	parsed_init(&x, find("intmeth")->text);
	assert_int_equal(x.check, SIP_OK);
	assert_int_equal(x.msg.method, SIP_OTHER_METHOD);
	assert_slice(x.msg.method_text, "!interesting-Method0123456789_*+`.%indeed'~");
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_FROM), &a, &x.reason), SIP_OK);
	assert_slice(sip_address_tag(&a), "_token~1'+`*%!-.");
	parsed_done(&x);
}

/* The escapes are part of the user part, whatever they spell; those of a field's name are not taken off. */
static void escapes_fields(void **state)
{
	struct parsed x;
	struct sip_uri uri;
	struct sip_address a;
	char user[64];
	size_t n;
	parsed_init(&x, find("esc01")->text);
	assert_int_equal(sip_uri_parse(x.msg.request_uri, &uri, &x.reason), SIP_OK);
	assert_int_equal(uri.scheme, SIP_SCHEME_SIP);
	assert_true(sip_user_unescape(uri.user, user, sizeof(user), &n));
	assert_slice(slice_of(user, n), "sips:user@example.com");
	parsed_done(&x);

	parsed_init(&x, find("escnull")->text);
	assert_int_equal(sip_address_parse(sip_field_value(&x.msg, SIP_TO), &a, &x.reason), SIP_OK);
	assert_true(sip_user_unescape(a.uri.user, user, sizeof(user), &n));
	assert_int_equal(n, 11);
	assert_memory_equal(user, "null-\0-null", 11);
	const struct sip_field *one = sip_field_first(&x.msg, SIP_CONTACT), *two = sip_field_next(&x.msg, one);
	struct sip_address b;
	assert_int_equal(sip_address_parse(one->value, &a, &x.reason), SIP_OK);
	assert_int_equal(sip_address_parse(two->value, &b, &x.reason), SIP_OK);
	assert_false(sip_uri_eq(&a.uri, &b.uri)); /* one NUL is not two */
	parsed_done(&x);

	parsed_init(&x, find("esc02")->text);
	assert_int_equal(x.msg.method, SIP_OTHER_METHOD);
	one = sip_field_first(&x.msg, SIP_CONTACT);
	assert_null(sip_field_next(&x.msg, sip_field_next(&x.msg, one)));
	parsed_done(&x);
}

/* Two requests in one datagram: the second is nothing but bytes after the body (§18.3). */
static void dblreq_fields(void **state)
{
	struct parsed x;
	parsed_init(&x, find("dblreq")->text);
	assert_int_equal(x.check, SIP_OK);
	assert_int_equal(x.msg.method, SIP_REGISTER);
	assert_int_equal(x.msg.field_count, 8);
	assert_int_equal(x.msg.body.n, 0);
	parsed_done(&x);
}

/* A parameter outside the brackets is the Contact's, within them the URI's. */
static void cparam_fields(void **state)
{
	struct sip_address a;
	struct sip_reason reason;
	struct slice value;
	assert_int_equal(sip_address_parse(find("cparam01")->text, &a, &reason), SIP_OK);
	assert_true(sip_param_find(a.params, SLICE("unknownparam"), &value));
	assert_true(slice_empty(a.uri.params));
	assert_int_equal(sip_address_parse(find("cparam02")->text, &a, &reason), SIP_OK);
	assert_true(slice_empty(a.params));
	assert_slice(a.uri.params, "unknownparam");
}

int main(void)
{
	static const struct CMUnitTest fields[] = {
		cmocka_unit_test(wsinv_fields),  cmocka_unit_test(intmeth_fields), cmocka_unit_test(escapes_fields),
		cmocka_unit_test(dblreq_fields), cmocka_unit_test(cparam_fields),
	};
	struct CMUnitTest verdicts[ARRAY_LEN(torture_messages)];
	_Static_assert(ARRAY_LEN(verdicts) == 49, "as many as the RFC has");
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		verdicts[i] = (struct CMUnitTest){
			.name = torture_messages[i].name, .test_func = verdict, .initial_state = &torture_messages[i]};
	int failed = cmocka_run_group_tests_name("RFC 4475", verdicts, NULL, NULL);
	return failed + cmocka_run_group_tests(fields, NULL, NULL);
}
