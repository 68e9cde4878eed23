/* Calls over a network that loses, doubles and reorders: whatever comes of one, it is over in the end, everywhere */
#include "sim/office.h"

static const struct sim_weather bad = {
	.loss_percent = 5, .double_percent = 5, .least_us = MS_US, .most_us = 150 * MS_US};

static bool over(struct sim_phone *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
		if (p->calls[i].used && !p->calls[i].ended)
			return false;
	return true;
}

struct tally {
	unsigned answered, cancelled, refused;
};

/* Early voice, reliable 1xx on either side or both, the first offer left to Alto: all mixed. */
static void set_habits(struct office *o, uint64_t mix)
{
	o->desk->early = o->mobile->early = mix & 1;
	o->ann->reliable = mix & 2;
	o->desk->reliable = o->mobile->reliable = mix & 4;
	o->desk->answer_no_sdp = (mix & 5) == 5; /* it was said before */
	o->ann->no_body = mix & 8;
}

/* One call, ended in the way that the seed says; exactly one row, and no trace of it left. */
static void one_call(uint64_t seed, struct tally *tally)
{
	struct office o = office_on(sim_new_plain(seed), SIP_UDP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	phone_registered(o.mobile);
	o.s->weather = bad;
	unsigned way = (unsigned)(seed % 6);
	set_habits(&o, seed / 6);
	o.desk->answer_ms = (int)random_below(&o.s->dice, 3000);
	o.mobile->answer_ms = way == 1 || way == 2 ? o.desk->answer_ms : -1;
	o.desk->status = o.mobile->status = way == 2 ? 486 : way == 3 ? 603 : 200;
	struct phone_call *a = phone_dial(o.ann, "20");
	if (way == 4) { /* gives up at about the time of the answer */
		sim_run(o.s, (o.desk->answer_ms + random_below(&o.s->dice, 600)) * MS_US);
		phone_cancel(a);
	}
	sim_until(o.s, 120, a->up || a->ended);
	if (a->up) {
		sim_run(o.s, random_below(&o.s->dice, 4000) * MS_US);
		struct phone_call *b = phone_last(way == 5 ? o.desk : o.ann);
		if (!b->ended && b->up)
			phone_hang_up(b);
		else if (!a->ended)
			phone_hang_up(a);
	}
	sim_run(o.s, 100 * SECOND_US);
	assert_true(over(o.ann) && over(o.desk) && over(o.mobile));
	assert_int_equal(o.ann->statuses[500], 0);
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 1);
	assert_true(rows[0].ended_us);
	assert_true(rows[0].cause[0] && rows[0].ended_by[0]);
	tally->answered += rows[0].status == 200;
	tally->cancelled += rows[0].status == 487;
	tally->refused += rows[0].status == 486 || rows[0].status == 603;
	office_done(&o);
}

static void test_bad_weather(void **state)
{
	struct tally tally = {0};
	for (uint64_t seed = 1; seed <= 180; seed++)
		one_call(seed, &tally);
	/* Of 180: two sixths are refused, one sixth is cancelled or answered, the rest is answered. */
	assert_int_equal(tally.refused, 60);
	assert_int_equal(tally.answered + tally.cancelled, 120);
	assert_in_range(tally.cancelled, 5, 30);
}

#define KNOWS "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\nSupported: timer\r\n"

/* What a phone does to its session in the middle of a call. */
static void change(struct office *o, struct phone_call *c)
{
	static const char *const codecs[] = {"8 0 101", "0 8 101", "96 8 101", "9 0 101"};
	c->phone->codecs = codecs[random_below(&o->s->dice, ARRAY_LEN(codecs))];
	c->phone->attributes = random_below(&o->s->dice, 4) ? "" : "a=sendonly\r\n";
	if (random_below(&o->s->dice, 2))
		phone_update(c, random_below(&o->s->dice, 3) == 0, "");
	else
		phone_reinvite(c, random_below(&o->s->dice, 4) == 0);
}

/* An hour, in which both phones change codecs, hold and refresh as they like, often at once. */
static void one_hour(uint64_t seed, unsigned *ret_ends)
{
	struct office o = office_on(sim_new_plain(seed), SIP_UDP, true);
	phone_registered(o.ann);
	phone_registered(o.desk);
	if (seed & 1)
		snprintf(o.ann->says, sizeof(o.ann->says), KNOWS "Session-Expires: 300;refresher=uas\r\n");
	if (seed & 2)
		snprintf(o.desk->says, sizeof(o.desk->says), KNOWS);
	if (seed & 2 && seed & 4)
		snprintf(o.desk->says_ok, sizeof(o.desk->says_ok), "Session-Expires: 200;refresher=uac\r\n");
	o.desk->answer_ms = 500;
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 60, a->up && phone_last(o.desk)->up);
	struct phone_call *b = phone_last(o.desk);
	o.s->weather = bad;
	for (unsigned i = 0; i < 120 && !a->ended && !b->ended; i++) {
		sim_run(o.s, (1 + random_below(&o.s->dice, 59)) * SECOND_US);
		unsigned who = random_below(&o.s->dice, 4);
		if (who != 1 && !a->ended && !a->asking)
			change(&o, a);
		if (who != 2 && !b->ended && !b->asking)
			change(&o, b);
	}
	sim_run(o.s, 60 * SECOND_US);
	*ret_ends += a->ended || b->ended;
	if (!a->ended)
		phone_hang_up(a);
	sim_run(o.s, 200 * SECOND_US);
	assert_true(over(o.ann) && over(o.desk));
	struct sim_row rows[2];
	assert_int_equal(sim_rows(o.s, rows, 2), 1);
	assert_true(rows[0].ended_us && rows[0].status == 200);
	office_done(&o);
}

static void test_sessions_in_bad_weather(void **state)
{
	unsigned ends = 0;
	for (uint64_t seed = 1; seed <= 48; seed++)
		one_hour(seed, &ends);
	assert_int_equal(ends, 0);
}

/* The same seed is the same day, to the message. */
static void test_repeats(void **state)
{
	unsigned messages[2];
	for (unsigned i = 0; i < 2; i++) {
		struct office o = office_on(sim_new_plain(42), SIP_UDP, true);
		o.s->weather = bad;
		phone_registered(o.ann);
		phone_registered(o.desk);
		struct phone_call *a = phone_dial(o.ann, "20");
		sim_until(o.s, 60, a->up);
		phone_hang_up(a);
		sim_run(o.s, 60 * SECOND_US);
		messages[i] = o.s->messages;
		office_done(&o);
	}
	assert_int_equal(messages[0], messages[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_weather),
					   cmocka_unit_test(test_sessions_in_bad_weather),
					   cmocka_unit_test(test_repeats)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
