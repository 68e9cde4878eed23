/* An operator known by its address: calls in both directions, numbers, and who may use which trunk */
#include "sim/office.h"

#define NUMBER "+33142685300"
#define OUTSIDE "+33611223344"

/* An office on UDP, Ann has the number; an operator at an address of its own, which is all that makes it one. */
struct world {
	struct office o;
	struct sim_phone *op;
	char host[32];
};

static void host_of(const struct sim_phone *p, char ret[32])
{
	struct writer w = writer_on(ret, 31);
	write_address(&w, &p->address);
	ret[w.n] = 0;
}

static struct sim_phone *operator_new(struct sim *s, enum sip_transport transport, char host[32])
{
	struct sim_phone *p = phone_new(s, "operator-" OUTSIDE, "", transport);
	host_of(p, host);
	return p;
}

static struct world world_without_trunk(void)
{
	struct world w = {.o = office_udp()};
	w.op = operator_new(w.o.s, SIP_UDP, w.host);
	sim_set_number(w.o.s, "acme", NUMBER, "10");
	return w;
}

static struct world world_of(const char *tenant)
{
	struct world w = world_without_trunk();
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = tenant, .name = "op", .host = w.host, .plain_rtp = true});
	return w;
}

/* ---- in ---- */

static void test_in(void **state)
{
	struct world w = world_of("acme");
	w.o.ann->answer_ms = 500;
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up && phone_last(w.o.ann)->up);
	assert_int_equal(w.op->statuses[401], 0);
	assert_true(voice_flows(a, phone_last(w.o.ann)));
	assert_true(has(w.o.ann->last_invite, "\r\nFrom: <sip:" OUTSIDE "@acme.example>;tag="));
	phone_hang_up(phone_last(w.o.ann));
	sim_until(w.o.s, 5, a->ended);
	struct sim_row row = sim_assert_row(w.o.s, 200, "answered", "callee");
	assert_string_equal(row.tenant, "acme");
	assert_string_equal(row.from, OUTSIDE);
	assert_string_equal(row.to, NUMBER);
	assert_string_equal(row.a_trunk, "acme-op");
	assert_string_equal(row.a_device, "");
	assert_string_equal(row.b_device, "acme-10-desk");
	assert_string_equal(row.b_trunk, "");
	assert_string_equal(row.a_transport, "UDP");
	office_done(&w.o);
}

/* The forms in which operators write a number, in the Request-URI or, where that names the connection, in To. */
static void test_forms_of_a_number(void **state)
{
	static const struct {
		const char *uri, *to;
		unsigned status;
	} cases[] = {
		{NUMBER, NULL, 200},
		{"0033142685300", NULL, 200},
		{"33142685300", NULL, 200},
		{"trunk-77", "sip:" NUMBER "@op.example", 200},
		{"trunk-77", "tel:+33-14-268-53-00", 200},
		{"0142685300", NULL, 404}, /* which country's? */
		{"10", NULL, 404},         /* no extension is called from outside */
		{"+33142685301", NULL, 404},
		{"trunk-77", "sip:10@op.example", 404},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_of("acme");
		w.op->to = cases[i].to;
		w.o.ann->answer_ms = 100;
		struct phone_call *a = phone_dial(w.op, cases[i].uri);
		sim_until(w.o.s, 10, a->status);
		if (a->status != cases[i].status)
			fail_msg("%s, %s: %u", cases[i].uri, cases[i].to, a->status);
		if (a->up)
			phone_hang_up(a);
		office_done(&w.o);
	}
}

static void test_who_calls(void **state)
{
	static const struct {
		const char *from, *extra, *want;
	} cases[] = {
		{"x", "P-Asserted-Identity: \"Zo\xc3\xab \x01\\\"B\\\"\" <sip:+33699@op.example>\r\n",
		 "From: \"Zo\xc3\xab \\\"B\\\"\" <sip:+33699@acme.example>;"},
		{"0044777", "P-Asserted-Identity: <sip:desk@op.example>, <tel:+44-7778>\r\n",
		 "From: <sip:+447778@acme.example>;"},
		{"004477712", "", "From: <sip:+4477712@acme.example>;"},
		{"0611223344", "", "From: <sip:0611223344@acme.example>;"},
		/* Withheld: whatever the operator knows, the phone does not hear of it. */
		{"anonymous", "P-Asserted-Identity: <sip:+33699@op.example>\r\nPrivacy: critical; id\r\n",
		 "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;"},
		/* Nobody outside looks like a colleague. */
		{"20", "", "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_of("");
		snprintf(w.op->extension, sizeof(w.op->extension), "%s", cases[i].from);
		snprintf(w.op->extra, sizeof(w.op->extra), "%s", cases[i].extra);
		struct phone_call *a = phone_dial(w.op, NUMBER);
		sim_until(w.o.s, 10, a->rang);
		if (!has(w.o.ann->last_invite, cases[i].want))
			fail_msg("%s: %s", cases[i].want, w.o.ann->last_invite);
		phone_cancel(a);
		sim_assert_row(w.o.s, 487, "cancelled", "caller");
		office_done(&w.o);
	}
}

static void test_unknown_number(void **state)
{
	struct world w = world_of("");
	struct phone_call *a = phone_dial(w.op, "+33142685301");
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 404);
	assert_int_equal(atomic_load(&w.o.s->sb->unknown_numbers.value), 1);
	struct sim_row row;
	sim_run(w.o.s, SECOND_US);
	assert_int_equal(sim_rows(w.o.s, &row, 1), 0);
	office_done(&w.o);
}

