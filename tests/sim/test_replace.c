/* INVITE with Replaces: a phone takes the place of another one of its user, in a call or while it rings */
#include "sim/office.h"

/* Ann (10, desk and another), Bob (20, desk and mobile), Eve (30); Bob's mobile registers only where a test says so. */
struct world {
	struct office o;
	struct sim_phone *other, *eve;
};

static struct world world(void)
{
	struct world w = {.o = office_tls()};
	sim_add_device(w.o.s, &(struct sim_person){"acme", "10", "other", "secret", SIP_DIGEST_MD5, false});
	sim_add_device(w.o.s, &(struct sim_person){"acme", "30", "desk", "secret", SIP_DIGEST_MD5, false});
	w.other = phone_new(w.o.s, "acme-10-other", "secret", SIP_TLS);
	w.eve = phone_new(w.o.s, "acme-30-desk", "secret", SIP_TLS);
	phone_registered(w.eve);
	return w;
}

/* By the URI that a phone has of us: our Contact. */
static struct phone_call *replace(struct sim_phone *p, const struct phone_call *c, const char *params)
{
	snprintf(p->extra, sizeof(p->extra), "Replaces: %.*s;to-tag=%.*s;from-tag=%.*s%s\r\n",
		 SLICE_ARG(c->dialog.call_id), SLICE_ARG(c->dialog.remote_tag), SLICE_ARG(c->dialog.local_tag), params);
	struct phone_call *taken = phone_dial(p, "alto");
	return taken;
}

static void over(struct world *w)
{
	sim_run(w->o.s, 3 * SECOND_US);
	office_done(&w->o);
}

static void test_in_a_call(void **state)
{
	for (unsigned mix = 0; mix < 4; mix++) {
		struct world w = world();
		struct phone_call *a, *b;
		office_talk(&w.o, &a, &b);
		bool by_callee = mix & 1;
		struct sim_phone *p = by_callee ? w.o.mobile : w.other;
		struct phone_call *old = by_callee ? b : a, *left = by_callee ? a : b;
		p->no_body = mix & 2; /* our offer is in the 200 then */
		struct phone_call *taken = replace(p, old, "");
		sim_until(w.o.s, 5, taken->up && old->ended);
		assert_int_equal(taken->status, 200);
		sim_run(w.o.s, SECOND_US);
		assert_true(voice_flows(taken, left));
		assert_int_equal(old->byes, 1);
		assert_false(left->ended);
		phone_hang_up(left);
		sim_until(w.o.s, 5, taken->ended);
		sim_run(w.o.s, SECOND_US);
		struct sim_row rows[3];
		assert_int_equal(sim_rows(w.o.s, rows, 3), 2);
		assert_string_equal(rows[1].cause, "transferred");
		assert_string_equal(rows[0].cause, "answered");
		assert_string_equal(rows[1].ended_by, by_callee ? "callee" : "caller");
		assert_string_equal(rows[0].a_device, by_callee ? "acme-10-desk" : "acme-10-other");
		assert_string_equal(rows[0].b_device, by_callee ? "acme-20-mobile" : "acme-20-desk");
		assert_string_equal(rows[0].from, "10");
		assert_string_equal(rows[0].to, "20");
		assert_int_equal(rows[1].ended_us, rows[0].answered_us);
		assert_true(has(rows[0].trace, by_callee ? "device mobile took it over" : "device other took it over"));
		over(&w);
	}
}

static void test_other_codec(void **state)
{
	struct world w = world();
	struct phone_call *a, *b;
	w.o.desk->codecs = "8 101";
	office_talk(&w.o, &a, &b);
	w.o.mobile->codecs = "0 101";
	struct phone_call *taken = replace(w.o.mobile, b, "");
	sim_until(w.o.s, 5, taken->up && a->reinvites == 1);
	sim_run(w.o.s, SECOND_US);
	assert_true(voice_flows(taken, a));
	/* And one that nobody here speaks: the call stays where it is. */
	w.other->codecs = "97";
	struct phone_call *deaf = replace(w.other, a, "");
	sim_until(w.o.s, 5, deaf->status);
	assert_int_equal(deaf->status, 488);
	sim_run(w.o.s, SECOND_US);
	assert_true(voice_flows(taken, a));
	phone_hang_up(a);
	over(&w);
}

