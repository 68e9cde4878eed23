/* sim/phone.c - a phone's body: made, spoken to, registered. Its calls are in phone_call.c, its voice in phone_voice.c
 */
#include "sim/phone_private.h"

/* ---- what comes ---- */

/* "INVITE" of a request, "180" of a response. What is too much for the ladder is left out. */
static void note(struct sim_phone *p, const char *direction, struct slice bytes)
{
	struct slice word = slice_cut(&bytes, ' ');
	if (slice_eq(word, SLICE("SIP/2.0")))
		word = slice_cut(&bytes, ' ');
	size_t used = strlen(p->ladder);
	snprintf(p->ladder + used, sizeof(p->ladder) - used, " %s%.*s", direction, SLICE_ARG(word));
}

void phone_send_raw(struct sim_phone *p, struct slice bytes)
{
	note(p, "", bytes);
	network_from_phone(p, bytes);
}

void phone_input(struct sim_phone *p, char *bytes, size_t n)
{
	struct sip_message msg;
	struct sip_reason err;
	char text[6000];
	if (p->dead)
		return;
	if (n == 4 && slice_eq(slice_of(bytes, n), SLICE("\r\n\r\n"))) {
		p->pings++;
		return;
	}
	note(p, "<", slice_of(bytes, n));
	slice_to_string(slice_of(bytes, n), text, sizeof(text));
	assert_int_equal(sip_message_parse(bytes, n, &msg, &err), SIP_OK);
	if (sip_message_check(&msg, &err) != SIP_OK) {
		assert_true(p->sends_garbage); /* and so gets some of it back */
		snprintf(p->last_response, sizeof(p->last_response), "%s", text);
		return;
	}
	if (msg.is_request) {
		p->got[msg.method]++;
		memcpy(p->last_request, text, sizeof(text));
		if (msg.method == SIP_INVITE)
			memcpy(p->last_invite, text, sizeof(text));
	} else {
		p->statuses[msg.status]++;
		if (msg.method == SIP_CANCEL)
			memcpy(p->last_to_cancel, text, sizeof(text));
		memcpy(p->last_response, text, sizeof(text));
	}
	struct sip_flow flow = phone_flow(p);
	sip_stack_input(p->stack, &msg, &flow);
}

struct sip_flow phone_flow(const struct sim_phone *p)
{
	return (struct sip_flow){.transport = p->transport, .connection = p->connection, .local = p->address};
}

static int on_send(void *owner, const struct sip_flow *flow, struct slice bytes)
{
	phone_send_raw(owner, bytes);
	return 0;
}

static const struct sip_stack_events events = {
	.on_request = phone_on_request,
	.on_cancel = phone_on_cancel,
	.on_stray_2xx = phone_on_stray_2xx,
	.send = on_send,
};

struct sim_phone *phone_new(struct sim *s, const char *username, const char *password, enum sip_transport transport)
{
	static uint8_t number;
	struct sim_phone *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	number = s->phones ? (uint8_t)(number + 1) : 1;
	p->sim = s;
	snprintf(p->username, sizeof(p->username), "%s", username);
	snprintf(p->password, sizeof(p->password), "%s", password);
	const char *extension = strchr(username, '-') + 1;
	snprintf(p->extension, sizeof(p->extension), "%.*s", (int)strcspn(extension, "-"), extension);
	p->transport = transport;
	assert_true(address_parse(SLICE("198.51.100.1"), &p->address));
	p->address.ip[15] = number;
	p->address.port = 5060;
	assert_true(address_parse(SLICE("203.0.113.1"), &p->outside));
	p->outside.ip[15] = number;
	p->outside.port = 40000;
	random_init_seeded(&p->random, 77 + number + random_u64(&s->dice));
	struct sip_stack_config config = {.wheel = &s->wheel,
					  .random = &p->random,
					  .node = 9,
					  .transactions_max = 1000,
					  .events = &events,
					  .owner = p};
	p->stack = sip_stack_new(&config);
	p->hasher = crypto_hasher_new();
	p->ring_ms = 50;
	p->answer_ms = 2000;
	p->status = p->reinvite_status = p->update_status = p->info_status = p->message_status = 200;
	p->codecs = "8 0 101";
	p->suites = transport == SIP_TLS ? "gcm aes" : NULL;
	p->answer_tag = 1;
	p->attributes = "";
	p->content_type = "application/sdp";
	p->max_forwards = 70;
	p->qop = "auth";
	p->register_cseq = 1;
	snprintf(p->register_call_id, sizeof(p->register_call_id), "reg-%s-%llx", username,
		 (unsigned long long)random_u64(&p->random));
	p->next = s->phones;
	s->phones = p;
	if (transport != SIP_UDP)
		network_connect(p);
	return p;
}

void phones_free(struct sim *s)
{
	while (s->phones) {
		struct sim_phone *p = s->phones;
		s->phones = p->next;
		for (size_t i = 0; i < ARRAY_LEN(p->calls); i++)
			phone_call_done(&p->calls[i]);
		sip_stack_free(p->stack);
		sip_dialog_done(&p->register_dialog);
		crypto_hasher_free(p->hasher);
		free(p);
	}
}

/* ---- digest ---- */

