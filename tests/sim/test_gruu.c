/* URIs that reach one phone of a user: public and temporary ones, and when they end */
#include "sim/office.h"

#define DESK "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define MOBILE "urn:uuid:00000000-0000-1000-8000-00A0C91E6BF7"

static void instance(struct sim_phone *p, const char *urn)
{
	snprintf(p->contact, sizeof(p->contact), "<sip:x@198.51.100.9;transport=tls>;+sip.instance=\"<%s>\"", urn);
	snprintf(p->register_extra, sizeof(p->register_extra), "Supported: path, gruu\r\n");
}

/* The office of two, Bob's phones with an instance each. */
static struct office office_of_instances(void)
{
	struct office o = office_on(sim_new(1), SIP_TLS, false);
	phone_registered(o.ann);
	instance(o.desk, DESK);
	instance(o.mobile, MOBILE);
	phone_registered(o.desk);
	phone_registered(o.mobile);
	o.desk->answer_ms = o.mobile->answer_ms = 200;
	return o;
}

/* The temporary one that the last 200 told. */
static void temporary(const struct sim_phone *p, char ret[256])
{
	const char *at = strstr(p->last_response, ";temp-gruu=\"");
	assert_non_null(at);
	at += strlen(";temp-gruu=\"");
	snprintf(ret, 256, "%.*s", (int)strcspn(at, "\""), at);
	assert_int_equal(strncmp(ret, "sip:tgruu.", 10), 0);
	assert_string_equal(ret + strlen(ret) - strlen("@acme.example;gr"), "@acme.example;gr");
	assert_null(strstr(ret, "desk")); /* whose it is, it does not say */
}

static unsigned dialled(struct office *o, const char *uri)
{
	unsigned rung[] = {o->desk->got[SIP_INVITE], o->mobile->got[SIP_INVITE]};
	o->ann->target = uri;
	struct phone_call *a = phone_dial(o->ann, "");
	sim_until(o->s, 40, a->status);
	sim_run(o->s, SECOND_US);
	if (a->up)
		phone_hang_up(a);
	sim_run(o->s, SECOND_US);
	bool desk = o->desk->got[SIP_INVITE] > rung[0], mobile = o->mobile->got[SIP_INVITE] > rung[1];
	assert_false(desk && mobile);
	return a->status == 200 ? (desk ? 1 : 2) : a->status;
}

static void test_told(void **state)
{
	struct office o = office_of_instances();
	assert_non_null(strstr(o.mobile->last_response, ";pub-gruu=\"sip:20@acme.example;gr=" MOBILE "\";temp-gruu="));
	/* Only to those who know them, and for phones that say which they are. */
	o.mobile->register_extra[0] = 0;
	phone_registered(o.mobile);
	assert_null(strstr(o.mobile->last_response, "gruu="));
	snprintf(o.ann->register_extra, sizeof(o.ann->register_extra), "Supported: gruu\r\n");
	phone_registered(o.ann);
	assert_null(strstr(o.ann->last_response, "gruu="));
	instance(o.mobile, "a;b>\x7f");
	phone_registered(o.mobile);
	assert_non_null(strstr(o.mobile->last_response, "+sip.instance=\"<a;b>"));
	assert_null(strstr(o.mobile->last_response, "gr=a"));
	/* RFC 5627 §5.1: no way that leads to ourselves. */
	snprintf(o.mobile->contact, sizeof(o.mobile->contact), "<sip:20@acme.example;gr=" DESK ">");
	phone_register(o.mobile, 3600);
	sim_until(o.s, 5, o.mobile->register_status);
	assert_int_equal(o.mobile->register_status, 403);
	office_done(&o);
}

static void test_public(void **state)
{
	struct office o = office_of_instances();
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=" DESK), 1);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=" MOBILE), 2);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=urn:uuid:00000000-0000-1000-8000-00a0c91e6bf7"), 2);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=urn%3Auuid:00000000-0000-1000-8000-00a0c91e6bf7"), 2);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=urn:uuid:00000000-0000-1000-8000-00a0c91e6bf8"), 480);
	assert_int_equal(dialled(&o, "sip:99@acme.example;gr=" DESK), 404);
	phone_register(o.mobile, 0);
	sim_until(o.s, 5, o.mobile->register_status);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr=" MOBILE), 480);
	office_done(&o);
}

