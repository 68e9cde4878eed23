/* The flows of a company in bad weather: calls, registrations, sessions that change, an operator */
#include "sim/lossy.h"

#include "directory/directory_private.h"

/* ---- begun, answered, refused ---- */

static void caller_hangs_up(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
}

static void callee_hangs_up(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(phone_last(w->o.desk), a);
}

static void cancelled(struct world *w)
{
	w->o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(w->o.ann, "20");
	sim_until(w->o.s, 30, w->o.desk->got[SIP_INVITE]);
	sim_run(w->o.s, 5 * SECOND_US);
	phone_cancel(a);
	refused(a, 487);
	sim_until(w->o.s, 60, phone_last(w->o.desk)->ended);
}

static void turned_down(struct world *w)
{
	w->o.desk->status = 486;
	refused(phone_dial(w->o.ann, "20"), 486);
}

static void all_turn_down(struct world *w)
{
	phone_registered(w->o.mobile);
	w->o.desk->status = 480;
	w->o.mobile->status = 486;
	w->o.mobile->answer_ms = 3000;
	refused(phone_dial(w->o.ann, "20"), 486);
}

static void declined(struct world *w)
{
	phone_registered(w->o.mobile);
	w->o.mobile->answer_ms = -1;
	w->o.desk->status = 603;
	refused(phone_dial(w->o.ann, "20"), 603);
	sim_until(w->o.s, 60, phone_last(w->o.mobile)->ended);
}

static void nobody_answers(struct world *w)
{
	w->o.desk->answer_ms = -1;
	refused(phone_dial(w->o.ann, "20"), 480);
	sim_until(w->o.s, 60, phone_last(w->o.desk)->ended);
}

static void nobody_there(struct world *w)
{
	refused(phone_dial(w->o.ann, "nobody"), 404);
}

static void dead_phone(struct world *w)
{
	w->o.desk->dead = true;
	refused(phone_dial(w->o.ann, "20"), 480);
}

static void one_of_two_answers(struct world *w)
{
	phone_registered(w->o.mobile);
	w->o.desk->answer_ms = -1;
	w->o.mobile->answer_ms = 8000;
	struct phone_call *a = talk(w->o.ann, "20", w->o.mobile);
	sim_until(w->o.s, 60, phone_last(w->o.desk)->ended);
	hang_up(a, phone_last(w->o.mobile));
}

static void unusable_answer(struct world *w)
{
	w->o.desk->answer_no_sdp = true;
	refused(phone_dial(w->o.ann, "20"), 488);
	sim_until(w->o.s, 60, phone_last(w->o.desk)->ended);
}

static void forwarded(struct world *w)
{
	phone_registered(w->eve);
	w->o.desk->status = 302;
	snprintf(w->o.desk->says_refused, sizeof(w->o.desk->says_refused), "Contact: <sip:30@acme.example>\r\n");
	struct phone_call *a = talk(w->o.ann, "20", w->eve);
	hang_up(a, phone_last(w->eve));
}

/* Its 200 is never acknowledged: it is repeated, and then the call is over. */
static void no_ack(struct world *w)
{
	w->o.ann->no_ack = true;
	struct phone_call *a = phone_dial(w->o.ann, "20");
	sim_until(w->o.s, 120, a->ended && phone_last(w->o.desk)->ended);
}

static void hung_up_by_admin(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	struct call_view v;
	uint32_t cursor = 0;
	char id[64];
	settle(w->o.s);
	assert_true(switchboard_next_call(w->o.s->sb, SLICE("acme"), &cursor, &v));
	slice_to_string(v.id, id, sizeof(id));
	assert_int_equal(switchboard_hang_up(w->o.s->sb, slice_from_string(id)), 0);
	sim_until(w->o.s, 60, a->ended && phone_last(w->o.desk)->ended);
}

/* ---- before the answer ---- */

static void early_voice(struct world *w)
{
	w->o.desk->early = true;
	w->o.desk->answer_ms = 6000;
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
}

static void reliable_both(struct world *w)
{
	w->o.ann->reliable = w->o.desk->reliable = w->o.desk->early = true;
	struct phone_call *a = phone_dial(w->o.ann, "20");
	sim_until(w->o.s, 60, a->up && phone_last(w->o.desk)->up && a->prack_status);
	assert_int_equal(a->prack_status, 200);
	assert_int_equal(phone_last(w->o.desk)->pracks, 1);
	speak(a, phone_last(w->o.desk));
	hang_up(a, phone_last(w->o.desk));
}