void phone_write_authorization(struct sim_phone *p, struct writer *w, enum sip_method method, struct slice uri,
			       const struct sip_message *challenge)
{
	struct sip_credentials c;
	struct sip_reason err;
	uint8_t ha1[SIP_HA1_BYTES];
	char response[64];
	if (p->replay && p->authorization[0]) {
		sip_write_field(w, SIP_AUTHORIZATION, slice_from_string(p->authorization));
		return;
	}
	/* One challenge an answer. */
	const struct sip_field *f = sip_field_first(challenge, SIP_WWW_AUTHENTICATE);
	assert_non_null(f);
	assert_null(sip_field_next(challenge, f));
	assert_int_equal(sip_credentials_parse(f->value, &c, &err), SIP_OK);
	slice_to_string(c.nonce, p->realm_nonce, sizeof(p->realm_nonce));
	struct slice qop = slice_from_string(p->qop);
	uri = p->digest_uri ? slice_from_string(p->digest_uri) : uri;
	struct slice nonce = p->fixed_nonce[0] ? slice_from_string(p->fixed_nonce) : c.nonce;
	sip_digest_ha1(p->hasher, c.algorithm, slice_from_string(p->username), c.realm, slice_from_string(p->password),
		       ha1);
	size_t n = sip_digest_response(p->hasher, c.algorithm, ha1, sip_method_name(method), uri, nonce,
				       SLICE("0a4f113b"), 1, qop, response);
	struct writer a = writer_on(p->authorization, sizeof(p->authorization) - 1);
	write_format(
		&a,
		"Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%.*s\", response=\"%.*s\", "
		"algorithm=%.*s",
		p->username, SLICE_ARG(c.realm), SLICE_ARG(nonce), SLICE_ARG(uri), (int)n, response,
		SLICE_ARG(p->algorithm ? slice_from_string(p->algorithm) : sip_digest_algorithm_name(c.algorithm)));
	if (qop.n)
		write_format(&a, ", cnonce=\"0a4f113b\", nc=00000001, qop=%s", p->qop);
	p->authorization[a.n] = 0;
	sip_write_field(w, SIP_AUTHORIZATION, writer_slice(&a));
}

/* ---- REGISTER ---- */

void phone_write_contact(struct sim_phone *p, struct writer *w)
{
	sip_write_field_begin(w, SIP_CONTACT);
	if (p->contact[0]) {
		write_string(w, p->contact);
	} else {
		write_format(w, "<sip:%s@", p->username);
		write_address_with_port(w, &p->address);
		write_string(w, p->transport == SIP_TLS ? ";transport=tls>" : ">");
	}
	sip_write_field_end(w);
}

static void send_register(struct sim_phone *p, const struct sip_message *challenge);

static void register_event(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct sim_phone *p = arg;
	if (event == SIP_CLIENT_TIMEOUT || event == SIP_CLIENT_SEND_FAILED)
		p->register_status = 408;
	if (event != SIP_CLIENT_RESPONSE || msg->status < 200)
		return;
	if (msg->status == 401 && p->register_tries < 3)
		send_register(p, msg);
	else
		p->register_status = msg->status;
}

static void send_register(struct sim_phone *p, const struct sip_message *challenge)
{
	char buf[4000], branch[64], from[128];
	struct sip_flow flow = phone_flow(p);
	p->register_tries++;
	struct sip_client *t = sip_client_new(p->stack, &flow, SIP_REGISTER, register_event, p);
	assert_non_null(t);
	struct slice b = sip_client_branch(t);
	slice_to_string(b, branch, sizeof(branch));
	snprintf(from, sizeof(from), "<sip:%s@acme.example>", p->extension);
	struct writer w = writer_on(buf, sizeof(buf));
	sip_write_request_line(&w, SLICE("REGISTER"), SLICE("sip:acme.example"));
	write_format(&w, "Via: SIP/2.0/%.*s ", SLICE_ARG(sip_transport_name(p->transport)));
	write_address_with_port(&w, &p->address);
	write_format(&w, ";rport;branch=%s\r\nMax-Forwards: 70\r\nFrom: %s;tag=r1\r\nTo: %s\r\n", branch, from, from);
	write_format(&w, "Call-ID: %s\r\nCSeq: %u REGISTER\r\n", p->register_call_id, p->register_cseq++);
	if (p->register_expires == -2)
		write_string(&w, "Contact: *\r\nExpires: 0\r\n");
	if (p->register_expires >= 0) {
		phone_write_contact(p, &w);
		sip_write_field_u64(&w, SIP_EXPIRES, (uint64_t)p->register_expires);
	}
	write_string(&w, p->register_extra);
	if (challenge)
		phone_write_authorization(p, &w, SIP_REGISTER, SLICE("sip:acme.example"), challenge);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	assert_false(w.overflow);
	assert_int_equal(sip_client_start(t, writer_slice(&w)), 0);
}

void phone_register(struct sim_phone *p, int expires)
{
	p->register_status = 0;
	p->register_tries = 0;
	p->register_expires = expires;
	send_register(p, NULL);
}

void phone_registered(struct sim_phone *p)
{
	phone_register(p, 3600);
	sim_until(p->sim, 40, p->register_status != 0);
	assert_int_equal(p->register_status, 200);
}
