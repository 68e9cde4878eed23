/*
 * Flows in bad weather that are met less often: ways kept open, messages kept, transcoding, forks, glare, other flows
 * of a phone, other companies, offers that come late, keys told by INFO
 */
#include "sim/forks.h"
#include "sim/ladder.h"
#include "sim/lossy.h"

#include "directory/directory_private.h"

#define OTHERS "+4930123456"

/* ---- a way kept open ---- */

static bool reachable(struct world *w)
{
	struct slice name = SLICE("acme-20-desk");
	return switchboard_reachable(w->o.s->sb, directory_device_by_username(w->o.s->directory, name)->first_binding);
}

/* How the way to Bob's desk phone is kept open from now on. */
static void kept(struct world *w, enum store_keepalive how)
{
	sim_add_device(w->o.s, &(struct sim_person){"acme", "20", "desk", "secret20", SIP_DIGEST_SHA256, true, how});
}

/* Behind a router that counts only what the phone sends: OPTIONS that are lost are said again. */
static void kept_open(struct world *w)
{
	struct sim_phone *desk = w->o.desk;
	kept(w, STORE_KEEPALIVE_OPTIONS);
	snprintf(desk->contact, sizeof(desk->contact), "<sip:bob@192.168.1.7:5060>");
	desk->nat = desk->nat_strict = true;
	phone_registered(desk);
	sim_run(w->o.s, 1200 * SECOND_US);
	assert_true(reachable(w));
	struct phone_call *a = talk(w->o.ann, "20", desk);
	hang_up(a, phone_last(desk));
	kept(w, STORE_KEEPALIVE_OFF); /* none is under way at the end */
}

/* It is silent, which is seen, and speaks again, which is seen too. */
static void seen_to_be_dead(struct world *w)
{
	kept(w, STORE_KEEPALIVE_OPTIONS);
	phone_registered(w->o.desk);
	w->o.desk->dead = true;
	sim_until(w->o.s, 300, !reachable(w));
	w->o.desk->dead = false;
	sim_until(w->o.s, 300, reachable(w));
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
	kept(w, STORE_KEEPALIVE_OFF);
}

/* ---- what was said ---- */

/* Each message of the call is there, on its side; copies change nothing of that. */
static void messages_kept(struct world *w)
{
	static const char *const wanted[] = {">INVITE ", "2<INVITE ", "2>200 ", "2<ACK ",
					     "<200 ",    ">ACK ",     ">BYE ",  "2<BYE "};
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
	settle(w->o.s);
	struct sim_row row;
	assert_int_equal(sim_rows(w->o.s, &row, 1), 1);
	const char *kept = ladder(w->o.s, row.id);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!strstr(kept, wanted[i]))
			fail_msg("no %s in %s", wanted[i], kept);
	assert_null(strstr(kept, "REGISTER"));
}

/* ---- two phones without a codec in common ---- */

static void transcoded(struct world *w)
{
	w->o.ann->codecs = "96 101";
	w->o.desk->codecs = "8 101";
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	assert_true(stream_told(a)->way.anew && stream_told(b)->way.anew);
	settle(w->o.s);
	w->o.ann->codecs = "9 101"; /* another one that Bob has not */
	phone_reinvite(a, false);
	changed(a, 200);
	speak(a, b);
	assert_true(stream_told(a)->way.anew);
	hang_up(a, b);
}

/* ---- forks beyond a phone: each repeats what it says until it is acknowledged, as RFC 3262 §3 and 3261 §13.3.1.4 want
 */

#define said_until(w, seconds, say, condition)                                                                         \
	do {                                                                                                           \
		for (unsigned i_ = 0; i_ < (seconds) && !(condition); i_++) {                                          \
			say;                                                                                           \
			sim_run((w)->o.s, SECOND_US);                                                                  \
		}                                                                                                      \
		assert_true(condition);                                                                                \
	} while (0)

