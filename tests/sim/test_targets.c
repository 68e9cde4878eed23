/* A leg called by targets: which is tried when, and what its user hears of it.   RFC 3263 §4.3, RFC 3261 §18.1.1 */
#include "sim/phone.h"

#include "call/leg.h"

struct world {
	struct sim *s;
	struct sim_phone *first, *second;
	struct target_list targets;
	int status;
	bool found;
	struct leg *leg;
	unsigned progress, answered, failed, hung_up, gone;
	unsigned last_status;
};

static void told(void *user, struct leg *leg, enum leg_event event)
{
	struct world *w = user;
	w->progress += event == LEG_PROGRESS;
	w->answered += event == LEG_ANSWERED;
	w->failed += event == LEG_FAILED;
	w->hung_up += event == LEG_HUNG_UP;
	w->gone += event == LEG_GONE;
	w->last_status = leg->last_status;
	if (event == LEG_GONE)
		w->leg = NULL;
}

static void found(void *arg, int status, const struct target_list *list)
{
	struct world *w = arg;
	w->found = true;
	w->status = status;
	w->targets = *list;
}

static struct world world_new(enum sip_transport first, enum sip_transport second)
{
	struct world w = {.s = sim_new_plain(1)};
	w.first = phone_new(w.s, "gw-1-one", "", first);
	w.second = phone_new(w.s, "gw-2-two", "", second);
	w.first->suites = w.second->suites = NULL;
	network_host(w.s, "sip.example.net", w.first);
	network_host(w.s, "sip.example.net", w.second);
	return w;
}

static void find(struct world *w)
{
	struct target_search *search;
	struct target_where where = {.host = SLICE("sip.example.net"), .listener = -1};
	assert_int_equal(target_find(w->s->transport, &where, found, w, &search), 0);
	sim_until(w->s, 1, w->found);
	assert_int_equal(w->status, 0);
	assert_int_equal(w->targets.count, 2);
}

/* name: shown in From, however long. */
static int call_named(struct world *w, const char *name)
{
	static const struct sdp_format pcma = {.payload = 8, .rate = 8000, .channels = 1, .name = {"PCMA", 4}};
	char from[3000];
	if (!w->found)
		find(w);
	snprintf(from, sizeof(from), "\"%s\" <sip:10@acme.example>", name);
	struct leg_call to = {.targets = &w->targets,
			      .target = SLICE("sip:0123@sip.example.net"),
			      .from = slice_from_string(from),
			      .to = SLICE("<sip:0123@sip.example.net>"),
			      .max_forwards = 70,
			      .plain_allowed = true,
			      .formats = &pcma,
			      .format_count = 1};
	return leg_call(w->s->sb, &to, told, w, &w->leg);
}

static void call(struct world *w)
{
	assert_int_equal(call_named(w, "Ann"), 0);
}

static void hang_up(struct world *w)
{
	leg_hang_up(w->leg, 0, SLICE_NONE);
	sim_until(w->s, 40, w->gone);
}

static void done(struct world *w)
{
	sim_run(w->s, 70 * SECOND_US);
	sim_assert_empty(w->s);
	sim_free(w->s);
}

static void test_first_takes_it(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	call(&w);
	sim_until(w.s, 10, w.answered);
	assert_int_equal(w.second->got[SIP_INVITE], 0);
	assert_int_equal(w.s->targets_failed, 0);
	hang_up(&w);
	sim_until(w.s, 1, w.first->got[SIP_BYE]);
	done(&w);
}

/* The field's value in the last request to a phone. */
static void field_of(const struct sim_phone *p, const char *name, char *ret, size_t cap)
{
	const char *at = strstr(p->last_request, name);
	assert_non_null(at);
	snprintf(ret, cap, "%.*s", (int)strcspn(at, "\r"), at);
}

static void test_503_goes_to_the_next(void **state)
{
	char a[300], b[300];
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->status = 503;
	w.first->ring_ms = -1;
	w.first->answer_ms = 100;
	w.second->answer_ms = 60000;
	call(&w);
	sim_until(w.s, 2, w.first->got[SIP_ACK]);
	field_of(w.first, "Call-ID:", a, sizeof(a));
	sim_until(w.s, 2, w.progress);
	field_of(w.second, "Call-ID:", b, sizeof(b));
	assert_string_equal(a, b);
	field_of(w.second, "CSeq:", b, sizeof(b));
	assert_string_equal(b, "CSeq: 1 INVITE");
	assert_int_equal(w.failed, 0);
	assert_int_equal(w.s->targets_failed, 1);
	hang_up(&w);
	assert_int_equal(phone_last(w.second)->cancels, 1);
	done(&w);
}

static void test_last_503_is_told(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->status = w.second->status = 503;
	w.first->ring_ms = w.second->ring_ms = -1;
	w.first->answer_ms = w.second->answer_ms = 100;
	call(&w);
	sim_until(w.s, 5, w.failed);
	assert_int_equal(w.last_status, 503);
	assert_int_equal(w.s->targets_failed, 2);
	done(&w);
}

