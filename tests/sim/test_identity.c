/* Who is shown to whom: numbers chosen, callers that hide (RFC 3323, 3325), and "forwarded by" (RFC 5806, RFC 7044) */
#include "sim/office.h"

#define NUMBER "+33142685300"
#define SECOND "+33142685399"
#define BOBS "+33142685320"
#define OUTSIDE "+33611223344"
#define ANONYMOUS "\r\nFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="

/* An office on UDP; Ann has two numbers and Bob one, an operator at its own address, and Eve (30) at home. */
struct world {
	struct office o;
	struct sim_phone *op, *eve;
	char host[32];
};

static struct world world_new(void)
{
	struct world w = {.o = office_udp()};
	struct sim *s = w.o.s;
	w.op = phone_new(s, "operator-" OUTSIDE, "", SIP_UDP);
	struct writer h = writer_on(w.host, sizeof(w.host) - 1);
	write_address(&h, &w.op->address);
	sim_set_number(s, "acme", NUMBER, "10");
	sim_set_number(s, "acme", SECOND, "10");
	sim_set_number(s, "acme", BOBS, "20");
	sim_add_trunk(s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = w.host, .plain_rtp = true});
	sim_add_device(s, &(struct sim_person){"acme", "30", "desk", "secret30", SIP_DIGEST_MD5, true});
	w.eve = phone_new(s, "acme-30-desk", "secret30", SIP_UDP);
	phone_registered(w.eve);
	return w;
}

static void assert_says(const struct sim_phone *p, const char *what, bool says)
{
	if ((strstr(p->last_invite, what) != NULL) != says)
		fail_msg("%s \"%s\" in\n%s", says ? "no" : "there is", what, p->last_invite);
}

/* Calls it until it rings, and gives up; the row says who called. */
static void try(struct world *w, struct sim_phone *from, const char *to, const char *caller)
{
	struct phone_call *a = phone_dial(from, to);
	sim_until(w->o.s, 10, a->rang);
	phone_cancel(a);
	assert_string_equal(sim_assert_row(w->o.s, 487, "cancelled", "caller").from, caller);
}

/* P-Preferred-Identity chooses among one's own numbers; what a phone asserts is nothing. */
static void test_number_chosen(void **state)
{
	static const struct {
		const char *says, *shown;
	} cases[] = {
		{"", NUMBER},
		{"P-Preferred-Identity: <sip:" SECOND "@acme.example>\r\n", SECOND},
		{"P-Preferred-Identity: \"Boss\" <tel:+33-142-68-53-99>\r\n", SECOND},
		{"P-Preferred-Identity: <sip:x@y>, <sip:" SECOND "@y>\r\n", SECOND},
		{"P-Preferred-Identity: <sip:" BOBS "@acme.example>\r\n", NUMBER}, /* a colleague's */
		{"P-Preferred-Identity: <sip:+4930123456@acme.example>\r\n", NUMBER},
		{"P-Preferred-Identity: nonsense <\r\n", NUMBER},
		{"P-Asserted-Identity: <sip:" SECOND "@acme.example>\r\n", NUMBER},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_new();
		char want[128];
		snprintf(w.o.ann->extra, sizeof(w.o.ann->extra), "%s", cases[i].says);
		try(&w, w.o.ann, OUTSIDE, "10");
		snprintf(want, sizeof(want), "\r\nFrom: <sip:%s@%s>;tag=", cases[i].shown, w.host);
		assert_says(w.op, want, true);
		snprintf(want, sizeof(want), "\r\nP-Asserted-Identity: <sip:%s@%s>\r\n", cases[i].shown, w.host);
		assert_says(w.op, want, true);
		assert_says(w.op, "P-Preferred-Identity", false);
		assert_says(w.op, "Privacy", false);
		office_done(&w.o);
	}
}