/* From another address, or to another listener than the trunk's, an operator is a stranger. */
static void test_strangers(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct world w = world_without_trunk();
		struct sim_trunk t = {.tenant = "acme",
				      .name = "op",
				      .host = i == 0 ? "198.51.100.99" : w.host,
				      .listener = i == 1   ? "192.0.2.10:5070"
						  : i == 2 ? "192.0.2.10:5060"
							   : NULL,
				      .transport = i == 3 ? SIP_TCP : SIP_UDP,
				      .plain_rtp = true};
		sim_add_trunk(w.o.s, &t);
		w.op->second_listener = i == 2;
		struct phone_call *a = phone_dial(w.op, NUMBER);
		sim_until(w.o.s, 10, w.op->statuses[401] == 2); /* its answer to the challenge is refused too */
		assert_int_equal(w.o.ann->got[SIP_INVITE], 0);
		assert_false(a->up);
		office_done(&w.o);
	}
}

static void test_named_listener(void **state)
{
	struct world w = world_without_trunk();
	struct sim_trunk t = {.tenant = "acme",
			      .name = "op",
			      .host = "op.example",
			      .from = "198.51.100.0/24",
			      .listener = "192.0.2.10:5070",
			      .plain_rtp = true};
	sim_add_trunk(w.o.s, &t);
	network_host(w.o.s, "op.example", w.op);
	w.op->second_listener = true;
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	phone_hang_up(a);
	sim_run(w.o.s, SECOND_US);
	/* The phones are in its block, and come to another listener. */
	struct phone_call *b = phone_dial(w.o.ann, "20");
	sim_until(w.o.s, 10, b->up);
	phone_hang_up(b);
	sim_run(w.o.s, SECOND_US);
	/* It is called from there too. */
	struct phone_call *c = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, c->up);
	assert_true(has(w.op->last_invite, "Via: SIP/2.0/UDP 192.0.2.10:5070;"));
	phone_hang_up(c);
	office_done(&w.o);
}

/* A phone that shares the operator's address says who it is. */
static void test_device_behind_the_same_address(void **state)
{
	struct world w = world_without_trunk();
	struct sim_trunk t = {
		.tenant = "acme", .name = "op", .host = w.host, .from = "198.51.100.0/24", .plain_rtp = true};
	sim_add_trunk(w.o.s, &t);
	phone_registered(w.o.ann);
	w.o.ann->statuses[401] = 0;
	snprintf(w.o.ann->extra, sizeof(w.o.ann->extra), "Authorization: Digest realm=\"elsewhere\"\r\n");
	struct phone_call *a = phone_dial(w.o.ann, "20");
	sim_until(w.o.s, 10, w.o.ann->statuses[401]);
	phone_cancel(a);
	office_done(&w.o);
}

/* No offer in its INVITE: ours is in the 200, and the ACK has the answer. */
static void test_in_without_offer(void **state)
{
	struct world w = world_of("acme");
	w.op->no_body = true;
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up && phone_last(w.o.ann)->up);
	sim_run(w.o.s, SECOND_US);
	assert_true(voice_flows(a, phone_last(w.o.ann)));
	phone_hang_up(a);
	sim_assert_row(w.o.s, 200, "answered", "caller");
	office_done(&w.o);
}

