/*
 * fuzz_calls.c - calls and registrations whole: a scenario in lines, played on the switchboard of fuzz/world.h
 *
 *   wait MILLISECONDS | weather LOSS DOUBLE | WHO VERB [ARGUMENT]
 *
 * WHO is ann, desk, mobile, operator or stranger; the verbs are in the table below, and the edits of world.h. A line
 * that is none of these says nothing. Calls are those that the phone took last.
 */
#include "fuzz/lines.h"
#include "fuzz/world.h"

#define LINES_MAX 64
#define WAIT_MS_MAX 600000
#define END_US (3 * 3600 * SECOND_US) /* on the world's clock: a day of keep-alives would cost a second */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t number(struct slice text, uint32_t max)
{
	uint64_t n;
	return slice_u64(slice_trim(text), max, &n) ? (uint32_t)n : 0;
}

/* ---- verbs ---- */

struct actor {
	struct world *world;
	enum world_who who;
	struct sim_phone *phone;
	struct phone_call *call; /* its last one; NULL: none, or none that has a dialog */
};

static const char *const names[WORLD_PEOPLE] = {"ann", "desk", "mobile", "operator", "stranger"};

static struct phone_call *call_of(struct sim_phone *p)
{
	struct phone_call *call = phone_last(p);
	return call->used && call->dialog.call_id.n ? call : NULL;
}

static void verb_register(struct actor *a, struct slice arg)
{
	phone_register(a->phone, (int)number(arg, 100000));
}

static void verb_unregister(struct actor *a, struct slice arg)
{
	phone_register(a->phone, slice_empty(arg) ? -2 : -1);
}

static void verb_dial(struct actor *a, struct slice arg)
{
	char to[64] = "";
	if (!phone_has_line(a->phone))
		return;
	slice_to_string(arg, to, sizeof(to));
	phone_dial(a->phone, to);
}

static void verb_write(struct actor *a, struct slice arg)
{
	char to[64] = "", body[1024] = "";
	struct slice word = slice_cut(&arg, ' ');
	if (slice_empty(word))
		return;
	slice_to_string(word, to, sizeof(to));
	slice_to_string(arg, body, sizeof(body));
	phone_write(a->phone, to, "text/plain", slice_from_string(body));
}

static void verb_cancel(struct actor *a, struct slice arg)
{
	if (a->call)
		phone_cancel(a->call);
}

static void verb_bye(struct actor *a, struct slice arg)
{
	if (a->call && !a->call->ended)
		phone_hang_up(a->call);
}

static void verb_reinvite(struct actor *a, struct slice arg)
{
	if (a->call && a->call->up)
		phone_reinvite(a->call, !slice_empty(arg));
}

static void verb_update(struct actor *a, struct slice arg)
{
	if (a->call)
		phone_update(a->call, !slice_empty(arg), "");
}

static void verb_ack(struct actor *a, struct slice arg)
{
	if (a->call)
		phone_ack(a->call, number(arg, INT32_MAX));
}

static void verb_prack(struct actor *a, struct slice arg)
{
	char rack[64];
	slice_to_string(arg, rack, sizeof(rack));
	if (a->call)
		phone_prack(a->call, rack, "");
}

static void verb_answer(struct actor *a, struct slice arg)
{
	uint32_t status = number(arg, 699);
	if (a->call && status >= 200)
		phone_answer(a->call, status);
}

static void verb_progress(struct actor *a, struct slice arg)
{
	uint32_t status = number(slice_cut(&arg, ' '), 199);
	struct sip_message req;
	struct slice invite = a->call && !a->call->outgoing ? SLICE("INVITE") : SLICE_NONE;
	if (invite.n && !a->call->ended && status > 100 && sip_server_get(a->phone->stack, a->call->server) &&
	    sip_server_request(sip_server_get(a->phone->stack, a->call->server), &req) == 0 && req.method == SIP_INVITE)
		phone_progress(a->call, status, !slice_empty(arg));
}

static void verb_in_dialog(struct actor *a, struct slice arg)
{
	enum sip_method method = sip_method_from(arg);
	if (a->call && method != SIP_OTHER_METHOD && method != SIP_ACK && method != SIP_CANCEL && method != SIP_INVITE)
		phone_send_in_dialog(a->call, method, "");
}