static void test_while_it_rings(void **state)
{
	for (unsigned mix = 0; mix < 2; mix++) {
		struct world w = world();
		w.o.desk->answer_ms = -1;
		struct phone_call *a = phone_dial(w.o.ann, "20");
		sim_until(w.o.s, 5, a->rang);
		struct phone_call *b = phone_last(w.o.desk);
		w.o.mobile->no_body = mix;
		struct phone_call *taken = replace(w.o.mobile, b, ";early-only");
		sim_until(w.o.s, 5, taken->status);
		assert_int_equal(taken->status, mix ? 488 : 200);
		sim_run(w.o.s, SECOND_US);
		if (mix) { /* the desk phone rings on */
			assert_false(b->ended);
			phone_answer(b, 200);
			sim_until(w.o.s, 5, a->up);
			taken = b;
		} else {
			assert_true(a->up && b->ended);
			assert_string_equal(b->reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
		}
		sim_run(w.o.s, SECOND_US);
		assert_true(voice_flows(a, taken));
		phone_hang_up(taken);
		sim_until(w.o.s, 5, a->ended);
		struct sim_row row = sim_assert_row(w.o.s, 200, "answered", "callee");
		assert_string_equal(row.b_device, mix ? "acme-20-desk" : "acme-20-mobile");
		assert_int_equal(has(row.trace, "picked up by device mobile"), !mix);
		over(&w);
	}
}

static unsigned status_of(struct world *w, struct phone_call *c)
{
	sim_until(w->o.s, 5, c->status);
	sim_run(w->o.s, SECOND_US);
	return c->status;
}

static void test_refused(void **state)
{
	struct world w = world();
	struct phone_call *a, *b;
	office_talk(&w.o, &a, &b);
	sim_add_device(w.o.s, &(struct sim_person){"other", "10", "desk", "secret", SIP_DIGEST_MD5, false});
	struct sim_phone *stranger = phone_new(w.o.s, "other-10-desk", "secret", SIP_TLS);
	struct sim_phone *guest = phone_new(w.o.s, "acme-66-desk", "guess", SIP_TLS);
	assert_int_equal(status_of(&w, replace(w.eve, b, "")), 403);      /* a colleague */
	assert_int_equal(status_of(&w, replace(w.o.mobile, a, "")), 403); /* the other side of it */
	assert_int_equal(status_of(&w, replace(stranger, b, "")), 481);   /* who does not even learn that it is there */
	assert_int_equal(status_of(&w, replace(guest, b, "")), 401);      /* nobody */
	assert_int_equal(status_of(&w, replace(w.o.mobile, b, ";early-only")), 486);
	assert_int_equal(status_of(&w, replace(w.o.mobile, b, ";to-tag=x")), 400);
	struct phone_call none = {.dialog = {.call_id = SLICE("none"),
					     .remote_tag = SLICE("1-2-00000000000000ff"),
					     .local_tag = SLICE("x")}};
	assert_int_equal(status_of(&w, replace(w.o.mobile, &none, "")), 481);
	struct phone_call wrong = {.dialog = {.call_id = b->dialog.call_id,
					      .remote_tag = b->dialog.remote_tag,
					      .local_tag = a->dialog.local_tag}};
	assert_int_equal(status_of(&w, replace(w.o.mobile, &wrong, "")), 481);
	assert_true(voice_flows(a, b));
	phone_hang_up(a);
	sim_run(w.o.s, SECOND_US);
	/* A call that is over; one that this phone's user makes and that nobody has answered (RFC 3891 §3). */
	assert_int_equal(status_of(&w, replace(w.o.mobile, b, "")), 481);
	w.eve->answer_ms = -1;
	struct phone_call *c = phone_dial(w.o.desk, "30");
	sim_until(w.o.s, 5, c->rang);
	assert_int_equal(status_of(&w, replace(w.o.mobile, c, "")), 481);
	phone_cancel(c);
	over(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_a_call),
		cmocka_unit_test(test_other_codec),
		cmocka_unit_test(test_while_it_rings),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
