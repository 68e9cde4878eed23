/* Messages written, and what a peer put into them kept from becoming more than a value. */
#include "sip/write.h"
#include "unit/sip/parsed.h"

static char out[4096];

static struct sip_flow flow_from(const char *remote)
{
	struct sip_flow flow = {.transport = SIP_UDP};
	assert_true(address_parse_with_port(slice_from_string(remote), &flow.remote));
	return flow;
}

static void request_is_written(void **state)
{
	struct writer w = writer_on(out, sizeof(out));
	sip_write_request_line(&w, SLICE("INVITE"), SLICE("sip:bob@example.org"));
	sip_write_field(&w, SIP_CALL_ID, SLICE("1@h"));
	sip_write_field_u64(&w, SIP_MAX_FORWARDS, 70);
	sip_write_named(&w, SLICE("X-Own"), SLICE("v"));
	sip_write_field_begin(&w, SIP_CSEQ);
	write_u64(&w, 7);
	write_string(&w, " INVITE");
	sip_write_field_end(&w);
	sip_write_body(&w, SLICE("application/sdp"), SLICE("v=0\r\n"));
	assert_false(w.overflow);
	assert_slice(writer_slice(&w),
		     "INVITE sip:bob@example.org SIP/2.0\r\nCall-ID: 1@h\r\nMax-Forwards: 70\r\nX-Own: v\r\n"
		     "CSeq: 7 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
	w = writer_on(out, sizeof(out));
	sip_write_status_line(&w, 486, SLICE_NONE);
	sip_write_body(&w, SLICE_NONE, SLICE_NONE);
	assert_slice(writer_slice(&w), "SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n");
}

static void line_breaks_stay_inside(void **state)
{
	static const struct slice evil = {"a\r\nEvil: 1\n\r", 12};
	struct writer w = writer_on(out, sizeof(out));
	sip_write_request_line(&w, evil, evil);
	sip_write_status_line(&w, 400, evil);
	sip_write_field(&w, SIP_REASON, evil);
	sip_write_named(&w, evil, evil);
	sip_write_body(&w, evil, SLICE_NONE);
	assert_slice(writer_slice(&w), "a  Evil: 1   a  Evil: 1   SIP/2.0\r\n"
				       "SIP/2.0 400 a  Evil: 1  \r\n"
				       "Reason: a  Evil: 1  \r\n"
				       "a  Evil: 1  : a  Evil: 1  \r\n"
				       "Content-Type: a  Evil: 1  \r\nContent-Length: 0\r\n\r\n");
}

static void top_via_tells_the_source(void **state)
{
	static const struct {
		const char *via, *remote, *written;
	} cases[] = {
		/* §18.2.1: sent-by is the source, or is not, or is a name */
		{"SIP/2.0/UDP 192.0.2.1:5060;branch=b", "192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1:5060;branch=b"},
		{"SIP/2.0/UDP 10.1.1.1;branch=b", "192.0.2.1:9", "SIP/2.0/UDP 10.1.1.1;branch=b;received=192.0.2.1"},
		{"SIP/2.0/UDP h.example.org", "192.0.2.1:9", "SIP/2.0/UDP h.example.org;received=192.0.2.1"},
		{"SIP/2.0/TLS [2001:DB8::1]:5061;branch=b", "[2001:db8::1]:9",
		 "SIP/2.0/TLS [2001:DB8::1]:5061;branch=b"},
		{"SIP/2.0/UDP [2001:db8::1]", "[2001:db8::2]:9", "SIP/2.0/UDP [2001:db8::1];received=2001:db8::2"},
		/* RFC 3581: with rport, received even when it is the same */
		{"SIP/2.0/UDP 192.0.2.1;rport;branch=b", "192.0.2.1:40000",
		 "SIP/2.0/UDP 192.0.2.1;branch=b;received=192.0.2.1;rport=40000"},
		/* what the sender claims of its own source is dropped */
		{"SIP/2.0/UDP 192.0.2.1;received=198.51.100.9;branch=b", "192.0.2.1:5060",
		 "SIP/2.0/UDP 192.0.2.1;branch=b"},
		{"SIP/2.0/UDP h;RECEIVED=198.51.100.9;rport=1;rport=2;x=\"a;b\" ; y = 1", "192.0.2.1:5",
		 "SIP/2.0/UDP h;x=\"a;b\";y = 1;received=192.0.2.1;rport=5"},
		/* the hops below are passed on as they are */
		{"SIP / 2.0 / UDP  h : 7 ;branch=b , SIP/2.0/UDP g;received=1.2.3.4;rport", "192.0.2.1:5",
		 "SIP/2.0/UDP h:7;branch=b;received=192.0.2.1, SIP/2.0/UDP g;received=1.2.3.4;rport"},
		{"not a via", "192.0.2.1:5", "not a via"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512], wanted[512];
		struct parsed x;
		struct sip_flow flow = flow_from(cases[i].remote);
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w, "OPTIONS sip:a@b SIP/2.0\r\nVia: %s\r\nv: SIP/2.0/UDP below;rport\r\n\r\n",
			     cases[i].via);
		parsed_init(&x, writer_slice(&w));
		w = writer_on(out, sizeof(out));
		sip_write_response_head(&w, &x.msg, &flow, 200, SLICE_NONE, SLICE("t"));
		snprintf(wanted, sizeof(wanted), "SIP/2.0 200 OK\r\nVia: %s\r\nVia: SIP/2.0/UDP below;rport\r\n",
			 cases[i].written);
		assert_slice(writer_slice(&w), wanted);
		parsed_done(&x);
	}
}

