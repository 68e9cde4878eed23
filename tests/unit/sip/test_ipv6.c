/* The messages of RFC 5118, each with what it asks for */
#include "sdp/sdp.h"
#include "unit/sip/ipv6.h"
#include "unit/sip/parsed.h"

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
	struct sip_uri uri = request_uri(&x, SLICE(IPV6_REFERENCE_4_1));
	assert_slice(uri.host, "[2001:db8::10]");
	assert_int_equal(uri.port, 0);
	parsed_done(&x);
	struct sip_via via = top_via(&x, SLICE(IPV6_REFERENCE_4_1));
	assert_slice(via.host, "[2001:db8::9:1]");
	parsed_done(&x);
}

/* Without brackets it could be a host with a port: 400. */
static void no_brackets_4_2(void **state)
{
	assert_verdict(SLICE(IPV6_NO_BRACKETS_4_2), 400, NULL);
}

/* The last group could have been meant as a port; it is none. */
static void port_ambiguous_4_3(void **state)
{
	struct parsed x;
	struct sip_uri uri = request_uri(&x, SLICE(IPV6_PORT_AMBIGUOUS_4_3));
	assert_slice(uri.host, "[2001:db8::10:5070]");
	assert_int_equal(uri.port, 0);
	parsed_done(&x);
}

static void port_unambiguous_4_4(void **state)
{
	struct parsed x;
	struct sip_uri uri = request_uri(&x, SLICE(IPV6_PORT_4_4));
	assert_slice(uri.host, "[2001:db8::10]");
	assert_int_equal(uri.port, 5070);
	parsed_done(&x);
}

/* What others wrote into received, with brackets and without: both are taken. */
static void received_4_5(void **state)
{
	struct parsed x;
	struct slice received;
	struct sip_via via = top_via(&x, SLICE(IPV6_RECEIVED_4_5));
	assert_true(sip_param_find(via.params, SLICE("received"), &received));
	assert_slice(received, "[2001:db8::9:255]");
	parsed_done(&x);
	via = top_via(&x, SLICE(IPV6_RECEIVED_BARE_4_5));
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
	const struct sdp_media *m = described(IPV6_SDP_4_6, &session);
	assert_true(m->has_address);
	assert_address(&m->address, "[2001:db8::20]:6000");
}

/* Both families in one message's Vias. */
static void both_in_fields_4_7(void **state)
{
	struct parsed x;
	struct sip_reason err;
	struct sip_via via = top_via(&x, SLICE(IPV6_BOTH_4_7));
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
	const struct sdp_media *m = described(IPV6_SDP_4_8, &session);
	assert_address(&m[0].address, "192.0.2.1:22334");
	assert_address(&m[1].address, "[2001:db8::1]:6024");
}

/* Mapped addresses mean the IPv4 address (net and base take them so). */
static void mapped_4_9(void **state)
{
	struct parsed x;
	struct sdp_session session;
	struct sip_via via = top_via(&x, SLICE(IPV6_REGISTER("sip:20@acme.example", IPV6_MAPPED_VIA_4_9)));
	assert_slice(via.host, "[::ffff:192.0.2.10]");
	assert_int_equal(via.port, 19823);
	parsed_done(&x);
	const struct sdp_media *m = described(IPV6_SDP_4_9, &session);
	assert_address(&m->address, "192.0.2.2:22334");
}

/* RFC 3261's own grammar could make three colons: no address. The right form of it is one. */
static void three_colons_4_10(void **state)
{
	struct parsed x;
	assert_verdict(SLICE(IPV6_THREE_COLONS_4_10), 400, NULL);
	struct sip_uri uri = request_uri(&x, SLICE(IPV6_REGISTER("sip:user@[2001:db8::192.0.2.1]", IPV6_VIA)));
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