/* Ann has set a forward on her phone. It holds for callers from outside too: to colleagues, by extension and number. */
static void test_forwards(void **state)
{
	static const struct {
		const char *contact;
		bool followed;
	} cases[] = {
		{"<sip:20@acme.example>", true},
		{"<sip:+33142685320@acme.example>", true},
		{"<tel:0033-142-68-53-20>", true},
		{"<sip:" OUTSIDE "@acme.example>", false},
		{"<sip:+4930123456@acme.example>", false} /* another company's */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_of("");
		sim_add_device(w.o.s, &(struct sim_person){"other", "10", "desk", "secret", SIP_DIGEST_MD5, true});
		sim_set_number(w.o.s, "other", "+4930123456", "10");
		sim_set_number(w.o.s, "acme", "+33142685320", "20");
		w.o.ann->status = 302;
		snprintf(w.o.ann->says_refused, sizeof(w.o.ann->says_refused), "Contact: %s\r\n", cases[i].contact);
		snprintf(w.op->extra, sizeof(w.op->extra), "P-Asserted-Identity: \"Zo\" <sip:+33699@op.example>\r\n");
		struct phone_call *a = phone_dial(w.op, NUMBER);
		sim_until(w.o.s, 10, a->status);
		if (a->status != (cases[i].followed ? 200u : 480u))
			fail_msg("%s: %u", cases[i].contact, a->status);
		assert_int_equal(w.op->got[SIP_INVITE], 0);
		if (a->up) {
			assert_true(has(w.o.desk->last_invite, "From: \"Zo\" <sip:+33699@acme.example>;"));
			assert_int_equal(w.op->statuses[181], 1);
			phone_hang_up(a);
			assert_string_equal(sim_assert_row(w.o.s, 200, "answered", "caller").b_device, "acme-20-desk");
		} else {
			assert_true(
				has(sim_assert_row(w.o.s, 480, "redirected", "alto").trace, ": not to be followed\n"));
		}
		office_done(&w.o);
	}
}

/* ---- whose ---- */

static void test_tenants_are_apart(void **state)
{
	struct world w = world_of("acme");
	sim_add_device(w.o.s, &(struct sim_person){"other", "10", "desk", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *olga = phone_new(w.o.s, "other-10-desk", "secret", SIP_UDP);
	olga->answer_ms = 100;
	phone_registered(olga);
	sim_set_number(w.o.s, "other", "+4930123456", "10");
	/* Acme's trunk brings no calls for others, and others' calls do not go out over it. */
	struct phone_call *a = phone_dial(w.op, "+4930123456");
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 404);
	struct phone_call *b = phone_dial(olga, OUTSIDE);
	sim_until(w.o.s, 10, b->status);
	assert_int_equal(b->status, 404);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	/* Its own trunk to the same operator does. */
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = "other", .name = "op", .host = w.host, .plain_rtp = true});
	a = phone_dial(w.op, "+4930123456");
	sim_until(w.o.s, 10, a->up);
	phone_hang_up(a);
	sim_run(w.o.s, SECOND_US);
	struct sim_row rows[4];
	assert_int_equal(sim_rows(w.o.s, rows, 4), 2);
	assert_string_equal(rows[0].tenant, "other");
	assert_string_equal(rows[0].a_trunk, "other-op");
	assert_string_equal(rows[1].cause, "no-such-number");
	office_done(&w.o);
}

