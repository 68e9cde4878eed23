/* sim/phone_message.c - a phone's instant messages: written, and taken or refused */
#include "sim/phone_private.h"

static void send_message_of(struct sim_phone *p, const struct sip_message *challenge);

static void written(void *arg, struct sip_client *t, enum sip_client_event event, const struct sip_message *msg)
{
	struct sim_phone *p = arg;
	if (event == SIP_CLIENT_TIMEOUT || event == SIP_CLIENT_SEND_FAILED)
		p->written = 408;
	if (event != SIP_CLIENT_RESPONSE || msg->status < 200)
		return;
	if (msg->status == 401 && !p->write_authorized)
		send_message_of(p, msg);
	else
		p->written = msg->status;
}

static void send_message_of(struct sim_phone *p, const struct sip_message *challenge)
{
	static char buf[sizeof(p->write_body) + 16000];
	struct sip_flow flow = phone_flow(p);
	struct sip_client *t = sip_client_new(p->stack, &flow, SIP_MESSAGE, written, p);
	assert_non_null(t);
	struct slice uri = slice_from_string(p->write_to);
	struct writer w = writer_on(buf, sizeof(buf));
	sip_write_request_line(&w, SLICE("MESSAGE"), uri);
	write_format(&w, "Via: SIP/2.0/%.*s ", SLICE_ARG(sip_transport_name(p->transport)));
	write_address_with_port(&w, &p->address);
	write_format(&w, ";rport;branch=%.*s\r\nMax-Forwards: %u\r\n", SLICE_ARG(sip_client_branch(t)),
		     p->max_forwards);
	write_format(&w, "From: %s", p->from ? p->from : "");
	if (!p->from)
		write_format(&w, "<sip:%s@acme.example>", p->extension);
	write_format(&w, ";tag=m1\r\nTo: <%s>\r\nCall-ID: message-%s-%u\r\nCSeq: %u MESSAGE\r\n%s", p->write_to,
		     p->username, p->writings, challenge ? 2 : 1, p->extra);
	if (p->write_padding) {
		write_string(&w, "X-Padding: ");
		for (size_t i = 0; i < p->write_padding; i++)
			write_char(&w, 'x');
		write_string(&w, "\r\n");
	}
	p->write_authorized = challenge != NULL;
	if (challenge)
		phone_write_authorization(p, &w, SIP_MESSAGE, uri, challenge);
	sip_write_body(&w, slice_from_string(p->write_type), slice_of(p->write_body, p->write_n));
	assert_false(w.overflow);
	p->write_request_n = w.n;
	assert_int_equal(sip_client_start(t, writer_slice(&w)), 0);
}

void phone_write(struct sim_phone *p, const char *to, const char *type, struct slice body)
{
	snprintf(p->write_to, sizeof(p->write_to), strchr(to, ':') ? "%s" : "sip:%s@acme.example", to);
	snprintf(p->write_type, sizeof(p->write_type), "%s", type);
	assert_true(body.n <= sizeof(p->write_body));
	if (body.n)
		memcpy(p->write_body, body.p, body.n);
	p->write_n = body.n;
	p->writings++;
	p->written = 0;
	send_message_of(p, NULL);
}

unsigned phone_wrote(struct sim_phone *p, const char *to, const char *text)
{
	phone_write(p, to, "text/plain", slice_from_string(text));
	sim_until(p->sim, 40, p->written != 0);
	return p->written;
}

void phone_message_came(struct sim_phone *p, struct sip_server *server, const struct sip_message *req)
{
	p->message_n = req->body.n;
	if (p->message_status)
		(void)!sip_server_respond_simple(server, p->message_status, SLICE_NONE, SLICE_NONE);
}