/* Other refusals are the answer; so is a 503 of who has rung. */
static void test_other_answers_stay(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->status = 486;
	w.first->answer_ms = 300;
	call(&w);
	sim_until(w.s, 5, w.failed);
	assert_int_equal(w.last_status, 486);
	assert_int_equal(w.second->got[SIP_INVITE], 0);
	done(&w);
	w = world_new(SIP_UDP, SIP_UDP);
	w.first->status = 503;
	w.first->ring_ms = 50;
	w.first->answer_ms = 300;
	call(&w);
	sim_until(w.s, 5, w.failed);
	assert_int_equal(w.last_status, 503);
	assert_int_equal(w.second->got[SIP_INVITE], 0);
	done(&w);
}

static void test_silence_goes_to_the_next(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->dead = true;
	w.second->answer_ms = 100;
	find(&w);
	int64_t begun_us = w.s->wheel.now_us;
	call(&w);
	sim_until(w.s, 10, w.answered);
	assert_in_range(w.s->wheel.now_us - begun_us, OUTGOING_PATIENCE_US, OUTGOING_PATIENCE_US + SECOND_US);
	assert_int_equal(w.s->targets_failed, 1);
	hang_up(&w);
	assert_int_equal(w.answered, 1);
	done(&w);
}

static void test_nobody_answers(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->dead = w.second->dead = true;
	find(&w);
	int64_t begun_us = w.s->wheel.now_us;
	call(&w);
	sim_until(w.s, 20, w.failed);
	assert_int_equal(w.last_status, 408);
	assert_in_range(w.s->wheel.now_us - begun_us, 2 * OUTGOING_PATIENCE_US, 2 * OUTGOING_PATIENCE_US + SECOND_US);
	done(&w);
}

/* A late answer of one given up is cancelled, while the other rings. */
static void test_late_answer(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->dead = true;
	w.second->answer_ms = 20000;
	call(&w);
	sim_until(w.s, 10, w.s->targets_failed);
	w.first->dead = false; /* a repetition reaches it */
	w.first->ring_ms = 20;
	w.first->answer_ms = 60000;
	sim_until(w.s, 40, w.first->got[SIP_INVITE]);
	sim_until(w.s, 40, phone_last(w.first)->cancels);
	assert_int_equal(w.failed, 0);
	hang_up(&w);
	done(&w);
}

static void test_cancel_ends_the_search(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->dead = true;
	call(&w);
	sim_run(w.s, SECOND_US);
	leg_hang_up(w.leg, 0, SLICE_NONE);
	sim_until(w.s, 40, w.gone);
	assert_int_equal(w.second->got[SIP_INVITE], 0);
	assert_int_equal(w.failed, 0);
	done(&w);
}

/* Nobody listens: known after a round trip, not after the patience. */
static void test_connection_refused(void **state)
{
	struct world w = world_new(SIP_TCP, SIP_UDP);
	w.second->answer_ms = 100;
	find(&w);
	w.targets.of[0].address.port++;
	int64_t begun_us = w.s->wheel.now_us;
	call(&w);
	sim_until(w.s, 10, w.answered);
	assert_in_range(w.s->wheel.now_us - begun_us, 0, SECOND_US);
	assert_int_equal(w.s->targets_failed, 1);
	hang_up(&w);
	done(&w);
}

static void test_connection_lost_while_ringing(void **state)
{
	struct world w = world_new(SIP_TCP, SIP_UDP);
	w.first->answer_ms = -1;
	w.targets = (struct target_list){0};
	find(&w);
	w.targets.count = 1;
	call(&w);
	sim_until(w.s, 10, w.progress);
	int64_t then_us = w.s->wheel.now_us;
	network_close(w.first);
	sim_until(w.s, 10, w.failed);
	assert_int_equal(w.last_status, 503);
	assert_in_range(w.s->wheel.now_us - then_us, 0, 100 * MS_US);
	done(&w);
}

/* What a target has said early goes with it: the next is asked by a new dialog, with keys that the first never saw. */
static void test_early_dialog_goes_with_its_target(void **state)
{
	struct world w = world_new(SIP_TCP, SIP_UDP);
	w.first->early = w.first->reliable = true;
	w.first->answer_ms = -1;
	w.second->ring_ms = -1;
	w.second->answer_ms = 500;
	call(&w);
	sim_until(w.s, 10, w.leg->early && phone_last(w.first)->pracks);
	network_close(w.first);
	sim_until(w.s, 10, w.second->got[SIP_INVITE]);
	assert_false(w.leg->early || w.leg->forks || w.leg->heard);
	assert_non_null(strstr(w.second->last_invite, "Supported: 100rel, timer, replaces, norefersub\r\n"));
	assert_non_null(strstr(w.second->last_invite, "CSeq: 1 INVITE\r\n"));
	sim_until(w.s, 10, w.answered);
	assert_int_equal(w.failed, 0);
	hang_up(&w);
	sim_until(w.s, 1, w.second->got[SIP_BYE]);
	done(&w);
}