static void reliable_cancelled(struct world *w)
{
	w->o.ann->reliable = w->o.desk->reliable = w->o.desk->early = true;
	cancelled(w);
}

static void offer_in_prack(struct world *w)
{
	w->o.ann->reliable = w->o.ann->prack_offers = w->o.desk->early = true;
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
}

static void answer_in_ack(struct world *w)
{
	w->o.ann->no_body = true;
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
}

static void answer_in_prack(struct world *w)
{
	w->o.ann->no_body = w->o.ann->reliable = w->o.desk->early = true;
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	hang_up(a, phone_last(w->o.desk));
}

/* Bob holds before he answers: UPDATE in an early dialog, which Alto knows for certain by a reliable 183. */
static void updated_early(struct world *w)
{
	w->o.desk->early = w->o.desk->reliable = true;
	w->o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(w->o.ann, "20"), *b = &w->o.desk->calls[0];
	sim_until(w->o.s, 30, b->used && b->pracks);
	w->o.desk->attributes = "a=sendonly\r\n";
	phone_update(b, false, "");
	changed(b, 200);
	assert_false(stream_told(b)->settings.send);
	phone_answer(b, 200);
	sim_until(w->o.s, 60, a->up && b->up);
	hang_up(a, b);
}

/* ---- the session changes ---- */

static void hold_by(struct world *w, bool update)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	for (unsigned i = 0; i < 4; i++) {
		settle(w->o.s);
		w->o.ann->attributes = i & 1 ? "" : "a=sendonly\r\n";
		if (update)
			phone_update(a, false, "");
		else
			phone_reinvite(a, false);
		changed(a, 200);
		assert_int_equal(stream_told(a)->settings.send, i & 1);
	}
	speak(a, b);
	hang_up(a, b);
}

static void hold_by_reinvite(struct world *w)
{
	hold_by(w, false);
}

static void hold_by_update(struct world *w)
{
	hold_by(w, true);
}

/* Ann changes to another codec, and Bob's phone is asked. desk: what that says. */
static void codec_by(struct world *w, bool update, const char *codecs, unsigned desk, unsigned status)
{
	snprintf(w->o.ann->says, sizeof(w->o.ann->says), "%s", update ? KNOWS : "");
	snprintf(w->o.desk->says, sizeof(w->o.desk->says), "%s", update ? KNOWS : "");
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	char local[sizeof(a->local)];
	settle(w->o.s);
	memcpy(local, a->local, sizeof(local));
	w->o.ann->codecs = codecs;
	w->o.desk->codecs = desk == 200 ? "96 8 101" : "8 0 101";
	w->o.desk->reinvite_status = w->o.desk->update_status = desk;
	phone_reinvite(a, false);
	changed(a, status);
	if (status != 200)
		memcpy(a->local, local, sizeof(local)); /* the session is as it was */
	speak(a, b);
	hang_up(b, a);
}

static void codec_by_reinvite(struct world *w)
{
	codec_by(w, false, "96 101", 200, 200);
}

static void codec_by_update(struct world *w)
{
	codec_by(w, true, "96 101", 200, 200);
}

static void codec_refused(struct world *w)
{
	codec_by(w, false, "97 101", 488, 488);
}

static void codec_made_anew(struct world *w)
{
	codec_by(w, false, "96 101", 488, 200);
}

static void reinvite_without_offer(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	settle(w->o.s);
	phone_reinvite(a, true);
	changed(a, 200);
	speak(a, phone_last(w->o.desk));
	hang_up(a, phone_last(w->o.desk));
}

/* ---- long calls ---- */

static void refreshed(struct world *w, const char *callee)
{
	snprintf(w->o.desk->says, sizeof(w->o.desk->says), "%s", callee);
	snprintf(w->o.desk->says_ok, sizeof(w->o.desk->says_ok),
		 "Require: timer\r\nSession-Expires: 200;refresher=uac\r\n");
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	sim_run(w->o.s, 3600 * SECOND_US);
	assert_true(b->updates + b->reinvites >= 30);
	speak(a, b);
	hang_up(a, b);
}

static void refreshed_by_update(struct world *w)
{
	refreshed(w, KNOWS);
}

static void refreshed_by_reinvite(struct world *w)
{
	refreshed(w, "Supported: timer\r\n");
}

