/*
 * sim/lossy.h - every flow in bad weather: datagrams are lost, doubled and overtake each other, from the first REGISTER
 * to the last 200, and what comes of it is what comes of it on a clear day
 *
 * A flow is what people do and wait for; it never counts messages. Each runs once in fair weather, which shows that its
 * row in the table is true, and then with as many seeds as SEEDS says. What both sides do at the same instant may end
 * either way: those are in test_weather.c.
 */
#pragma once
#include "sim/office.h"

#define SEEDS 8
#define NUMBER "+33142685300"
#define OUTSIDE "+33611223344"
#define KNOWS "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\nSupported: timer\r\n"

static const struct sim_weather bad = {
	.loss_percent = 5, .double_percent = 5, .least_us = MS_US, .most_us = 150 * MS_US};

/* Ann (10, and the number), Bob (20) with two phones, Eve (30), and an operator. */
struct world {
	struct office o;
	struct sim_phone *eve, *op;
	char host[32];
};

static inline struct world world_new(uint64_t seed)
{
	struct world w = {.o = office_on(sim_new_plain(seed ? seed : 1), SIP_UDP, true)};
	struct sim *s = w.o.s;
	sim_add_device(s, &(struct sim_person){"acme", "30", "desk", "secret30", SIP_DIGEST_MD5, true});
	w.eve = phone_new(s, "acme-30-desk", "secret30", SIP_UDP);
	w.op = phone_new(s, "operator-" OUTSIDE, "", SIP_UDP);
	struct writer host = writer_on(w.host, sizeof(w.host) - 1);
	write_address(&host, &w.op->address);
	sim_set_number(s, "acme", NUMBER, "10");
	sim_add_trunk(s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = w.host, .plain_rtp = true});
	if (seed)
		s->weather = bad;
	phone_registered(w.o.ann);
	phone_registered(w.o.desk);
	w.o.desk->answer_ms = w.o.mobile->answer_ms = w.eve->answer_ms = w.op->answer_ms = 1000;
	return w;
}

/* ---- what people wait for ---- */

/* Whatever is still under way has arrived, or been said again. */
static inline void settle(struct sim *s)
{
	sim_run(s, 40 * SECOND_US);
}

static inline void speak(struct phone_call *a, struct phone_call *b)
{
	sim_until(a->phone->sim, 40, a->up && b->up && voice_flows(a, b));
}

static inline struct phone_call *talk(struct sim_phone *from, const char *to, struct sim_phone *with)
{
	struct phone_call *a = phone_dial(from, to);
	sim_until(from->sim, 60, a->up && phone_last(with)->up);
	speak(a, phone_last(with));
	return a;
}

static inline void hang_up(struct phone_call *a, struct phone_call *b)
{
	settle(a->phone->sim);
	assert_false(a->ended || b->ended);
	phone_hang_up(a);
	sim_until(a->phone->sim, 60, b->ended);
}

/* The answer to a change that this phone has asked for. */
static inline void changed(struct phone_call *c, unsigned status)
{
	sim_until(c->phone->sim, 60, c->reinvite_status);
	assert_int_equal(c->reinvite_status, status);
}

static inline void refused(struct phone_call *a, unsigned status)
{
	sim_until(a->phone->sim, 80, a->status);
	assert_int_equal(a->status, status);
}

static inline struct voice_stream *stream_told(struct phone_call *c)
{
	const char *m = strstr(c->remote, "m=audio ");
	assert_non_null(m);
	return voice_at(c->phone->sim->media, (uint16_t)strtol(m + 8, NULL, 10));
}

/* ---- a table of them ---- */

struct flow {
	const char *name;
	void (*run)(struct world *w);
	int64_t status; /* of the one row; 0: there is none */
	const char *cause, *by, *callee;
	bool taken; /* there are two: another call has become this one */
	bool both;  /* there are two, with the same end; the callee's is in one of them */
};

static inline void check_row(const struct sim_row *r, const struct flow *f)
{
	assert_int_equal(r->status, f->status);
	assert_string_equal(r->cause, f->cause);
	assert_string_equal(r->ended_by, f->by);
	assert_true((r->answered_us != 0) == (f->status == 200));
	assert_true(r->ended_us >= r->started_us);
}

static inline void check_rows(struct sim *s, const struct flow *f)
{
	struct sim_row rows[3];
	assert_int_equal(sim_rows(s, rows, ARRAY_LEN(rows)), f->status ? 1 + f->taken + f->both : 0);
	if (!f->status)
		return;
	check_row(&rows[0], f);
	if (f->both)
		check_row(&rows[1], f);
	if (f->callee[0])
		assert_true(strcmp(rows[0].b_device, f->callee) == 0 ||
			    (f->both && strcmp(rows[1].b_device, f->callee) == 0));
	if (f->taken) {
		assert_string_equal(rows[1].cause, "transferred");
		assert_true(rows[1].ended_us >= rows[1].started_us);
	}
}

static inline void run(const struct flow *f, uint64_t seed)
{
	struct world w = world_new(seed);
	f->run(&w);
	settle(w.o.s);
	check_rows(w.o.s, f);
	for (const struct sim_phone *p = w.o.s->phones; p; p = p->next)
		for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
			assert_true(!p->calls[i].used || p->calls[i].ended || p->dead);
	office_done(&w.o);
}

static inline void test_flow(void **state)
{
	const struct flow *f = *state;
	for (uint64_t seed = 0; seed <= SEEDS; seed++) {
		print_message("%s, seed %u\n", f->name, (unsigned)seed);
		run(f, seed);
	}
}

static inline int run_flows(struct flow *flows, size_t count)
{
	struct CMUnitTest tests[64];
	ASSERT(count <= ARRAY_LEN(tests));
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = flows[i].name, .test_func = test_flow, .initial_state = &flows[i]};
	return _cmocka_run_group_tests("flows", tests, count, NULL, NULL);
}
