/* What a call costs, and what happens when there is no memory for a part of it */
#include "sim/office.h"

#include <malloc.h>

/* Ways in which a call can begin. */
enum way { PLAIN, RELIABLE, WITHOUT_OFFER, OFFER_IN_183, FORKED, WAYS };

static void set_habits(struct office *o, enum way way)
{
	o->ann->reliable = way == RELIABLE || way == OFFER_IN_183;
	o->ann->prack_offers = way == RELIABLE;
	o->desk->reliable = o->desk->early = way == RELIABLE || way == OFFER_IN_183;
	o->ann->no_body = way == WITHOUT_OFFER || way == OFFER_IN_183;
}

/* A second phone behind the same contact speaks up for a moment. */
static void fork_speaks(struct office *o)
{
	sim_until(o->s, 40, o->desk->got[SIP_INVITE] || phone_last(o->ann)->ended);
	struct phone_call *b = phone_last(o->desk);
	if (!b->used)
		return;
	phone_progress_raw(b, 180, "fork", NULL, 77);
	phone_progress_raw(b, 180, "fork", NULL, 78);
}

/* A call over UDP with one allocation failing while one message is handled. *ret_met: there was such an allocation. */
static unsigned call_without(enum way way, unsigned message, unsigned allocation, bool *ret_met)
{
	struct office o = office_udp();
	unsigned before = o.s->messages;
	o.s->poor_message = before + message;
	o.s->poor_allocation = allocation;
	set_habits(&o, way);
	struct phone_call *a = phone_dial(o.ann, "20");
	o.desk->answer_ms = 300;
	if (way == FORKED)
		fork_speaks(&o);
	sim_until(o.s, 100, a->up || a->ended);
	sim_run(o.s, 3 * SECOND_US);
	if (!a->ended)
		phone_hang_up(a);
	sim_run(o.s, 100 * SECOND_US);
	/* A BYE for which there is no transaction gets a 503: then the other one hangs up, since nobody speaks any
	 * more. */
	if (phone_last(o.desk)->up && !phone_last(o.desk)->ended) {
		assert_int_equal(o.ann->statuses[503], 1);
		phone_hang_up(phone_last(o.desk));
		sim_run(o.s, 100 * SECOND_US);
	}
	unsigned messages = o.s->messages - before;
	*ret_met = o.s->poor_met;
	/* Refused or spoken, both phones and the history know that it is over. */
	struct phone_call *b = phone_last(o.desk);
	assert_true(a->ended);
	assert_true(!b->used || b->ended);
	struct sim_row rows[2];
	size_t n = sim_rows(o.s, rows, 2);
	assert_in_range(n, 0, 1);
	assert_true(n == 0 || rows[0].ended_us);
	office_done(&o);
	return messages;
}

static void test_no_memory(void **state)
{
	for (enum way way = PLAIN; way < WAYS; way++) {
		bool met;
		unsigned failures = 0, messages = call_without(way, 0, 1, &met); /* nothing fails: how many there are */
		for (unsigned message = 1; message <= messages; message++) {
			met = true;
			for (unsigned n = 1; met; n++) {
				call_without(way, message, n, &met);
				failures += met;
			}
		}
		assert_in_range(failures, 20, 2000);
		print_message("way %d: %u allocations failed, in %u messages\n", (int)way, failures, messages);
	}
}

/* A call that is forwarded, changes its codec, is refreshed, and ends with a Reason; one allocation fails in it. */
static unsigned session_without(unsigned message, unsigned allocation, bool *ret_met)
{
	struct office o = office_udp();
	sim_add_device(o.s, &(struct sim_person){"acme", "30", "desk", "secret", SIP_DIGEST_MD5, true});
	struct sim_phone *eve = phone_new(o.s, "acme-30-desk", "secret", SIP_UDP);
	phone_registered(eve);
	unsigned before = o.s->messages;
	o.s->poor_message = before + message;
	o.s->poor_allocation = allocation;
	o.desk->status = 302;
	o.desk->answer_ms = eve->answer_ms = 100;
	snprintf(o.desk->says_refused, sizeof(o.desk->says_refused), "Contact: <sip:30@acme.example>\r\n");
	snprintf(o.ann->says, sizeof(o.ann->says), "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n");
	snprintf(o.ann->says_bye, sizeof(o.ann->says_bye), "Reason: Q.850;cause=16\r\n");
	struct phone_call *a = phone_dial(o.ann, "20");
	sim_until(o.s, 100, a->up || a->ended);
	sim_run(o.s, SECOND_US);
	eve->codecs = "96 8 101";
	o.ann->codecs = "96 101";
	if (!a->ended)
		phone_update(a, false, "");
	sim_run(o.s, 50 * SECOND_US); /* and a refresh, by re-INVITE */
	if (!a->ended)
		phone_hang_up(a);
	sim_run(o.s, 100 * SECOND_US);
	struct phone_call *e = phone_last(eve);
	if (e->up && !e->ended) { /* there was no room for the BYE: 503 */
		assert_int_equal(o.ann->statuses[503], 1);
		phone_hang_up(e);
		sim_run(o.s, 100 * SECOND_US);
	}
	unsigned messages = o.s->messages - before;
	*ret_met = o.s->poor_met;
	assert_true(a->ended && (!e->used || e->ended));
	struct sim_row rows[2];
	size_t n = sim_rows(o.s, rows, 2);
	assert_in_range(n, 0, 1);
	assert_true(n == 0 || rows[0].ended_us);
	office_done(&o);
	return messages;
}

