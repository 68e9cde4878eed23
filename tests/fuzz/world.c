/* fuzz/world.c - people, and what must always hold: see world.h. The meddler is in edit.c */
#include "fuzz/edit.h"

#define NUMBER "+33142685300"
#define DESCRIPTION                                                                                                    \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\nm=audio 7000 RTP/AVP 8 0\r\n"

/* ---- what must always hold of what Alto sends ---- */

static bool may_mirror_garbage(const struct world *w, const struct sip_message *msg)
{
	struct switchboard_figures f;
	switchboard_figures(w->s->sb, &f);
	return !msg->is_request && msg->status >= 400 && f.bad_messages_total > 0;
}

static void check_body(const struct sip_message *msg)
{
	struct sdp_session session;
	struct sdp_reason why;
	uint8_t index;
	if (slice_empty(msg->body))
		return;
	if (msg->is_request && msg->method == SIP_NOTIFY) {
		ASSERT(sip_content_is(msg, SLICE("message/sipfrag")) && slice_starts(msg->body, SLICE("SIP/2.0 ")));
		return;
	}
	if (msg->is_request && msg->method == SIP_INFO) {
		ASSERT(sip_content_is(msg, SLICE("application/dtmf-relay")) &&
		       slice_starts(msg->body, SLICE("Signal=")));
		return;
	}
	if (msg->is_request && msg->method == SIP_MESSAGE) /* whatever its sender put in */
		return;
	ASSERT(sip_content_is(msg, SLICE("application/sdp")));
	ASSERT(sdp_parse(msg->body, &session, &why) == SDP_OK);
	ASSERT(sdp_audio(&session, &index));
}

/* Whatever it says of itself, an instant message is from one of those who are here. */
static void check_writer(const struct sip_message *msg)
{
	struct sip_address from;
	struct sip_reason why;
	ASSERT(sip_address_parse(sip_field_value(msg, SIP_FROM), &from, &why) == SIP_OK);
	bool ours = slice_eq(from.uri.host, SLICE("acme.example")) &&
		    (slice_eq(from.uri.user, SLICE("10")) || slice_eq(from.uri.user, SLICE("20")));
	ASSERT(ours || slice_eq(from.uri.host, SLICE("anonymous.invalid")));
}

static void witness(void *arg, const struct sim_phone *to, struct slice bytes)
{
	static char copy[SIP_MESSAGE_MAX];
	const struct world *w = arg;
	struct sip_message msg;
	struct sip_reason why;
	if (slice_empty(slice_trim(bytes)) || slice_eq(bytes, SLICE("\r\n\r\n")))
		return; /* keeps a way open */
	ASSERT(bytes.n <= sizeof(copy));
	memcpy(copy, bytes.p, bytes.n);
	ASSERT(sip_message_parse(copy, bytes.n, &msg, &why) == SIP_OK);
	if (sip_message_check(&msg, &why) != SIP_OK) {
		ASSERT(may_mirror_garbage(w, &msg));
		return;
	}
	check_body(&msg);
	if (msg.is_request && msg.method == SIP_MESSAGE)
		check_writer(&msg);
	if (msg.is_request)
		return;
	ASSERT(msg.method != SIP_ACK);
	/* Who proved nothing gets nothing done. */
	if (to == w->people[WORLD_STRANGER] && msg.status / 100 == 2)
		ASSERT(msg.method != SIP_INVITE && msg.method != SIP_REGISTER && msg.method != SIP_MESSAGE);
}

/* ---- people ---- */

static struct sim_phone *person(struct world *w, enum world_who who, const char *username, const char *password,
				enum sip_transport transport)
{
	struct sim_phone *p = phone_new(w->s, username, password, transport);
	p->sends_garbage = true;
	return w->people[who] = p;
}

static void registered(struct sim_phone *p)
{
	phone_register(p, 3600);
	sim_until(p->sim, 40, p->register_status != 0);
	ASSERT(p->register_status == 200);
}

static void add_operator(struct world *w)
{
	static char host[64]; /* the trunk's row has a copy */
	struct sim_phone *p = person(w, WORLD_OPERATOR, "operator-+33611223344", "", SIP_UDP);
	struct writer h = writer_on(host, sizeof(host) - 1);
	write_address(&h, &p->address);
	host[h.n] = 0;
	sim_add_trunk(w->s, &(struct sim_trunk){.tenant = "acme", .name = "op", .host = host, .plain_rtp = true});
	sim_set_number(w->s, "acme", NUMBER, "10");
}

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	ASSERT(w);
	(void)setenv("CMOCKA_TEST_ABORT", "1", 1); /* what the sim asserts is a finding, with its stack */
	w->s = sim_new_plain(1);
	sim_add_device(w->s, &(struct sim_person){"acme", "10", "desk", "secret10", SIP_DIGEST_MD5, false});
	sim_add_device(w->s, &(struct sim_person){"acme", "20", "desk", "secret20", SIP_DIGEST_SHA256, true});
	sim_add_device(w->s, &(struct sim_person){"acme", "20", "mobile", "secret21", SIP_DIGEST_MD5, true});
	directory_tenant_by_id(w->s->directory, SLICE("acme"))->hearing = 1;
	registered(person(w, WORLD_ANN, "acme-10-desk", "secret10", SIP_TLS));
	registered(person(w, WORLD_DESK, "acme-20-desk", "secret20", SIP_UDP));
	person(w, WORLD_MOBILE, "acme-20-mobile", "secret21", SIP_TCP);
	add_operator(w);
	person(w, WORLD_STRANGER, "acme-10-desk", "guess", SIP_UDP);
	w->s->wire = (struct sim_wire){.meddle = world_meddle, .witness = witness, .arg = w};
	return w;
}