static void to_gets_a_tag(void **state)
{
	static const struct {
		const char *to, *tag, *written;
	} cases[] = {
		{"<sip:a@b>", "new", "<sip:a@b>;tag=new"},
		{"sip:a@b", "new", "sip:a@b;tag=new"},
		{"<sip:a@b;tag=uri>", "new", "<sip:a@b;tag=uri>;tag=new"},
		{"<sip:a@b>;tag=old", "new", "<sip:a@b>;tag=old"},
		{"<sip:a@b>", "", "<sip:a@b>"},
		{"\"open <sip:a@b>", "new", "\"open <sip:a@b>"},
		/* a tag without a value would hide ours */
		{"<sip:a@b>;tag", "new", "<sip:a@b>;tag=new"},
		{"<sip:a@b> ; x=1 ; Tag ;y=\"tag;\"", "new", "<sip:a@b>;x=1;y=\"tag;\";tag=new"},
		{"sip:a@b;tag;tag=2", "new", "sip:a@b;tag=new"},
		{"<sip:a@b>;tag=\"\"", "new", "<sip:a@b>;tag=new"},
		{"<sip:a@b>;tag", "", "<sip:a@b>;tag"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512], wanted[512];
		struct parsed x;
		struct sip_flow flow = flow_from("192.0.2.1:5060");
		struct writer w = writer_on(text, sizeof(text));
		write_format(&w, "BYE sip:a@b SIP/2.0\r\nt: %s\r\ni: 1\r\nf: <sip:c@d>;tag=2\r\nCSeq: 3 BYE\r\n\r\n",
			     cases[i].to);
		parsed_init(&x, writer_slice(&w));
		w = writer_on(out, sizeof(out));
		sip_write_response_head(&w, &x.msg, &flow, 481, SLICE("Gone"), slice_from_string(cases[i].tag));
		snprintf(wanted, sizeof(wanted),
			 "SIP/2.0 481 Gone\r\nFrom: <sip:c@d>;tag=2\r\nTo: %s\r\nCall-ID: 1\r\nCSeq: 3 BYE\r\n",
			 cases[i].written);
		assert_slice(writer_slice(&w), wanted);
		parsed_done(&x);
	}
}

static void flows(void **state)
{
	struct sip_flow a = flow_from("192.0.2.1:5060"), b = a;
	assert_true(sip_flow_eq(&a, &b));
	b.remote.port++;
	assert_false(sip_flow_eq(&a, &b));
	a.connection = b.connection = 5;
	assert_true(sip_flow_eq(&a, &b));
	b.connection++;
	assert_false(sip_flow_eq(&a, &b));
	b = a;
	b.listener++;
	assert_false(sip_flow_eq(&a, &b));
	static const char *const names[] = {"UDP", "TCP", "TLS", "WS", "WSS"};
	for (unsigned t = SIP_UDP; t <= SIP_WSS; t++)
		assert_slice(sip_transport_name((enum sip_transport)t), names[t]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_written),
		cmocka_unit_test(line_breaks_stay_inside),
		cmocka_unit_test(top_via_tells_the_source),
		cmocka_unit_test(to_gets_a_tag),
		cmocka_unit_test(flows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