static void test_no_memory_for_a_change(void **state)
{
	bool met;
	unsigned failures = 0, messages = session_without(0, 1, &met);
	for (unsigned message = 1; message <= messages; message++) {
		met = true;
		for (unsigned n = 1; met; n++) {
			session_without(message, n, &met);
			failures += met;
		}
	}
	assert_in_range(failures, 40, 2000);
	print_message("%u allocations failed, in %u messages\n", failures, messages);
}

/* A second call while one is up, with one allocation failing: *ret_met if there was such a one. Was the lack named? */
static bool second_call_without(unsigned message, unsigned allocation, bool *ret_met)
{
	struct office o = office_udp();
	struct phone_call *a, *b;
	struct switchboard_figures figures;
	office_talk(&o, &a, &b);
	o.s->poor_message = o.s->messages + message;
	o.s->poor_allocation = allocation;
	struct phone_call *second = phone_dial(o.ann, "20");
	sim_run(o.s, 2 * SECOND_US);
	*ret_met = o.s->poor_met;
	switchboard_figures(o.s->sb, &figures);
	bool named = figures.trouble.kind == WARNING_CALLS_NO_MEMORY;
	assert_true(!named || (*ret_met && second->status == 503));
	assert_true(a->up && !a->ended && b->up && !b->ended && voice_flows(a, b));
	sim_run(o.s, 61 * SECOND_US);
	switchboard_figures(o.s->sb, &figures);
	assert_int_equal(figures.trouble.kind, WARNING_NONE);
	if (!second->ended)
		phone_hang_up(second);
	phone_hang_up(a);
	sim_run(o.s, 100 * SECOND_US);
	office_done(&o);
	return named;
}

/* A call in progress goes on when there is no memory for another, and the status says why that one was refused. */
static void test_shortage_is_named(void **state)
{
	unsigned named = 0;
	for (unsigned message = 1; message <= 3; message++) { /* INVITE, ACK of its challenge, INVITE */
		bool met = true;
		for (unsigned n = 1; met; n++)
			named += second_call_without(message, n, &met);
	}
	assert_in_range(named, 1, 100);
}

static size_t block(const void *p)
{
	return p ? malloc_usable_size((void *)(uintptr_t)p) + sizeof(size_t) : 0;
}

static size_t leg_bytes(const struct leg *leg)
{
	size_t n = sizeof(*leg) + block(leg->dialog.text.chunks);
	return n + block(leg->local.p) + block(leg->remote.p) + block(leg->ok.p) + block(leg->pending.p) +
	       block(leg->said.p);
}

/* Design §8: 16 KiB an answered call, all in; the streams of the media room are to fit in it too. */
static void test_size_of_a_call(void **state)
{
	struct office o = office_tls();
	struct phone_call *a, *b;
	office_talk(&o, &a, &b);
	sim_run(o.s, 60 * SECOND_US); /* its transactions are gone */
	uint32_t cursor = 0;
	struct call *c = pool_next(&o.s->sb->calls, &cursor);
	size_t bytes = sizeof(*c) + block(c->sip_call_id.p) + leg_bytes(c->caller) + leg_bytes(c->callee);
	print_message("struct call %zu, struct leg %zu, answered call %zu bytes\n", sizeof(struct call),
		      sizeof(struct leg), bytes);
	assert_in_range(bytes, 1, 10 * 1024);
	phone_hang_up(a);
	sim_run(o.s, SECOND_US);
	office_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_no_memory_for_a_change),
		cmocka_unit_test(test_shortage_is_named), cmocka_unit_test(test_size_of_a_call)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