static void test_shared_trunk_serves_all(void **state)
{
	struct world w = world_of("");
	sim_add_device(w.o.s, &(struct sim_person){"other", "10", "desk", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *olga = phone_new(w.o.s, "other-10-desk", "secret", SIP_UDP);
	phone_registered(olga);
	sim_set_number(w.o.s, "other", "+4930123456", "10");
	struct phone_call *a = phone_dial(w.op, "+4930123456");
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(olga->got[SIP_INVITE], 1);
	phone_hang_up(a);
	a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(w.o.ann->got[SIP_INVITE], 1);
	phone_hang_up(a);
	a = phone_dial(olga, OUTSIDE);
	sim_until(w.o.s, 10, a->up);
	assert_true(has(w.op->last_invite, "From: <sip:+4930123456@"));
	phone_hang_up(a);
	office_done(&w.o);
}

/* A number of another company here is called inside; each has its row, in which the other is a number. */
static void test_company_to_company(void **state)
{
	struct world w = world_of("");
	sim_add_device(w.o.s, &(struct sim_person){"other", "10", "secretphone", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *olga = phone_new(w.o.s, "other-10-secretphone", "secret", SIP_UDP);
	phone_registered(olga);
	sim_set_number(w.o.s, "other", "+4930123456", "10");
	struct phone_call *a = phone_dial(w.o.ann, "+4930123456");
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	assert_true(has(olga->last_invite, "From: <sip:" NUMBER "@other.example>;"));
	struct directory_tenant *other = directory_tenant_by_id(w.o.s->directory, SLICE("other"));
	assert_int_equal(other->calls, 1);
	phone_hang_up(a);
	sim_run(w.o.s, SECOND_US);
	assert_int_equal(other->calls, 0);
	struct sim_row rows[3];
	assert_int_equal(sim_rows(w.o.s, rows, 3), 2);
	const struct sim_row *theirs = strcmp(rows[0].tenant, "other") == 0 ? &rows[0] : &rows[1];
	const struct sim_row *ours = theirs == &rows[0] ? &rows[1] : &rows[0];
	assert_string_equal(ours->tenant, "acme");
	assert_string_equal(ours->from, "10");
	assert_string_equal(ours->to, "+4930123456");
	assert_string_equal(ours->a_device, "acme-10-desk");
	assert_string_equal(ours->b_device, "");
	assert_false(has(ours->trace, "secretphone"));
	assert_string_equal(theirs->tenant, "other");
	assert_string_equal(theirs->from, NUMBER);
	assert_string_equal(theirs->b_device, "other-10-secretphone");
	assert_string_equal(theirs->a_device, "");
	assert_string_equal(theirs->trace, "");
	assert_string_equal(theirs->cause, "answered");
	assert_string_equal(theirs->ended_by, "caller");
	assert_true(theirs->answered_us && theirs->ended_us && theirs->started_us == ours->started_us);
	/* Its lines count. */
	sim_set_lines(w.o.s, "other", 1);
	a = phone_dial(w.op, "+4930123456");
	sim_until(w.o.s, 10, a->up);
	struct phone_call *b = phone_dial(w.o.ann, "+4930123456");
	sim_until(w.o.s, 10, b->status);
	assert_int_equal(b->status, 503);
	phone_hang_up(a);
	office_done(&w.o);
}

/* A forward set on a phone of the other company stays there, and the caller's company does not see to whom. */
static void test_forward_in_another_company(void **state)
{
	struct world w = world_of("");
	sim_add_device(w.o.s, &(struct sim_person){"other", "10", "secretphone", "secret", SIP_DIGEST_MD5, true});
	sim_add_device(w.o.s, &(struct sim_person){"other", "20", "hiddenphone", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *olga = phone_new(w.o.s, "other-10-secretphone", "secret", SIP_UDP);
	struct sim_phone *otto = phone_new(w.o.s, "other-20-hiddenphone", "secret", SIP_UDP);
	phone_registered(olga);
	phone_registered(otto);
	sim_set_number(w.o.s, "other", "+4930123456", "10");
	olga->status = 302;
	snprintf(olga->says_refused, sizeof(olga->says_refused), "Contact: <sip:20@other.example>\r\n");
	struct phone_call *a = phone_dial(w.o.ann, "+4930123456");
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(w.o.desk->got[SIP_INVITE], 0); /* the caller's company has a 20 too */
	assert_true(has(otto->last_invite, "From: <sip:" NUMBER "@other.example>;"));
	phone_hang_up(a);
	sim_run(w.o.s, SECOND_US);
	struct sim_row rows[3];
	assert_int_equal(sim_rows(w.o.s, rows, 3), 2);
	const struct sim_row *ours = strcmp(rows[0].tenant, "acme") == 0 ? &rows[0] : &rows[1];
	assert_true(has(ours->trace, "redirected\n"));
	assert_false(has(ours->trace, "secretphone") || has(ours->trace, "hiddenphone") || has(ours->trace, "to 20"));
	office_done(&w.o);
}

static void test_number_moves(void **state)
{
	struct world w = world_of("acme");
	sim_set_number(w.o.s, "acme", NUMBER, "20");
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(w.o.desk->got[SIP_INVITE], 1);
	assert_int_equal(w.o.ann->got[SIP_INVITE], 0);
	phone_hang_up(a);
	sim_set_number(w.o.s, "acme", NUMBER, "10");
	a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	assert_int_equal(w.o.ann->got[SIP_INVITE], 1);
	phone_hang_up(a);
	office_done(&w.o);
}

static void test_lines(void **state)
{
	struct world w = world_of("acme");
	sim_set_lines(w.o.s, "acme", 1);
	struct phone_call *a, *b;
	office_talk(&w.o, &a, &b);
	struct phone_call *c = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, c->status);
	assert_int_equal(c->status, 503);
	phone_hang_up(a);
	office_done(&w.o);
}

/* ---- out ---- */

static void test_out(void **state)
{
	struct world w = world_of("acme");
	w.op->answer_ms = 300;
	w.o.ann->max_forwards = 31;
	struct phone_call *a = phone_dial(w.o.ann, "0033611223344");
	sim_until(w.o.s, 10, a->up && phone_last(w.op)->up);
	assert_true(voice_flows(a, phone_last(w.op)));
	char want[160];
	snprintf(want, sizeof(want), "INVITE sip:" OUTSIDE "@%s SIP/2.0\r\n", w.host);
	assert_int_equal(strncmp(w.op->last_invite, want, strlen(want)), 0);
	snprintf(want, sizeof(want), "\r\nFrom: <sip:" NUMBER "@%s>;tag=", w.host);
	assert_true(has(w.op->last_invite, want));
	snprintf(want, sizeof(want), "\r\nP-Asserted-Identity: <sip:" NUMBER "@%s>\r\n", w.host);
	assert_true(has(w.op->last_invite, want));
	assert_true(has(w.op->last_invite, "\r\nMax-Forwards: 30\r\n"));
	assert_false(has(w.op->last_invite, "Example")); /* Ann's name is not told */
	phone_hang_up(a);
	sim_until(w.o.s, 5, phone_last(w.op)->byes == 1);
	struct sim_row row = sim_assert_row(w.o.s, 200, "answered", "caller");
	assert_string_equal(row.from, "10");
	assert_string_equal(row.to, OUTSIDE);
	assert_string_equal(row.a_device, "acme-10-desk");
	assert_string_equal(row.b_trunk, "acme-op");
	assert_string_equal(row.b_device, "");
	assert_string_equal(row.b_codec, "PCMA/8000");
	office_done(&w.o);
}

/* A caller without an offer of its own: the operator is offered what phones have. */
static void test_out_without_offer(void **state)
{
	struct world w = world_of("acme");
	w.o.ann->no_body = true;
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, a->up && phone_last(w.op)->up);
	sim_run(w.o.s, SECOND_US);
	assert_true(has(w.op->last_invite, "a=rtpmap:96 opus/48000/2\r\n"));
	assert_true(voice_flows(a, phone_last(w.op)));
	phone_hang_up(a);
	sim_assert_row(w.o.s, 200, "answered", "caller");
	office_done(&w.o);
}

/* Whose number is shown: the caller's, else the tenant's first, else none. */
static void test_identity(void **state)
{
	struct world w = world_of("acme");
	struct phone_call *a = phone_dial(w.o.mobile, OUTSIDE);
	sim_until(w.o.s, 10, a->rang);
	assert_true(has(w.op->last_invite, "From: <sip:" NUMBER "@"));
	phone_cancel(a);
	sim_set_number(w.o.s, "acme", "+33142685320", "20");
	a = phone_dial(w.o.mobile, OUTSIDE);
	sim_until(w.o.s, 10, a->rang);
	assert_true(has(w.op->last_invite, "From: <sip:+33142685320@"));
	phone_cancel(a);
	office_done(&w.o);

	w = (struct world){.o = office_udp()};
	w.op = operator_new(w.o.s, SIP_UDP, w.host);
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = "", .name = "op", .host = w.host, .plain_rtp = true});
	a = phone_dial(w.o.ann, "112"); /* for help: as short as an extension */
	sim_until(w.o.s, 10, a->rang);
	assert_true(has(w.op->last_invite, "INVITE sip:112@"));
	assert_true(has(w.op->last_invite, "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;"));
	assert_false(has(w.op->last_invite, "P-Asserted-Identity"));
	phone_cancel(a);
	office_done(&w.o);
}

static void test_what_is_dialled(void **state)
{
	static const char *const no_number[] = {"20x", "*31", "%2b", "123456789012345678901", "++33611223344"};
	struct world w = world_of("acme");
	for (size_t i = 0; i < ARRAY_LEN(no_number); i++) {
		struct phone_call *a = phone_dial(w.o.ann, no_number[i]);
		sim_until(w.o.s, 10, a->status);
		assert_int_equal(a->status, 404);
	}
	/* An extension stays one; so does a colleague's number. */
	static const char *const inside[] = {"20", NUMBER, "0033142685300"};
	for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
		struct phone_call *a = phone_dial(i ? w.o.mobile : w.o.ann, inside[i]);
		sim_until(w.o.s, 10, a->up);
		phone_hang_up(a);
		sim_run(w.o.s, SECOND_US);
	}
	assert_int_equal(w.o.ann->got[SIP_INVITE], 2);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	struct sim_row row;
	assert_int_equal(sim_rows(w.o.s, &row, 1), 1);
	assert_string_equal(row.to, NUMBER);
	office_done(&w.o);
}

static void test_operator_refuses(void **state)
{
	static const struct {
		unsigned says, hears;
		const char *cause, *by;
	} cases[] = {
		{404, 404, "no-such-number", "alto"},   {484, 404, "no-such-number", "alto"},
		{604, 404, "no-such-number", "callee"}, {403, 403, "refused", "alto"},
		{407, 403, "refused", "alto"},          {486, 486, "busy", "callee"},
		{600, 600, "busy", "callee"},           {480, 480, "no-answer", "alto"},
		{603, 603, "declined", "callee"},       {488, 488, "no-common-codec", "alto"},
		{503, 480, "unreachable", "alto"},      {500, 480, "unreachable", "alto"},
		{408, 480, "unreachable", "alto"},      {302, 480, "refused", "alto"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_of("acme");
		w.op->status = cases[i].says;
		struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
		sim_until(w.o.s, 20, a->status);
		if (a->status != cases[i].hears)
			fail_msg("%u: %u", cases[i].says, a->status);
		sim_assert_row(w.o.s, cases[i].hears, cases[i].cause, cases[i].by);
		office_done(&w.o);
	}
}

/* Two addresses of one name, then another trunk: each is tried while the one before cannot be reached. */
static void test_failover(void **state)
{
	struct world w = world_without_trunk();
	char host[32];
	struct sim_phone *dead = operator_new(w.o.s, SIP_UDP, host), *full = operator_new(w.o.s, SIP_UDP, host);
	dead->dead = true;
	full->status = 503;
	full->answer_ms = 20;
	network_host(w.o.s, "op.example", dead);
	network_host(w.o.s, "op.example", full);
	sim_add_trunk(w.o.s,
		      &(struct sim_trunk){
			      .tenant = "acme", .name = "a", .host = "gone.example", .from = "", .plain_rtp = true});
	sim_add_trunk(w.o.s,
		      &(struct sim_trunk){
			      .tenant = "acme", .name = "b", .host = "op.example", .from = "", .plain_rtp = true});
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = "acme", .name = "c", .host = w.host, .plain_rtp = true});
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 15, a->up);
	assert_int_equal(full->got[SIP_INVITE], 1);
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(w.o.s, 200, "answered", "caller");
	assert_string_equal(row.b_trunk, "acme-c");
	office_done(&w.o);
}