static void not_refreshed(struct world *w)
{
	snprintf(w->o.ann->says, sizeof(w->o.ann->says), KNOWS "Session-Expires: 300;refresher=uac\r\n");
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	sim_until(w->o.s, 400, a->ended && phone_last(w->o.desk)->ended);
}

static void silent_but_there(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	for (unsigned i = 0; i < 10; i++) {
		voice_silent(w->o.s->media, stream_told(a)->port);
		settle(w->o.s);
	}
	hang_up(a, phone_last(w->o.desk));
}

static void silent_and_gone(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	settle(w->o.s);
	w->o.ann->dead = true;
	voice_silent(w->o.s->media, stream_told(a)->port);
	sim_until(w->o.s, 100, phone_last(w->o.desk)->ended);
	a->ended = true;
}

static void orderly_stop(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	settle(w->o.s);
	sim_stop(w->o.s, 2 * SECOND_US);
	sim_until(w->o.s, 60, w->o.s->stopped);
	sim_until(w->o.s, 60, a->ended && phone_last(w->o.desk)->ended);
}

/* ---- another phone of the same user takes over ---- */

/* INVITE with Replaces (RFC 3891) for the call that this one has. */
static struct phone_call *take_over(struct sim_phone *p, const struct phone_call *c, const char *params)
{
	snprintf(p->extra, sizeof(p->extra), "Replaces: %.*s;to-tag=%.*s;from-tag=%.*s%s\r\n",
		 SLICE_ARG(c->dialog.call_id), SLICE_ARG(c->dialog.remote_tag), SLICE_ARG(c->dialog.local_tag), params);
	return phone_dial(p, "alto");
}

static void taken_over(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	settle(w->o.s);
	struct phone_call *taken = take_over(w->o.mobile, b, "");
	sim_until(w->o.s, 60, taken->up && b->ended);
	speak(a, taken);
	hang_up(a, taken);
}

static void picked_up(struct world *w)
{
	w->o.desk->answer_ms = -1;
	w->o.desk->reliable = true; /* Alto knows for certain that it rings */
	struct phone_call *a = phone_dial(w->o.ann, "20"), *b = &w->o.desk->calls[0];
	sim_until(w->o.s, 30, b->used && b->pracks);
	struct phone_call *taken = take_over(w->o.mobile, b, ";early-only");
	sim_until(w->o.s, 60, taken->up && a->up && b->ended);
	speak(a, taken);
	hang_up(taken, a);
}

/* ---- one phone of a user, by its own URI ---- */

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-00a0c91e6bf7"

/* Bob's mobile says which it is; the URIs that it was told ring it alone (RFC 5627). */
static void by_gruu(struct world *w, bool temporary)
{
	struct sim_phone *mobile = w->o.mobile;
	char uri[256] = "sip:20@acme.example;gr=" INSTANCE;
	struct writer contact = writer_on(mobile->contact, sizeof(mobile->contact) - 1);
	write_string(&contact, "<sip:20@");
	write_address_with_port(&contact, &mobile->address);
	write_string(&contact, ">;+sip.instance=\"<" INSTANCE ">\"");
	snprintf(mobile->register_extra, sizeof(mobile->register_extra), "Supported: path, gruu\r\n");
	phone_registered(mobile);
	if (temporary) {
		const char *told = strstr(mobile->last_response, ";temp-gruu=\"");
		assert_non_null(told);
		told += strlen(";temp-gruu=\"");
		snprintf(uri, sizeof(uri), "%.*s", (int)strcspn(told, "\""), told);
	}
	w->o.ann->target = uri;
	struct phone_call *a = talk(w->o.ann, "", mobile);
	hang_up(a, phone_last(mobile));
	assert_int_equal(w->o.desk->got[SIP_INVITE], 0);
}

static void by_public_gruu(struct world *w)
{
	by_gruu(w, false);
}

static void by_temporary_gruu(struct world *w)
{
	by_gruu(w, true);
}

/* ---- bodies ---- */

#define PARTS "multipart/mixed;boundary=b1"

static void in_parts(const char *sdp, char *ret, size_t n)
{
	snprintf(ret, n, "--b1\r\nContent-Type: application/sdp\r\n\r\n%s\r\n--b1--\r\n", sdp);
}