static void test_temporary(void **state)
{
	struct office o = office_of_instances();
	char first[256], second[256];
	phone_registered(o.desk);
	temporary(o.desk, first);
	phone_registered(o.desk);
	temporary(o.desk, second);
	/* The 200 tells of all contacts, the phone's own among them. */
	assert_string_not_equal(first, second);
	assert_int_equal(dialled(&o, first), 1);
	assert_int_equal(dialled(&o, second), 1);
	for (size_t i = 10; i + strlen("@acme.example;gr") < strlen(first); i += 7) {
		char wrong[256];
		snprintf(wrong, sizeof(wrong), "%s", first);
		wrong[i] = wrong[i] == '0' ? '1' : '0';
		assert_int_equal(dialled(&o, wrong), 404);
	}
	assert_int_equal(dialled(&o, "sip:tgruu.00@acme.example;gr"), 404);
	assert_int_equal(dialled(&o, "sip:20@acme.example;gr"), 404);
	/* The same phone, started anew: what it told before is over (§5.4), what it tells now is not. */
	snprintf(o.desk->register_call_id, sizeof(o.desk->register_call_id), "another");
	phone_registered(o.desk);
	assert_int_equal(dialled(&o, first), 404);
	temporary(o.desk, first);
	assert_int_equal(dialled(&o, first), 1);
	phone_register(o.desk, 0);
	sim_until(o.s, 5, o.desk->register_status);
	assert_int_equal(dialled(&o, first), 404);
	office_done(&o);
}

/* Another company's phone finds nobody by it. */
static void test_of_another_company(void **state)
{
	struct office o = office_of_instances();
	char uri[256];
	phone_registered(o.desk);
	temporary(o.desk, uri);
	sim_add_device(o.s, &(struct sim_person){"other", "20", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *stranger = phone_new(o.s, "other-20-desk", "secret", SIP_TLS);
	stranger->target = uri;
	struct phone_call *a = phone_dial(stranger, "");
	sim_until(o.s, 5, a->status);
	assert_int_equal(a->status, 404);
	office_done(&o);
}

/* A phone that joins while it rings is not the one that is meant. */
static void test_only_this_one(void **state)
{
	struct office o = office_of_instances();
	phone_register(o.mobile, 0);
	sim_until(o.s, 5, o.mobile->register_status);
	o.desk->answer_ms = 3000;
	o.ann->target = "sip:20@acme.example;gr=" DESK;
	struct phone_call *a = phone_dial(o.ann, "");
	sim_until(o.s, 5, a->rang);
	phone_registered(o.mobile);
	sim_until(o.s, 5, a->up);
	assert_int_equal(o.mobile->got[SIP_INVITE], 0);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

/* A phone says in its calls by which URI it is reached, and is: there, and by those who are sent to it. */
static void test_as_contact(void **state)
{
	struct office o = office_of_instances();
	o.ann->target = NULL;
	o.mobile->answer_ms = -1;
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	snprintf(o.desk->contact, sizeof(o.desk->contact), "<sip:20@acme.example;gr=" DESK ">");
	phone_reinvite(b, false);
	sim_until(o.s, 5, b->reinvite_status);
	assert_int_equal(b->reinvite_status, 200);
	sim_run(o.s, SECOND_US);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_until(o.s, 5, b->ended);
	assert_non_null(strstr(o.desk->last_request, "BYE sip:20@acme.example;gr=" DESK " SIP/2.0"));

	sim_add_device(o.s, &(struct sim_person){"acme", "30", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *eve = phone_new(o.s, "acme-30-desk", "secret", SIP_TLS);
	phone_registered(eve);
	eve->answer_ms = o.mobile->answer_ms = 200;
	struct phone_call *c = phone_dial(o.ann, "30");
	sim_until(o.s, 5, c->up && phone_last(eve)->up);
	sim_run(o.s, SECOND_US);
	unsigned rung = o.desk->got[SIP_INVITE];
	phone_send_in_dialog(c, SIP_REFER, "Refer-To: <sip:20@acme.example;gr=" MOBILE ">\r\n");
	sim_until(o.s, 5, phone_last(o.mobile)->up);
	sim_run(o.s, 3 * SECOND_US);
	assert_int_equal(o.desk->got[SIP_INVITE], rung);
	assert_true(voice_flows(phone_last(eve), phone_last(o.mobile)));
	phone_hang_up(phone_last(eve));
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),          cmocka_unit_test(test_public),
		cmocka_unit_test(test_temporary),     cmocka_unit_test(test_of_another_company),
		cmocka_unit_test(test_only_this_one), cmocka_unit_test(test_as_contact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