/* While its host is being looked for: nothing comes of that any more. */
static void test_ended_while_looking(void **state)
{
	struct world w = world_of("acme");
	struct call_view v;
	char id[64];
	uint32_t cursor = 0;
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, w.o.s->sb->calls.used);
	assert_true(switchboard_next_call(w.o.s->sb, SLICE("acme"), &cursor, &v));
	slice_to_string(v.id, id, sizeof(id));
	assert_int_equal(switchboard_hang_up(w.o.s->sb, slice_from_string(id)), 0);
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 480);
	sim_run(w.o.s, 40 * SECOND_US);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	sim_assert_row(w.o.s, 480, "hung-up", "alto");
	office_done(&w.o);
}

static void test_own_trunk_before_shared(void **state)
{
	struct world w = world_of("");
	char host[32];
	struct sim_phone *own = operator_new(w.o.s, SIP_UDP, host);
	own->status = 503;
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = "acme", .name = "own", .host = host, .plain_rtp = true});
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 480);
	assert_int_equal(own->got[SIP_INVITE], 1);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	office_done(&w.o);
}

static void test_trunk_removed_during_calls(void **state)
{
	struct world w = world_of("acme");
	w.op->answer_ms = 100;
	struct phone_call *out = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, out->up);
	struct phone_call *in = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, in->up);
	sim_remove_trunk(w.o.s, "acme-op");
	sim_run(w.o.s, 5 * SECOND_US);
	assert_false(out->ended || in->ended);
	phone_reinvite(in, false);
	sim_until(w.o.s, 5, in->reinvite_status == 200);
	phone_hang_up(out);
	sim_until(w.o.s, 5, w.op->got[SIP_BYE] == 1);
	phone_hang_up(in);
	sim_until(w.o.s, 5, w.o.ann->got[SIP_BYE] == 1);
	struct phone_call *late = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 5, late->status);
	assert_int_equal(late->status, 404);
	office_done(&w.o);
}