static void begun_in_parts(struct world *w)
{
	char sdp[sizeof(w->o.ann->calls[0].local)], text[sizeof(sdp) + 100];
	w->o.ann->content_type = PARTS;
	struct phone_call *a = phone_dial(w->o.ann, "20");
	memcpy(sdp, a->local, sizeof(sdp));
	in_parts(sdp, text, sizeof(text));
	memcpy(a->local, text, sizeof(a->local)); /* goes with the answer to the challenge */
	sim_until(w->o.s, 60, a->up && phone_last(w->o.desk)->up);
	memcpy(a->local, sdp, sizeof(sdp));
	speak(a, phone_last(w->o.desk));
	hang_up(a, phone_last(w->o.desk));
}

static void held_in_parts(struct world *w)
{
	char text[sizeof(w->o.ann->calls[0].local) + 100];
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk);
	settle(w->o.s);
	w->o.ann->attributes = "a=sendonly\r\n";
	a->local[phone_describe(a, SLICE_NONE, a->local, sizeof(a->local) - 1)] = 0;
	in_parts(a->local, text, sizeof(text));
	phone_send_body(a, SIP_UPDATE, "Content-Type: " PARTS "\r\n", slice_from_string(text));
	changed(a, 200);
	assert_false(stream_told(a)->settings.send);
	hang_up(a, phone_last(w->o.desk));
}

/* T.38 instead of the voice is refused, and the call goes on as it was. */
static void fax_refused(struct world *w)
{
	static const char fax[] = "v=0\r\no=- 1 99 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
				  "m=image 5004 udptl t38\r\na=T38FaxVersion:0\r\n";
	struct phone_call *a = talk(w->o.ann, "20", w->o.desk), *b = phone_last(w->o.desk);
	settle(w->o.s);
	phone_send_body(b, SIP_INVITE, "Content-Type: application/sdp\r\n", SLICE(fax));
	changed(b, 488);
	assert_int_equal(a->reinvites + a->updates, 0);
	speak(a, b);
	hang_up(a, b);
}

/* ---- who is shown to whom ---- */

static void shown(const struct sim_phone *p, const char *what)
{
	if (!strstr(p->last_invite, what))
		fail_msg("no \"%s\" in\n%s", what, p->last_invite);
}

static void hides(struct world *w)
{
	snprintf(w->o.ann->extra, sizeof(w->o.ann->extra), "Privacy: id\r\n");
	struct phone_call *a = talk(w->o.ann, OUTSIDE, w->op);
	shown(w->op, "\r\nFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=");
	shown(w->op, "\r\nP-Asserted-Identity: <sip:" NUMBER "@");
	shown(w->op, "\r\nPrivacy: id\r\n");
	hang_up(a, phone_last(w->op));
}

static void brought_and_forwarded(struct world *w)
{
	phone_registered(w->eve);
	snprintf(w->op->extra, sizeof(w->op->extra), "Diversion: <sip:+33155@op.example>;reason=no-answer\r\n");
	w->o.ann->status = 302;
	w->o.ann->ring_ms = -1;
	snprintf(w->o.ann->says_refused, sizeof(w->o.ann->says_refused), "Contact: <sip:30@acme.example>\r\n");
	struct phone_call *a = talk(w->op, NUMBER, w->eve);
	shown(w->eve, "\r\nDiversion: <sip:10@acme.example>;reason=unconditional, "
		      "<sip:+33155@acme.example>;reason=no-answer\r\n");
	hang_up(a, phone_last(w->eve));
}

/* ---- a browser ---- */

/* It restarts ICE (RFC 8445 §9): other names of its, other names of ours. */
static void restarts(struct world *w)
{
	sim_add_device(w->o.s, &(struct sim_person){.tenant = "acme",
						    .extension = "40",
						    .device = "browser",
						    .password = "secret40",
						    .dtls = true});
	struct sim_phone *browser = phone_new(w->o.s, "acme-40-browser", "secret40", SIP_UDP);
	browser->ufrag = "oneA";
	browser->fingerprint = 0x11;
	phone_registered(browser);
	struct phone_call *a = talk(browser, "20", w->o.desk);
	settle(w->o.s);
	struct ice_credentials before = stream_told(a)->settings.webrtc.ice;
	browser->ufrag = "oneB";
	phone_reinvite(a, false);
	changed(a, 200);
	assert_memory_not_equal(&stream_told(a)->settings.webrtc.ice, &before, sizeof(before));
	speak(a, phone_last(w->o.desk));
	hang_up(a, phone_last(w->o.desk));
}

/* ---- a phone whose connection is gone ---- */

/* Connections do not lose: the caller's side does. */
static struct sim_phone *gone(struct world *w)
{
	struct sim_phone *p = phone_new(w->o.s, "acme-30-desk", "secret30", SIP_TLS);
	phone_registered(p);
	p->answer_ms = 1000;
	network_close(p);
	return p;
}