/* Takes the call of somebody, by its Replaces. */
static void verb_replace(struct actor *a, struct slice arg)
{
	struct slice who = slice_cut(&arg, ' ');
	const struct phone_call *c = NULL;
	for (size_t i = 0; i < WORLD_PEOPLE; i++)
		if (slice_eq(who, slice_from_string(names[i])))
			c = call_of(a->world->people[i]);
	if (!c || !phone_has_line(a->phone))
		return;
	(void)snprintf(a->phone->extra, sizeof(a->phone->extra), "Replaces: %.*s;to-tag=%.*s;from-tag=%.*s%.*s\r\n",
		       SLICE_ARG(c->dialog.call_id), SLICE_ARG(c->dialog.remote_tag), SLICE_ARG(c->dialog.local_tag),
		       SLICE_ARG(arg));
	phone_dial(a->phone, "alto");
}

/* To an extension, or, without one, its first call to its last one. */
static void verb_refer(struct actor *a, struct slice arg)
{
	char to[256];
	struct phone_call *first = &a->phone->calls[0];
	if (!a->call || !first->used || !first->dialog.call_id.n)
		return;
	if (arg.n)
		(void)snprintf(to, sizeof(to), "Refer-To: <sip:%.*s@acme.example>\r\n", SLICE_ARG(arg));
	else
		(void)snprintf(
			to, sizeof(to),
			"Refer-To: <sip:20@acme.example?Replaces=%.*s%%3Bto-tag%%3D%.*s%%3Bfrom-tag%%3D%.*s>\r\n",
			SLICE_ARG(a->call->dialog.call_id), SLICE_ARG(a->call->dialog.remote_tag),
			SLICE_ARG(a->call->dialog.local_tag));
	phone_send_in_dialog(arg.n ? a->call : first, SIP_REFER, to);
}

static void verb_raw(struct actor *a, struct slice arg)
{
	world_raw(a->world, a->who, arg);
}

static void verb_reply(struct actor *a, struct slice arg)
{
	uint32_t status = number(slice_cut(&arg, ' '), 699);
	if (status >= 100)
		world_reply(a->world, a->who, status, !slice_empty(arg));
}

static void verb_again(struct actor *a, struct slice arg)
{
	world_again(a->world, a->who);
}

static void verb_leave(struct actor *a, struct slice arg)
{
	if (a->phone->transport != SIP_UDP)
		network_close(a->phone);
}

static void verb_return(struct actor *a, struct slice arg)
{
	a->phone->dead = false;
	if (a->phone->transport != SIP_UDP && !a->phone->connection)
		network_connect(a->phone);
}

static void verb_die(struct actor *a, struct slice arg)
{
	a->phone->dead = true;
}

static void verb_silent(struct actor *a, struct slice arg)
{
	struct media *m = a->world->s->media;
	uint16_t port = (uint16_t)(16384 + 2 * number(arg, 40));
	if (voice_open(m) && voice_at(m, port))
		voice_silent(m, port);
}

/* Field and value; what the phone does from now on. */
static void verb_set(struct actor *a, struct slice arg)
{
	struct sim_phone *p = a->phone;
	struct slice name = slice_cut(&arg, ' ');
	int value = slice_eq(arg, SLICE("never")) ? -1 : (int)number(arg, 100000);
	const struct {
		const char *name;
		int *number;
		unsigned *count;
		bool *flag;
	} fields[] = {
		{"ring_ms", .number = &p->ring_ms},
		{"answer_ms", .number = &p->answer_ms},
		{"status", .count = &p->status},
		{"reinvite_status", .count = &p->reinvite_status},
		{"update_status", .count = &p->update_status},
		{"info_status", .count = &p->info_status},
		{"message_status", .count = &p->message_status},
		{"glares", .count = &p->glares},
		{"early", .flag = &p->early},
		{"reliable", .flag = &p->reliable},
		{"no_prack", .flag = &p->no_prack},
		{"no_ack", .flag = &p->no_ack},
		{"no_body", .flag = &p->no_body},
		{"answer_no_sdp", .flag = &p->answer_no_sdp},
		{"nat", .flag = &p->nat},
		{"prack_offers", .flag = &p->prack_offers},
	};
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!slice_eq(name, slice_from_string(fields[i].name)))
			continue;
		if (fields[i].number)
			*fields[i].number = value;
		else if (fields[i].flag)
			*fields[i].flag = value != 0;
		else if (fields[i].count &&
			 (value == 0 || (value >= 200 && value < 700) || fields[i].count == &p->glares))
			*fields[i].count = (unsigned)value;
	}
}