/* ---- how it is protected ---- */

static void test_encrypted_trunk(void **state)
{
	struct office o = office_tls();
	char host[32];
	struct sim_phone *op = operator_new(o.s, SIP_TLS, host);
	sim_set_number(o.s, "acme", NUMBER, "10");
	sim_add_trunk(o.s, &(struct sim_trunk){
				   .tenant = "acme", .name = "op", .host = host, .port = 5060, .transport = SIP_TLS});
	struct phone_call *a = phone_dial(o.ann, OUTSIDE);
	sim_until(o.s, 10, a->up);
	assert_true(voice_flows(a, phone_last(op)));
	phone_hang_up(a);
	struct sim_row row = sim_assert_row(o.s, 200, "answered", "caller");
	assert_string_equal(row.b_srtp, "AEAD_AES_128_GCM");
	assert_string_equal(row.b_transport, "TLS");
	/* And back; plain voice is refused there. */
	op->suites = NULL;
	a = phone_dial(op, NUMBER);
	sim_until(o.s, 10, a->status);
	assert_int_equal(a->status, 488);
	office_done(&o);
}

static void test_keys_do_not_go_in_clear(void **state)
{
	struct world w = world_without_trunk();
	sim_add_trunk(w.o.s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = w.host});
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 480);
	assert_int_equal(w.op->got[SIP_INVITE], 0);
	struct sim_row row = sim_assert_row(w.o.s, 480, "unreachable", "alto");
	assert_true(has(row.trace, "voice keys would go in clear"));
	/* Nor is plain voice taken from it. */
	a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->status);
	assert_int_equal(a->status, 488);
	office_done(&w.o);
}