void world_at_browser(struct world *w)
{
	struct sim_phone *p = w->people[WORLD_ANN];
	p->dead = true;
	network_close(p);
	sim_add_device(w->s, &(struct sim_person){.tenant = "acme",
						  .extension = "10",
						  .device = "page",
						  .password = "secret11",
						  .digest = SIP_DIGEST_MD5,
						  .dtls = true});
	p = person(w, WORLD_ANN, "acme-10-page", "secret11", SIP_TLS);
	p->ufrag = "annA";
	p->fingerprint = 0x11;
	registered(p);
}

/* ---- the end ---- */

static void fall_silent(struct world *w)
{
	w->edit_count = 0;
	w->bodies = SLICE_NONE;
	for (size_t i = 0; i < WORLD_PEOPLE; i++) {
		w->people[i]->dead = true;
		network_close(w->people[i]);
	}
	sim_run(w->s, 200 * SECOND_US); /* what rings, outside too, is given up */
	size_t left = voice_open(w->s->media);
	for (uint16_t port = 16384; left > 0; port = (uint16_t)(port + 2)) {
		if (!voice_at(w->s->media, port))
			continue;
		voice_silent(w->s->media, port);
		left--;
	}
}

static void check_history(struct world *w)
{
	static struct sim_row rows[64];
	size_t n = sim_rows(w->s, rows, ARRAY_LEN(rows));
	for (size_t i = 0; i < n; i++) {
		ASSERT(rows[i].a_device[0] || rows[i].a_trunk[0]);
		ASSERT(rows[i].ended_us >= rows[i].started_us);
	}
}

void world_free(struct world *w)
{
	fall_silent(w);
	sim_assert_empty(w->s);
	check_history(w);
	sim_free(w->s);
	free(w);
}

/* ---- messages by hand ---- */

void world_raw(struct world *w, enum world_who who, struct slice method)
{
	struct sim_phone *p = w->people[who];
	char buf[2048], host[80];
	struct slice body = slice_eq(method, SLICE("INVITE")) ? SLICE(DESCRIPTION) : SLICE_NONE;
	struct writer h = writer_on(host, sizeof(host)), m = writer_on(buf, sizeof(buf));
	write_address_with_port(&h, &p->address);
	struct slice at = writer_slice(&h);
	const char *number = who == WORLD_OPERATOR ? NUMBER : "20";
	w->raw++;
	write_format(&m, "%.*s sip:%s@acme.example SIP/2.0\r\nVia: SIP/2.0/%.*s %.*s;branch=z9hG4bKraw%u\r\n",
		     SLICE_ARG(method), number, SLICE_ARG(sip_transport_name(p->transport)), SLICE_ARG(at), w->raw);
	write_format(&m, "Max-Forwards: 70\r\nFrom: <sip:%s@acme.example>;tag=raw%u\r\nTo: <sip:%s@acme.example>\r\n",
		     p->extension, w->raw, number);
	write_format(&m, "Call-ID: raw%u\r\nCSeq: 1 %.*s\r\nContact: <sip:raw@%.*s>\r\n", w->raw, SLICE_ARG(method),
		     SLICE_ARG(at));
	sip_write_body(&m, body.n ? SLICE("application/sdp") : SLICE_NONE, body);
	if (!m.overflow)
		phone_send_raw(p, writer_slice(&m));
}

void world_reply(struct world *w, enum world_who who, unsigned status, bool described)
{
	struct sim_phone *p = w->people[who];
	char bytes[sizeof(p->last_request)], buf[WORLD_MESSAGE_MAX];
	struct sip_message req;
	struct sip_reason why;
	struct sip_flow flow = {.transport = p->transport, .remote = p->address};
	size_t n = strlen(p->last_request);
	memcpy(bytes, p->last_request, n);
	if (n == 0 || sip_message_parse(bytes, n, &req, &why) != SIP_OK || sip_message_check(&req, &why) != SIP_OK)
		return;
	struct writer m = writer_on(buf, sizeof(buf));
	sip_write_response_head(&m, &req, &flow, status, SLICE_NONE, SLICE("forked"));
	write_format(&m, "Contact: <sip:raw@");
	write_address_with_port(&m, &p->address);
	write_string(&m, ">\r\nRequire: 100rel\r\nRSeq: 7\r\n");
	sip_write_body(&m, described ? SLICE("application/sdp") : SLICE_NONE,
		       described ? SLICE(DESCRIPTION) : SLICE_NONE);
	if (!m.overflow)
		phone_send_raw(p, writer_slice(&m));
}

void world_again(struct world *w, enum world_who who)
{
	char bytes[WORLD_MESSAGE_MAX];
	size_t n = w->sent_n[who];
	memcpy(bytes, w->sent[who], n);
	if (n)
		phone_send_raw(w->people[who], slice_of(bytes, n));
}
