/* The messages of RFC 5118, each with what it asks for; written anew after their descriptions. Addresses: RFC 3849 */
#include "sdp/sdp.h"
#include "unit/sip/parsed.h"

#define REST(method)                                                                                                   \
	"Max-Forwards: 70\r\nFrom: <sip:user@example.com>;tag=81x2\r\nTo: <sip:user@example.com>\r\n"                  \
	"Call-ID: SSG9559905523997077@hlau_4100\r\nCSeq: 98176 " method "\r\nContent-Length: 0\r\n\r\n"
#define REGISTER(uri, via) "REGISTER " uri " SIP/2.0\r\nVia: " via "\r\n" REST("REGISTER")
#define VIA "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"

static struct sip_uri request_uri(struct parsed *x, struct slice text)
{
	struct sip_uri uri = {.port = 0};
	struct sip_reason err;
	parsed_init(x, text);
	assert_int_equal(x->check, SIP_OK);
	assert_int_equal(sip_uri_parse(x->msg.request_uri, &uri, &err), SIP_OK);
	return uri;
}

static struct sip_via top_via(struct parsed *x, struct slice text)
{
	struct sip_via via = {.port = 0};
	struct sip_reason err;
	parsed_init(x, text);
	assert_int_equal(x->check, SIP_OK);
	assert_int_equal(sip_via_parse(sip_field_value(&x->msg, SIP_VIA), &via, &err), SIP_OK);
	return via;
}

static void valid_reference_4_1(void **state)
{
	struct parsed x;
	struct sip_uri uri = request_uri(&x, SLICE(REGISTER("sip:[2001:db8::10]", VIA)));
	assert_slice(uri.host, "[2001:db8::10]");
	assert_int_equal(uri.port, 0);
	parsed_done(&x);
	struct sip_via via = top_via(&x, SLICE(REGISTER("sip:[2001:db8::10]", VIA)));
	assert_slice(via.host, "[2001:db8::9:1]");
	parsed_done(&x);
}

/* Without brackets it could be a host with a port: 400. */
static void no_brackets_4_2(void **state)
{
	assert_verdict(SLICE(REGISTER("sip:2001:db8::10", VIA)), 400, NULL);
}

/* The last group could have been meant as a port; it is none. */
static void port_ambiguous_4_3(void **state)
{
	struct parsed x;
	struct sip_uri uri = request_uri(&x, SLICE(REGISTER("sip:[2001:db8::10:5070]", VIA)));
	assert_slice(uri.host, "[2001:db8::10:5070]");
	assert_int_equal(uri.port, 0);
	parsed_done(&x);
}

static void port_unambiguous_4_4(void **state)
{
	struct parsed x;
	struct sip_uri uri = request_uri(&x, SLICE(REGISTER("sip:[2001:db8::10]:5070", VIA)));
	assert_slice(uri.host, "[2001:db8::10]");
	assert_int_equal(uri.port, 5070);
	parsed_done(&x);
}

/* What others wrote into received, with brackets and without: both are taken. */
static void received_4_5(void **state)
{
	struct parsed x;
	struct slice received;
	struct sip_via via = top_via(&x, SLICE(REGISTER("sip:[2001:db8::10]", VIA ";received=[2001:db8::9:255]")));
	assert_true(sip_param_find(via.params, SLICE("received"), &received));
	assert_slice(received, "[2001:db8::9:255]");
	parsed_done(&x);
	via = top_via(&x, SLICE(REGISTER("sip:[2001:db8::10]", VIA ";received=2001:db8::9:255")));
	assert_true(sip_param_find(via.params, SLICE("received"), &received));
	assert_slice(received, "2001:db8::9:255");
	assert_slice(via.branch, "z9hG4bKas3-111");
	parsed_done(&x);
}

static const struct sdp_media *described(const char *text, struct sdp_session *session)
{
	struct sdp_reason why;
	assert_int_equal(sdp_parse(slice_from_string(text), session, &why), SDP_OK);
	return session->media;
}

static void assert_address(const struct address *a, const char *text)
{
	struct address want;
	assert_true(address_parse_with_port(slice_from_string(text), &want));
	assert_true(address_eq(a, &want));
}

static void in_descriptions_4_6(void **state)
{
	struct sdp_session session;
	const struct sdp_media *m = described("v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=-\r\n"
					      "c=IN IP6 2001:db8::20\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 2\r\n",
					      &session);
	assert_true(m->has_address);
	assert_address(&m->address, "[2001:db8::20]:6000");
}

/* Both families in one message's Vias. */
static void both_in_fields_4_7(void **state)
{
	struct parsed x;
	struct sip_reason err;
	struct sip_via via = top_via(&x,
				     SLICE(REGISTER("sip:user@example.com", VIA
						    "\r\n"
						    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\r\n"
						    "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;"
						    "received=192.0.2.200")));
	assert_slice(via.host, "[2001:db8::9:1]");
	const struct sip_field *f = sip_field_next(&x.msg, sip_field_first(&x.msg, SIP_VIA));
	assert_int_equal(sip_via_parse(f->value, &via, &err), SIP_OK);
	assert_slice(via.host, "192.0.2.1");
	f = sip_field_next(&x.msg, f);
	assert_int_equal(sip_via_parse(f->value, &via, &err), SIP_OK);
	assert_slice(via.host, "[2001:db8::9:255]");
	parsed_done(&x);
}

static void both_in_descriptions_4_8(void **state)
{
	struct sdp_session session;
	const struct sdp_media *m = described("v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\n"
					      "t=0 0\r\nm=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n"
					      "m=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n",
					      &session);
	assert_address(&m[0].address, "192.0.2.1:22334");
	assert_address(&m[1].address, "[2001:db8::1]:6024");
}

/* Mapped addresses mean the IPv4 address (net and base take them so). */
static void mapped_4_9(void **state)
{
	struct parsed x;
	struct sdp_session session;
	struct sip_via via = top_via(&x, SLICE(REGISTER("sip:user@example.com",
							"SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19")));
	assert_slice(via.host, "[::ffff:192.0.2.10]");
	assert_int_equal(via.port, 19823);
	parsed_done(&x);
	const struct sdp_media *m = described("v=0\r\no=bob 280744730 28977631 IN IP6 ::ffff:192.0.2.2\r\ns=\r\n"
					      "c=IN IP6 ::ffff:192.0.2.2\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n",
					      &session);
	assert_address(&m->address, "192.0.2.2:22334");
}

/* RFC 3261's own grammar could make three colons: no address. The right form of it is one. */
static void three_colons_4_10(void **state)
{
	struct parsed x;
	assert_verdict(SLICE(REGISTER("sip:user@[2001:db8:::192.0.2.1]", VIA)), 400, NULL);
	struct sip_uri uri = request_uri(&x, SLICE(REGISTER("sip:user@[2001:db8::192.0.2.1]", VIA)));
	assert_slice(uri.host, "[2001:db8::192.0.2.1]");
	parsed_done(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_reference_4_1), cmocka_unit_test(no_brackets_4_2),
		cmocka_unit_test(port_ambiguous_4_3),  cmocka_unit_test(port_unambiguous_4_4),
		cmocka_unit_test(received_4_5),        cmocka_unit_test(in_descriptions_4_6),
		cmocka_unit_test(both_in_fields_4_7),  cmocka_unit_test(both_in_descriptions_4_8),
		cmocka_unit_test(mapped_4_9),          cmocka_unit_test(three_colons_4_10),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