/* Fields of its INVITEs, UPDATEs and their 2xx: "\" ends a line. */
static void verb_says(struct actor *a, struct slice arg)
{
	struct writer w = writer_on(a->phone->says, sizeof(a->phone->says) - 1);
	while (!slice_empty(arg)) {
		write_slice(&w, slice_cut(&arg, '\\'));
		write_string(&w, "\r\n");
	}
	a->phone->says[w.overflow ? 0 : w.n] = 0;
}

static const struct {
	const char *word;
	void (*act)(struct actor *a, struct slice arg);
} verbs[] = {
	{"register", verb_register}, {"unregister", verb_unregister},
	{"dial", verb_dial},         {"cancel", verb_cancel},
	{"bye", verb_bye},           {"reinvite", verb_reinvite},
	{"update", verb_update},     {"ack", verb_ack},
	{"prack", verb_prack},       {"answer", verb_answer},
	{"progress", verb_progress}, {"in", verb_in_dialog},
	{"raw", verb_raw},           {"reply", verb_reply},
	{"again", verb_again},       {"leave", verb_leave},
	{"return", verb_return},     {"die", verb_die},
	{"silent", verb_silent},     {"set", verb_set},
	{"says", verb_says},         {"replace", verb_replace},
	{"refer", verb_refer},       {"write", verb_write},
};

/* ---- lines ---- */

static void act(struct world *w, enum world_who who, struct slice line)
{
	struct slice arg = line, word = slice_cut(&arg, ' ');
	struct sim_phone *p = w->people[who];
	struct actor a = {w, who, p, call_of(p)};
	if (world_edit(w, who, line))
		return;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_eq(word, slice_from_string(verbs[i].word)))
			verbs[i].act(&a, arg);
}