/* ---- inside its dialogs ---- */

/* It sends from one port and listens on another, as its Contact says. */
static void test_sends_from_elsewhere(void **state)
{
	struct world w = world_of("acme");
	char host[32], contact[80];
	struct sim_phone *listening = operator_new(w.o.s, SIP_UDP, host);
	listening->address = w.op->address;
	w.op->address.port = 6060;
	snprintf(contact, sizeof(contact), "<sip:op@%s:5060>", w.host);
	snprintf(w.op->contact, sizeof(w.op->contact), "%s", contact);
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	sim_run(w.o.s, SECOND_US);
	w.op->address.port = 6062; /* and now from a third */
	phone_reinvite(a, false);
	sim_until(w.o.s, 10, a->reinvite_status == 200);
	phone_hang_up(phone_last(w.o.ann));
	sim_until(w.o.s, 5, listening->got[SIP_BYE] == 1);
	assert_int_equal(w.op->got[SIP_BYE], 0);
	office_done(&w.o);
}

/* Somebody beyond its addresses knows the tags: refused without a challenge; a BYE ends the call, and moves nothing. */
static void test_stolen_tags(void **state)
{
	struct world w = world_of("acme");
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	struct address own = w.op->address;
	assert_true(address_parse(SLICE("203.0.113.66"), &w.op->address));
	w.op->address.port = own.port;
	phone_reinvite(a, false);
	sim_until(w.o.s, 10, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 403);
	phone_hang_up(a);
	sim_until(w.o.s, 5, w.o.ann->got[SIP_BYE] == 1);
	assert_int_equal(w.op->statuses[401], 0);
	sim_assert_row(w.o.s, 200, "answered", "caller");
	office_done(&w.o);
}

/* A trunk that was removed has no addresses left: only the flow that the call has. */
static void test_removed_trunk_knows_its_flow(void **state)
{
	struct world w = world_of("acme");
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	sim_remove_trunk(w.o.s, "acme-op");
	uint16_t own = w.op->address.port;
	w.op->address.port = 6062;
	phone_reinvite(a, false);
	sim_until(w.o.s, 10, a->reinvite_status);
	assert_int_equal(a->reinvite_status, 403);
	w.op->address.port = own;
	phone_reinvite(a, false);
	sim_until(w.o.s, 10, a->reinvite_status == 200);
	phone_hang_up(a);
	sim_until(w.o.s, 5, w.o.ann->got[SIP_BYE] == 1);
	office_done(&w.o);
}

/* Our own INVITE is sent back to us as it was. */
static void test_loop(void **state)
{
	struct world w = world_of("acme");
	w.op->answer_ms = -1;
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, a->rang);
	char copy[6000];
	snprintf(copy, sizeof(copy), "%s", w.op->last_invite);
	char *branch = strstr(copy, "branch=z9hG4bK");
	assert_non_null(branch);
	branch[15] ^= 1; /* another hop's transaction */
	w.op->sends_garbage = true;
	phone_send_raw(w.op, slice_from_string(copy));
	sim_until(w.o.s, 10, strncmp(w.op->last_response, "SIP/2.0 482 ", 12) == 0);
	phone_cancel(a);
	sim_assert_row(w.o.s, 487, "cancelled", "caller");
	office_done(&w.o);
}

/*
 * Who was called outside has a forward there, to a number of ours, and the operator keeps our tag and Via: a call. (Our
 * own description it may not keep: that would be our own voice port.)
 */