/* A phone that hides: from colleagues and from whom the operator rings, not from the operator and its own company. */
static void test_device_hides(void **state)
{
	static const struct {
		const char *says, *from;
		bool hidden;
	} cases[] = {
		{"Privacy: id\r\n", NULL, true},
		{"Privacy: user\r\n", NULL, true},
		{"Privacy: header; Session ;ID;critical\r\n", NULL, true},
		{"", "\"Anonymous\" <sip:anonymous@anonymous.invalid>", true},
		{"Privacy: none\r\n", NULL, false},
		{"Privacy: header;session;history;critical\r\n", NULL, false}, /* all callers have these */
		{"Privacy: telepathy\r\n", NULL, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_new();
		w.o.ann->from = cases[i].from;
		snprintf(w.o.ann->extra, sizeof(w.o.ann->extra), "%s", cases[i].says);
		try(&w, w.o.ann, "20", "10");
		assert_says(w.o.desk, ANONYMOUS, cases[i].hidden);
		assert_says(w.o.desk, "sip:10@", !cases[i].hidden);
		assert_says(w.o.desk, "P-Asserted-Identity", false);
		office_done(&w.o);

		w = world_new();
		w.o.ann->from = cases[i].from;
		snprintf(w.o.ann->extra, sizeof(w.o.ann->extra), "%s", cases[i].says);
		try(&w, w.o.ann, OUTSIDE, "10");
		assert_says(w.op, ANONYMOUS, cases[i].hidden);
		assert_says(w.op, "\r\nP-Asserted-Identity: <sip:" NUMBER "@", true);
		assert_says(w.op, "\r\nPrivacy: id\r\n", cases[i].hidden);
		office_done(&w.o);
	}
}

/* What must be kept and cannot be, is not begun. */
static void test_critical(void **state)
{
	struct world w = world_new();
	snprintf(w.o.ann->extra, sizeof(w.o.ann->extra), "Privacy: id;telepathy;critical\r\n");
	snprintf(w.op->extra, sizeof(w.op->extra), "%s", w.o.ann->extra);
	struct phone_call *a = phone_dial(w.o.ann, "20"), *b = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->status && b->status);
	assert_int_equal(a->status, 500);
	assert_int_equal(b->status, 500);
	assert_int_equal(w.o.desk->got[SIP_INVITE] + w.o.ann->got[SIP_INVITE], 0);
	office_done(&w.o);
}

/* An operator that has left a hidden caller's From as it was. */
static void test_operator_hides(void **state)
{
	static const struct {
		const char *says, *row;
	} cases[] = {
		{"Privacy: user\r\n", "anonymous"}, {"Privacy: none\r\n", OUTSIDE}, {"Privacy: header\r\n", OUTSIDE}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_new();
		snprintf(w.op->extra, sizeof(w.op->extra), "%s", cases[i].says);
		try(&w, w.op, NUMBER, cases[i].row);
		assert_says(w.o.ann, ANONYMOUS, i == 0);
		office_done(&w.o);
	}
}

/* ---- forwarded by ---- */

static void forwards(struct sim_phone *p, const char *to, const char *says)
{
	p->status = 302;
	p->answer_ms = 100;
	snprintf(p->says_refused, sizeof(p->says_refused), "Contact: <sip:%s@acme.example>\r\n%s", to, says);
}

/* Bob's phone sends Ann on to Eve, who reads by whom and why. */
static void test_forwarded_by(void **state)
{
	static const struct {
		int ring_ms;
		const char *says, *reason;
		unsigned cause;
	} cases[] = {
		{-1, "", "unconditional", 302},
		{20, "", "deflection", 487},
		{20, "Diversion: <sip:20@x>;reason=no-answer\r\n", "no-answer", 408},
		{20, "Diversion: <sip:99@x>;reason=\"user-busy\";counter=9\r\n", "user-busy", 486},
		{20, "Diversion: <sip:20@x>;reason=whim\r\n", "unknown", 404},
		{20, "Diversion: <\r\n", "deflection", 487},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_new();
		char want[256];
		forwards(w.o.desk, "30", cases[i].says);
		w.o.desk->ring_ms = cases[i].ring_ms;
		struct phone_call *a = phone_dial(w.o.ann, "20");
		sim_until(w.o.s, 10, a->up);
		assert_says(w.o.desk, "Diversion", false);
		snprintf(want, sizeof(want), "\r\nDiversion: <sip:20@acme.example>;reason=%s\r\n", cases[i].reason);
		assert_says(w.eve, want, true);
		snprintf(want, sizeof(want),
			 "\r\nHistory-Info: <sip:20@acme.example>;index=1, "
			 "<sip:30@acme.example;cause=%u>;index=1.1;mp=1\r\n",
			 cases[i].cause);
		assert_says(w.eve, want, true);
		phone_hang_up(a);
		office_done(&w.o);
	}
}