static void waited_for(struct world *w)
{
	struct sim_phone *p = gone(w);
	struct phone_call *a = phone_dial(w->o.ann, "30");
	sim_run(w->o.s, 5 * SECOND_US); /* half as long as it is waited for */
	network_connect(p);
	phone_registered(p);
	sim_until(w->o.s, 60, a->up && phone_last(p)->up);
	speak(a, phone_last(p));
	hang_up(a, phone_last(p));
}

static void waited_for_in_vain(struct world *w)
{
	(void)gone(w);
	refused(phone_dial(w->o.ann, "30"), 480);
}

static void joins_late(struct world *w)
{
	w->o.desk->answer_ms = -1;
	struct phone_call *a = phone_dial(w->o.ann, "20");
	sim_until(w->o.s, 30, w->o.desk->got[SIP_INVITE]);
	phone_registered(w->o.mobile);
	sim_until(w->o.s, 60, a->up && phone_last(w->o.mobile)->up);
	speak(a, phone_last(w->o.mobile));
	sim_until(w->o.s, 60, phone_last(w->o.desk)->ended);
	hang_up(a, phone_last(w->o.mobile));
}

/* ---- an operator ---- */

static void from_operator(struct world *w)
{
	struct phone_call *a = talk(w->op, NUMBER, w->o.ann);
	hang_up(phone_last(w->o.ann), a);
}

static void to_operator(struct world *w)
{
	struct phone_call *a = talk(w->o.ann, OUTSIDE, w->op);
	hang_up(a, phone_last(w->op));
}

static void operator_busy(struct world *w)
{
	w->op->status = 486;
	refused(phone_dial(w->o.ann, OUTSIDE), 486);
}

/* The first trunk's host is dead, the second one full. */
static void next_operator(struct world *w)
{
	char host[32] = "";
	struct sim_phone *dead = phone_new(w->o.s, "operator-dead", "", SIP_UDP);
	struct writer h = writer_on(host, sizeof(host) - 1);
	write_address(&h, &dead->address);
	dead->dead = true;
	sim_remove_trunk(w->o.s, "acme-op");
	sim_add_trunk(w->o.s, &(struct sim_trunk){.tenant = "acme", .name = "a", .host = host, .plain_rtp = true});
	sim_add_trunk(w->o.s, &(struct sim_trunk){.tenant = "acme", .name = "z", .host = w->host, .plain_rtp = true});
	struct phone_call *a = talk(w->o.ann, OUTSIDE, w->op);
	hang_up(a, phone_last(w->op));
}

/* ---- registrations ---- */

static void registered(struct sim_phone *p, int expires, unsigned status)
{
	phone_register(p, expires);
	sim_until(p->sim, 120, p->register_status);
	assert_int_equal(p->register_status, status);
}

static size_t bindings(const struct world *w)
{
	return w->o.s->directory->bindings_by_id.count;
}

static void registrations(struct world *w)
{
	size_t before = bindings(w);
	registered(w->eve, 3600, 200);
	for (unsigned i = 0; i < 10; i++) {
		sim_run(w->o.s, 100 * SECOND_US);
		registered(w->eve, 3600, 200);
		assert_int_equal(bindings(w), before + 1);
	}
	registered(w->eve, -2, 200);
	settle(w->o.s);
	assert_int_equal(bindings(w), before);
	registered(w->eve, 60, 200);
	assert_int_equal(bindings(w), before + 1);
	sim_run(w->o.s, 70 * SECOND_US);
	assert_int_equal(bindings(w), before); /* by itself */
	snprintf(w->eve->password, sizeof(w->eve->password), "wrong");
	registered(w->eve, 3600, 401);
	assert_int_equal(bindings(w), before);
}

/* ---- all of them ---- */