/* RFC 4028 §7.3: the same target, which has judged no more than the time; a request of its own, with a CSeq of its own.
 */
static void test_422_asks_the_same_target(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->status = 422;
	w.first->ring_ms = -1;
	w.first->answer_ms = 100;
	snprintf(w.first->says_refused, sizeof(w.first->says_refused), "Min-SE: 3600\r\n");
	call(&w);
	sim_until(w.s, 5, w.first->got[SIP_INVITE] == 2);
	w.first->status = 200;
	assert_non_null(strstr(w.first->last_invite, "Session-Expires: 3600\r\n"));
	assert_non_null(strstr(w.first->last_invite, "CSeq: 2 INVITE\r\n"));
	sim_until(w.s, 5, w.answered);
	assert_int_equal(w.second->got[SIP_INVITE], 0);
	assert_int_equal(w.failed, 0);
	hang_up(&w);
	done(&w);
}

/* A connection that went during the call is made again for the BYE. */
static void test_connection_made_again(void **state)
{
	struct world w = world_new(SIP_TCP, SIP_UDP);
	w.first->answer_ms = 100;
	call(&w);
	sim_until(w.s, 10, w.answered);
	sim_run(w.s, SECOND_US);
	network_close(w.first);
	hang_up(&w);
	sim_until(w.s, 5, w.first->got[SIP_BYE]);
	done(&w);
}

static char long_name[1200];

static void test_large_request_by_tcp(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_TCP);
	w.second->address = w.first->address; /* one server, both transports */
	w.second->answer_ms = 100;
	find(&w);
	w.targets.count = 1;
	assert_int_equal(call_named(&w, long_name), 0);
	sim_until(w.s, 10, w.answered);
	assert_int_equal(w.first->got[SIP_INVITE], 0);
	assert_non_null(strstr(w.second->last_request, "SIP/2.0/TCP"));
	hang_up(&w);
	sim_until(w.s, 1, w.second->got[SIP_BYE]);
	assert_int_equal(w.first->got[SIP_BYE], 0);
	done(&w);
}

static void test_large_request_back_to_udp(void **state)
{
	struct world w = world_new(SIP_UDP, SIP_UDP);
	w.first->answer_ms = 100;
	find(&w);
	w.targets.count = 1;
	assert_int_equal(call_named(&w, long_name), 0);
	sim_until(w.s, 10, w.answered);
	assert_non_null(strstr(w.first->last_request, "SIP/2.0/UDP"));
	assert_int_equal(w.s->targets_failed, 0);
	hang_up(&w);
	done(&w);
}

/* 1300 bytes still go by UDP, one more does not. */
static void test_size_at_the_limit(void **state)
{
	char name[1200];
	size_t n = 0, request_n = 0;
	for (unsigned round = 0; round < 3; round++) {
		struct world w = world_new(SIP_UDP, SIP_TCP);
		w.second->address = w.first->address;
		w.first->answer_ms = w.second->answer_ms = 100;
		find(&w);
		w.targets.count = 1;
		if (round)
			n = n + OUTGOING_DATAGRAM_MAX + (round == 2) - request_n;
		memset(name, 'n', n);
		name[n] = '\0';
		assert_int_equal(call_named(&w, name), 0);
		sim_until(w.s, 10, w.first->got[SIP_INVITE] || w.second->got[SIP_INVITE]);
		assert_int_equal(w.second->got[SIP_INVITE], round == 2);
		if (round < 2)
			request_n = strlen(w.first->last_request);
		if (round == 1)
			assert_int_equal(request_n, OUTGOING_DATAGRAM_MAX);
		sim_until(w.s, 10, w.answered);
		hang_up(&w);
		done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_takes_it),
		cmocka_unit_test(test_503_goes_to_the_next),
		cmocka_unit_test(test_last_503_is_told),
		cmocka_unit_test(test_other_answers_stay),
		cmocka_unit_test(test_silence_goes_to_the_next),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_cancel_ends_the_search),
		cmocka_unit_test(test_connection_refused),
		cmocka_unit_test(test_connection_lost_while_ringing),
		cmocka_unit_test(test_early_dialog_goes_with_its_target),
		cmocka_unit_test(test_422_asks_the_same_target),
		cmocka_unit_test(test_connection_made_again),
		cmocka_unit_test(test_large_request_by_tcp),
		cmocka_unit_test(test_large_request_back_to_udp),
		cmocka_unit_test(test_size_at_the_limit),
	};
	memset(long_name, 'x', sizeof(long_name) - 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