/* What an operator says of the way that a call has come, and what our own phones do to it. */
static void test_brought_by_operator(void **state)
{
	static const struct {
		const char *says, *told, *history;
	} cases[] = {
		{"Diversion: \"X\" <sip:+33155@op.example;user=phone>;reason=no-answer;counter=1, "
		 "<tel:+33-166-77>;reason=x\r\n",
		 "\r\nDiversion: <sip:+33155@acme.example>;reason=no-answer, "
		 "<sip:+3316677@acme.example>;reason=unknown\r\n",
		 "\r\nHistory-Info: <sip:+3316677@acme.example>;index=1, "
		 "<sip:+33155@acme.example;cause=404>;index=1.1;mp=1, "
		 "<sip:10@acme.example;cause=408>;index=1.1.1;mp=1.1\r\n"},
		{"History-Info: <sip:+33155@op>;index=1, <sip:" NUMBER "@op;cause=486>;index=1.1;mp=1\r\n",
		 "\r\nDiversion: <sip:+33155@acme.example>;reason=user-busy\r\n",
		 "\r\nHistory-Info: <sip:+33155@acme.example>;index=1, "
		 "<sip:10@acme.example;cause=486>;index=1.1;mp=1\r\n"},
		{"History-Info: <sip:+33155@op?Privacy=history>;index=1, <sip:" NUMBER "@op;cause=486>;index=1.1\r\n",
		 NULL, NULL},
		{"Diversion: <sip:+33155@op>;reason=no-answer;privacy=full\r\n", NULL, NULL},
		{"Diversion: <sip:+33155@op>;reason=no-answer\r\nPrivacy: history\r\n", NULL, NULL},
		{"Diversion: <sip:+33155@op>;reason=no-answer\r\nPrivacy: header\r\n", NULL, NULL},
		{"Diversion: <<>\r\nHistory-Info: <sip:,\r\n", NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w = world_new();
		snprintf(w.op->extra, sizeof(w.op->extra), "%s", cases[i].says);
		try(&w, w.op, NUMBER, OUTSIDE);
		assert_says(w.o.ann, cases[i].told ? cases[i].told : "Diversion", cases[i].told != NULL);
		assert_says(w.o.ann, cases[i].history ? cases[i].history : "History-Info", cases[i].told != NULL);
		office_done(&w.o);
	}
	struct world w = world_new();
	snprintf(w.op->extra, sizeof(w.op->extra), "Diversion: <sip:+33155@op>;reason=no-answer\r\n");
	forwards(w.o.ann, "30", "");
	w.o.ann->ring_ms = -1;
	struct phone_call *a = phone_dial(w.op, NUMBER);
	sim_until(w.o.s, 10, a->up);
	assert_says(w.eve,
		    "\r\nDiversion: <sip:10@acme.example>;reason=unconditional, "
		    "<sip:+33155@acme.example>;reason=no-answer\r\n",
		    true);
	phone_hang_up(a);
	office_done(&w.o);
}

/* More than we keep, and a phone that tells tales: who pays for a call may depend on it. */
static void test_bounds(void **state)
{
	struct world w = world_new();
	snprintf(w.op->extra, sizeof(w.op->extra),
		 "Diversion: <sip:+331550@o>, <sip:+331551@o>, <sip:+331552@o>, <sip:+331553@o>, <sip:+331554@o>, "
		 "<sip:+331555@o>\r\n");
	try(&w, w.op, NUMBER, OUTSIDE);
	assert_says(w.o.ann, "<sip:+331554@acme.example>;reason=unknown\r\n", true);
	assert_says(w.o.ann, "+331555", false);
	office_done(&w.o);
	w = world_new();
	snprintf(w.o.ann->extra, sizeof(w.o.ann->extra),
		 "Diversion: <sip:" BOBS "@acme.example>;reason=no-answer\r\n"
		 "History-Info: <sip:1@x>;index=1\r\n");
	try(&w, w.o.ann, OUTSIDE, "10");
	assert_says(w.op, "Diversion", false);
	assert_says(w.op, "History-Info", false);
	office_done(&w.o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_chosen), cmocka_unit_test(test_device_hides),
		cmocka_unit_test(test_critical),      cmocka_unit_test(test_operator_hides),
		cmocka_unit_test(test_forwarded_by),  cmocka_unit_test(test_brought_by_operator),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