static void one_of_two_forks(struct world *w)
{
	struct sim_phone *desk = w->o.desk;
	desk->answer_ms = desk->ring_ms = -1;
	struct phone_call *a = phone_dial(w->o.ann, "20"), *b = &desk->calls[0];
	sim_until(w->o.s, 30, b->used && desk->got[SIP_INVITE]);
	char one[2048], two[2048];
	fork_describe(b, 30000, one, sizeof(one));
	fork_describe(b, 30002, two, sizeof(two));
	said_until(w, 10, phone_progress_raw(b, 183, "one", one, 7), strstr(desk->last_request, ";tag=one\r\n"));
	said_until(w, 10, phone_progress_raw(b, 183, "two", two, 1000), strstr(desk->last_request, ";tag=two\r\n"));
	said_until(w, 10, phone_respond_raw(b, 200, "one", NULL), a->up);
	assert_true(fork_heard(a, b, one));
	unsigned byes = desk->got[SIP_BYE];
	said_until(w, 10, phone_respond_raw(b, 200, "two", NULL), desk->got[SIP_BYE] > byes);
	assert_non_null(strstr(desk->last_request, ";tag=two\r\n"));
	settle(w->o.s);
	assert_false(a->ended);
	assert_true(fork_heard(a, b, one));
	b->ended = false; /* the BYE was for the other */
	phone_hang_up(a);
	sim_until(w->o.s, 60, b->ended);
}

/* ---- another flow of the same phone (RFC 5626): connections do not lose, the caller's side does ---- */

static void by_next_flow(struct world *w)
{
	struct sim_phone *flows[2];
	for (unsigned i = 0; i < 2; i++) {
		flows[i] = phone_new(w->o.s, "acme-30-desk", "secret30", SIP_TLS);
		snprintf(flows[i]->register_extra, sizeof(flows[i]->register_extra), "Supported: outbound\r\n");
		snprintf(flows[i]->contact, sizeof(flows[i]->contact),
			 "<sip:eve@10.0.0.1:5061;transport=tls>;reg-id=%u;+sip.instance=\"<urn:uuid:7>\"", i + 1);
		phone_registered(flows[i]);
		sim_run(w->o.s, SECOND_US);
		flows[i]->answer_ms = 1000;
	}
	flows[1]->status = 430; /* the younger one rings first */
	struct phone_call *a = talk(w->o.ann, "30", flows[0]);
	hang_up(a, phone_last(flows[0]));
	assert_true(flows[1]->got[SIP_INVITE]);
}

/* ---- both change the session at once ---- */

static void glare_on_one_leg(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	settle(w->o.s);
	w->o.ann->codecs = w->o.desk->codecs = "96 101";
	w->o.desk->reinvite_status = 0; /* it lets ours wait */
	phone_reinvite(a, false);
	sim_until(w->o.s, 60, b->reinvites);
	phone_reinvite(b, false);
	changed(b, 491);
	assert_int_equal(a->reinvite_status, 0);
	phone_cancel(a); /* the asker gives up, and the call stays */
	changed(a, 487);
	hang_up(a, b);
}

/* ---- companies ---- */

static struct sim_phone *of_others(struct world *w, const char *extension)
{
	char username[32];
	sim_add_device(w->o.s, &(struct sim_person){"other", extension, "desk", "secret", SIP_DIGEST_MD5, true});
	snprintf(username, sizeof(username), "other-%s-desk", extension);
	struct sim_phone *p = phone_new(w->o.s, username, "secret", SIP_UDP);
	phone_registered(p);
	p->answer_ms = 1000;
	return p;
}

static void to_another_company(struct world *w)
{
	struct sim_phone *olga = of_others(w, "10");
	sim_set_number(w->o.s, "other", OTHERS, "10");
	struct phone_call *a = talk(w->o.ann, OTHERS, olga);
	assert_int_equal(w->op->got[SIP_INVITE], 0);
	hang_up(a, phone_last(olga));
}

static void forwarded_there(struct world *w)
{
	struct sim_phone *olga = of_others(w, "10"), *otto = of_others(w, "20");
	sim_set_number(w->o.s, "other", OTHERS, "10");
	olga->status = 302;
	snprintf(olga->says_refused, sizeof(olga->says_refused), "Contact: <sip:20@other.example>\r\n");
	struct phone_call *a = talk(w->o.ann, OTHERS, otto);
	assert_int_equal(w->o.desk->got[SIP_INVITE], 0); /* the caller's company has a 20 too */
	hang_up(a, phone_last(otto));
}