static void play_line(struct world *w, struct slice line)
{
	struct slice arg = line, word = slice_cut(&arg, ' ');
	if (slice_eq(word, SLICE("wait")) && w->s->wheel.now_us < END_US)
		sim_run(w->s, number(arg, WAIT_MS_MAX) * MS_US);
	if (slice_eq(word, SLICE("weather"))) {
		w->s->weather.loss_percent = number(slice_cut(&arg, ' '), 50);
		w->s->weather.double_percent = number(arg, 50);
	}
	for (size_t i = 0; i < WORLD_PEOPLE; i++)
		if (slice_eq(word, slice_from_string(names[i])))
			act(w, (enum world_who)i, arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	struct world *w = world_new();
	for (unsigned i = 0; i < LINES_MAX && !slice_empty(rest); i++)
		play_line(w, slice_cut(&rest, '\n'));
	world_free(w);
	return 0;
}

const char *const lines_words[] = {
	"wait 100",
	"wait 700",
	"wait 3000",
	"wait 40000",
	"wait 600000",
	"weather 20 20",
	"weather 0 0",
	"ann dial 20",
	"ann dial +33611223344",
	"ann dial 0611223344",
	"desk dial 10",
	"operator dial +33142685300",
	"stranger dial 20",
	"stranger register 600",
	"stranger raw INVITE",
	"stranger raw REGISTER",
	"stranger raw OPTIONS",
	"stranger raw BYE",
	"operator raw INVITE",
	"operator raw CANCEL",
	"ann register 300",
	"desk register 60",
	"mobile register 3600",
	"mobile unregister",
	"ann cancel",
	"ann bye",
	"desk bye",
	"operator bye",
	"ann reinvite",
	"desk reinvite",
	"desk reinvite without",
	"ann update",
	"desk update without",
	"ann ack 1",
	"ann prack 7 1 INVITE",
	"desk answer 200",
	"desk answer 302",
	"desk answer 486",
	"mobile answer 200",
	"operator answer 200",
	"desk progress 183 described",
	"desk progress 180",
	"desk reply 183 described",
	"desk reply 200 described",
	"desk reply 503",
	"operator reply 404",
	"ann in INFO",
	"desk in BYE",
	"desk in OPTIONS",
	"desk in PRACK",
	"ann in REFER",
	"ann refer 20",
	"ann refer",
	"mobile replace desk",
	"ann replace desk ;early-only",
	"ann again",
	"desk again",
	"operator again",
	"mobile leave",
	"mobile return",
	"ann leave",
	"ann return",
	"desk die",
	"desk return",
	"ann silent 0",
	"ann silent 1",
	"desk set answer_ms 500",
	"desk set answer_ms never",
	"desk set ring_ms never",
	"desk set status 486",
	"desk set status 302",
	"desk set early 1",
	"desk set reliable 1",
	"ann set reliable 1",
	"ann set no_prack 1",
	"ann set no_body 1",
	"desk set no_ack 1",
	"ann set no_ack 1",
	"desk set glares 2",
	"desk set reinvite_status 488",
	"desk set reinvite_status 0",
	"ann set update_status 0",
	"desk set info_status 415",
	"ann write 20 hello",
	"stranger write 20 hello",
	"desk set message_status 0",
	"desk set message_status 603",
	"ann add e: gzip",
	"desk set answer_no_sdp 1",
	"desk set nat 1",
	"ann set prack_offers 1",
	"desk says Allow: INVITE, ACK, BYE, UPDATE, PRACK",
	"ann says Supported: timer\\Session-Expires: 90;refresher=uac\\Allow: UPDATE",
	"ann put CSeq: 1 INVITE",
	"ann put CSeq: 2147483647 BYE",
	"ann put Via: SIP/2.0/TLS 192.0.2.77;branch=z9hG4bKx;rport, SIP/2.0/UDP 192.0.2.78",
	"ann put To: <sip:20@acme.example>;tag=x",
	"ann put From: <sip:10@acme.example>",
	"ann put Call-ID: x",
	"ann put Contact: <sip:10@192.0.2.9:5060;transport=tcp>;expires=60, <sip:x@y>",
	"ann put Contact: *",
	"ann put Max-Forwards: 0",
	"ann put Content-Length: 5",
	"ann put Content-Type: text/plain",
	"ann put Content-Type: application/sdp",
	"desk put Content-Type: application/sdp",
	"operator put Content-Type: multipart/mixed;boundary=b1",
	"ann body --b1\\Content-Type: text/plain\\\\x\\--b1--\\",
	"ann add Require: foo",
	"ann add Require: 100rel, timer",
	"ann add Session-Expires: 30",
	"ann add Min-SE: 90",
	"ann add Route: <sip:192.0.2.10;lr>",
	"ann add Expires: 4294967295",
	"ann add Privacy: id",
	"ann add Path: <sip:192.0.2.50;lr>",
	"ann drop Authorization",
	"ann drop Contact",
	"ann drop Call-ID",
	"ann lost",
	"ann cut 100",
	"ann first OPTIONS sip:acme.example SIP/2.0",
	"ann first INVITE sip:acme.example SIP/2.0",
	"ann first SIP/2.0 200 OK",
	"desk add Record-Route: <sip:192.0.2.50;lr>, <sip:192.0.2.51;lr>",
	"desk add Contact: <sip:10@acme.example>",
	"desk put Contact: <sip:+33611223344@acme.example>",
	"desk add Reason: Q.850;cause=16;text=\"bye\"",
	"desk add Retry-After: 5",
	"desk add RSeq: 1",
	"desk put To: <sip:x@y>;tag=other",
	"desk first SIP/2.0 422 Small",
	"desk first SIP/2.0 491 Pending",
	"desk first SIP/2.0 481 Gone",
	"desk first SIP/2.0 199 Early",
	"operator add P-Asserted-Identity: <sip:+33611223344@op.example>, <tel:+33611223344>",
	"operator put From: \"A\" <sip:anonymous@anonymous.invalid>;tag=o",
	"ann sdp m=audio 0 RTP/SAVP 8",
	"ann sdp m=audio 7000 RTP/AVP 8 0",
	"ann sdp m=video 7000 RTP/SAVP 96",
	"ann sdp a=sendonly",
	"ann sdp c=IN IP4 0.0.0.0",
	"desk sdp a=inactive",
	"desk sdp m=audio 7000 RTP/AVP 9",
	"ann body v=0\\o=- 1 1 IN IP4 192.0.2.1\\s=-\\c=IN IP4 192.0.2.1\\t=0 0\\m=audio 9 RTP/AVP 0\\",
	NULL,
};