static void test_sent_on(void **state)
{
	struct world w = world_of("acme");
	sim_set_number(w.o.s, "acme", "+33142685320", "20");
	w.op->answer_ms = w.o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(w.o.ann, OUTSIDE);
	sim_until(w.o.s, 10, a->rang);
	const char *via = strstr(w.op->last_invite, "Via: "), *end = strstr(w.op->last_invite, "Content-Type: ");
	assert_true(via && end);
	char text[6000];
	snprintf(text, sizeof(text),
		 "INVITE sip:+33142685320@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKhop\r\n%.*s"
		 "Content-Length: 0\r\n\r\n",
		 w.host, (int)(end - via), via);
	w.op->sends_garbage = true;
	phone_send_raw(w.op, slice_from_string(text));
	sim_until(w.o.s, 10, w.o.desk->got[SIP_INVITE]);
	assert_int_equal(w.op->statuses[482], 0);
	phone_cancel(a);
	sim_until(w.o.s, 60, a->ended && phone_last(w.o.desk)->cancels);
	sim_run(w.o.s, SECOND_US);
	office_done(&w.o);
}

static void send_branch(struct world *w, const char *branch, const char *number)
{
	char text[1000];
	snprintf(text, sizeof(text),
		 "INVITE sip:%s@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
		 "From: <sip:+33142685399@op.example>;tag=f\r\nTo: <sip:+33142685320@op.example>\r\nCall-ID: forked\r\n"
		 "CSeq: 7 INVITE\r\nContact: <sip:op@%s>\r\nContent-Length: 0\r\n\r\n",
		 number, w->host, branch, w->host);
	phone_send_raw(w->op, slice_from_string(text));
	sim_run(w->o.s, SECOND_US);
}

/* RFC 3261 §8.2.2.2: one INVITE that reaches us by two ways is one call; a fork to another number is a call too. */
static void test_merged(void **state)
{
	struct world w = world_of("acme");
	sim_set_number(w.o.s, "acme", "+33142685320", "20");
	sim_set_number(w.o.s, "acme", "+33142685310", "10");
	w.o.ann->answer_ms = w.o.desk->answer_ms = -1;
	w.op->sends_garbage = true;
	send_branch(&w, "one", "+33142685320");
	assert_int_equal(w.o.desk->got[SIP_INVITE], 1);
	send_branch(&w, "two", "+33142685320");
	assert_memory_equal(w.op->last_response, "SIP/2.0 482 ", 12);
	assert_int_equal(w.o.desk->got[SIP_INVITE], 1);
	send_branch(&w, "three", "+33142685310");
	assert_int_equal(w.o.ann->got[SIP_INVITE], 1);
	sim_run(w.o.s, 30 * SECOND_US); /* nobody answers */
	struct sim_row rows[4];
	assert_int_equal(sim_rows(w.o.s, rows, 4), 2);
	send_branch(&w, "four", "+33142685320"); /* that call is over: this is another */
	assert_int_equal(w.o.desk->got[SIP_INVITE], 2);
	sim_run(w.o.s, 30 * SECOND_US);
	office_done(&w.o);
}

static void test_options(void **state)
{
	struct world w = world_of("acme");
	phone_send_raw(w.op, SLICE("OPTIONS sip:192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.4;branch=z9hG4bKo\r\n"
				   "Max-Forwards: 70\r\nFrom: <sip:op.example>;tag=o\r\nTo: <sip:192.0.2.10>\r\n"
				   "Call-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"));
	sim_until(w.o.s, 10, w.op->statuses[200] == 1);
	office_done(&w.o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_forms_of_a_number),
		cmocka_unit_test(test_who_calls),
		cmocka_unit_test(test_in_without_offer),
		cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_unknown_number),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_named_listener),
		cmocka_unit_test(test_device_behind_the_same_address),
		cmocka_unit_test(test_tenants_are_apart),
		cmocka_unit_test(test_shared_trunk_serves_all),
		cmocka_unit_test(test_company_to_company),
		cmocka_unit_test(test_forward_in_another_company),
		cmocka_unit_test(test_number_moves),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_out_without_offer),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_what_is_dialled),
		cmocka_unit_test(test_operator_refuses),
		cmocka_unit_test(test_failover),
		cmocka_unit_test(test_ended_while_looking),
		cmocka_unit_test(test_own_trunk_before_shared),
		cmocka_unit_test(test_trunk_removed_during_calls),
		cmocka_unit_test(test_encrypted_trunk),
		cmocka_unit_test(test_keys_do_not_go_in_clear),
		cmocka_unit_test(test_sends_from_elsewhere),
		cmocka_unit_test(test_stolen_tags),
		cmocka_unit_test(test_removed_trunk_knows_its_flow),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_sent_on),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