/* ---- an operator ---- */

static void from_operator_without_offer(struct world *w)
{
	w->op->no_body = true;
	struct phone_call *a = talk(w->op, NUMBER, w->o.ann);
	hang_up(a, phone_last(w->o.ann));
}

static void to_operator_without_offer(struct world *w)
{
	w->o.ann->no_body = true;
	struct phone_call *a = talk(w->o.ann, OUTSIDE, w->op);
	hang_up(phone_last(w->op), a);
}

/* The operator sends our INVITE on to another number of ours (RFC 3261 §16.3): a call of its own. Both are busy. */
static void sent_on(struct world *w)
{
	char text[6000];
	sim_set_number(w->o.s, "acme", "+33142685320", "20");
	w->op->answer_ms = -1;
	w->o.desk->status = 486;
	struct phone_call *a = phone_dial(w->o.ann, OUTSIDE), *out = &w->op->calls[0];
	sim_until(w->o.s, 30, out->used && w->op->got[SIP_INVITE]);
	const char *via = strstr(w->op->last_invite, "Via: "), *end = strstr(w->op->last_invite, "Content-Type: ");
	assert_true(via && end);
	snprintf(text, sizeof(text),
		 "INVITE sip:+33142685320@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKhop\r\n%.*s"
		 "Content-Length: 0\r\n\r\n",
		 w->host, (int)(end - via), via);
	w->op->sends_garbage = true;
	said_until(w, 10, phone_send_raw(w->op, slice_from_string(text)), w->op->statuses[486]);
	assert_int_equal(w->op->statuses[482], 0);
	phone_answer(out, 486);
	refused(a, 486);
}

/* ---- keys told by INFO to a phone that hears them in the voice (RFC 4733) ---- */

static void keys_as_events(struct world *w)
{
	static const char keys[] = "159#";
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	for (size_t i = 0; i < sizeof(keys) - 1; i++) {
		char body[64];
		snprintf(body, sizeof(body), "Signal=%c\r\nDuration=160\r\n", keys[i]);
		phone_send_body(a, SIP_INFO, "Content-Type: application/dtmf-relay\r\n", slice_from_string(body));
		changed(a, 200);
	}
	const struct voice_stream *heard = stream_told(b);
	assert_int_equal(heard->digit_count, sizeof(keys) - 1); /* none twice */
	for (size_t i = 0; i < sizeof(keys) - 1; i++)
		assert_int_equal(heard->digits[i].event, keys[i] == '#' ? 11 : keys[i] - '0');
	hang_up(a, b);
}

/* ---- all of them ---- */

static struct flow flows[] = {
	{"kept open by OPTIONS", kept_open, 200, "answered", "caller", "acme-20-desk"},
	{"seen to be dead", seen_to_be_dead, 200, "answered", "caller", "acme-20-desk"},
	{"messages kept", messages_kept, 200, "answered", "caller", "acme-20-desk"},
	{"transcoded", transcoded, 200, "answered", "caller", "acme-20-desk"},
	{"one of two forks", one_of_two_forks, 200, "answered", "caller", "acme-20-desk"},
	{"by the next flow", by_next_flow, 200, "answered", "caller", "acme-30-desk"},
	{"glare on one leg", glare_on_one_leg, 200, "answered", "caller", "acme-20-desk"},
	{"to another company", to_another_company, 200, "answered", "caller", "other-10-desk", .both = true},
	{"forwarded in another company", forwarded_there, 200, "answered", "caller", "other-20-desk", .both = true},
	{"from an operator without an offer", from_operator_without_offer, 200, "answered", "caller", "acme-10-desk"},
	{"to an operator without an offer", to_operator_without_offer, 200, "answered", "callee", ""},
	{"sent on by an operator", sent_on, 486, "busy", "callee", "", .both = true},
	{"keys as events", keys_as_events, 200, "answered", "caller", "acme-20-desk"},
};

int main(void)
{
	return run_flows(flows, ARRAY_LEN(flows));
}