static struct flow flows[] = {
	{"caller hangs up", caller_hangs_up, 200, "answered", "caller", "acme-20-desk"},
	{"callee hangs up", callee_hangs_up, 200, "answered", "callee", "acme-20-desk"},
	{"cancelled", cancelled, 487, "cancelled", "caller", ""},
	{"turned down", turned_down, 486, "busy", "callee", ""},
	{"all turn down", all_turn_down, 486, "busy", "callee", ""},
	{"declined", declined, 603, "declined", "callee", ""},
	{"nobody answers", nobody_answers, 480, "no-answer", "alto", ""},
	{"nobody there", nobody_there, 404, "no-such-number", "alto", ""},
	{"dead phone", dead_phone, 480, "unreachable", "alto", ""},
	{"one of two answers", one_of_two_answers, 200, "answered", "caller", "acme-20-mobile"},
	{"unusable answer", unusable_answer, 488, "no-common-codec", "alto", ""},
	{"forwarded", forwarded, 200, "answered", "caller", "acme-30-desk"},
	{"no ACK", no_ack, 200, "no-ack", "caller", "acme-20-desk"},
	{"hung up by admin", hung_up_by_admin, 200, "hung-up", "alto", "acme-20-desk"},
	{"early voice", early_voice, 200, "answered", "caller", "acme-20-desk"},
	{"reliable 1xx on both sides", reliable_both, 200, "answered", "caller", "acme-20-desk"},
	{"cancelled after a reliable 1xx", reliable_cancelled, 487, "cancelled", "caller", ""},
	{"offer in PRACK", offer_in_prack, 200, "answered", "caller", "acme-20-desk"},
	{"answer in ACK", answer_in_ack, 200, "answered", "caller", "acme-20-desk"},
	{"answer in PRACK", answer_in_prack, 200, "answered", "caller", "acme-20-desk"},
	{"UPDATE before the answer", updated_early, 200, "answered", "caller", "acme-20-desk"},
	{"hold by re-INVITE", hold_by_reinvite, 200, "answered", "caller", "acme-20-desk"},
	{"hold by UPDATE", hold_by_update, 200, "answered", "caller", "acme-20-desk"},
	{"another codec by re-INVITE", codec_by_reinvite, 200, "answered", "callee", "acme-20-desk"},
	{"another codec by UPDATE", codec_by_update, 200, "answered", "callee", "acme-20-desk"},
	{"another codec made anew", codec_made_anew, 200, "answered", "callee", "acme-20-desk"},
	{"another codec refused", codec_refused, 200, "answered", "callee", "acme-20-desk"},
	{"re-INVITE without offer", reinvite_without_offer, 200, "answered", "caller", "acme-20-desk"},
	{"refreshed by UPDATE", refreshed_by_update, 200, "answered", "caller", "acme-20-desk"},
	{"refreshed by re-INVITE", refreshed_by_reinvite, 200, "answered", "caller", "acme-20-desk"},
	{"not refreshed", not_refreshed, 200, "session-expired", "caller", "acme-20-desk"},
	{"silent but there", silent_but_there, 200, "answered", "caller", "acme-20-desk"},
	{"silent and gone", silent_and_gone, 200, "lost", "caller", "acme-20-desk"},
	{"orderly stop", orderly_stop, 200, "shutdown", "alto", "acme-20-desk"},
	{"taken over", taken_over, 200, "answered", "caller", "acme-20-mobile", .taken = true},
	{"picked up", picked_up, 200, "answered", "callee", "acme-20-mobile"},
	{"by a public GRUU", by_public_gruu, 200, "answered", "caller", "acme-20-mobile"},
	{"by a temporary GRUU", by_temporary_gruu, 200, "answered", "caller", "acme-20-mobile"},
	{"begun in parts", begun_in_parts, 200, "answered", "caller", "acme-20-desk"},
	{"held in parts", held_in_parts, 200, "answered", "caller", "acme-20-desk"},
	{"fax refused", fax_refused, 200, "answered", "caller", "acme-20-desk"},
	{"caller hides", hides, 200, "answered", "caller", ""},
	{"brought and forwarded", brought_and_forwarded, 200, "answered", "caller", "acme-30-desk"},
	{"browser restarts ICE", restarts, 200, "answered", "caller", "acme-20-desk"},
	{"waited for", waited_for, 200, "answered", "caller", "acme-30-desk"},
	{"waited for in vain", waited_for_in_vain, 480, "unreachable", "alto", ""},
	{"joins late", joins_late, 200, "answered", "caller", "acme-20-mobile"},
	{"from an operator", from_operator, 200, "answered", "callee", "acme-10-desk"},
	{"to an operator", to_operator, 200, "answered", "caller", ""},
	{"operator busy", operator_busy, 486, "busy", "callee", ""},
	{"next operator", next_operator, 200, "answered", "caller", ""},
	{"registrations", registrations, 0, NULL, NULL, NULL},
};

int main(void)
{
	return run_flows(flows, ARRAY_LEN(flows));
}
