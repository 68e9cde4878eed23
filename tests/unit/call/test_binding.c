/* What a Contact of a REGISTER asks for. */
#include "support/test.h"

#include "call/binding.h"
#include "support/guard.h"

/* The Contact of a REGISTER with these fields; no slice of *ret is good afterwards. Returns what reading it does. */
static unsigned read_contact(const char *vias, const char *more, struct binding_request *ret)
{
	char text[1024];
	struct sip_message req;
	struct sip_address contact;
	struct sip_reason err;
	struct sip_flow flow = {.transport = SIP_TLS};
	int n = snprintf(text, sizeof(text),
			 "REGISTER sip:acme.example SIP/2.0\r\n%s\r\nMax-Forwards: 70\r\n"
			 "From: <sip:a@acme.example>;tag=1\r\nTo: <sip:a@acme.example>\r\nCall-ID: 1\r\n"
			 "CSeq: 1 REGISTER\r\n%s"
			 "Contact: <sip:a@192.0.2.1;transport=tls>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n"
			 "Content-Length: 0\r\n\r\n",
			 vias, more);
	assert_in_range(n, 1, sizeof(text) - 1);
	char *bytes = guard_copy(text, (size_t)n);
	assert_int_equal(sip_message_parse(bytes, (size_t)n, &req, &err), SIP_OK);
	assert_int_equal(sip_message_check(&req, &err), SIP_OK);
	struct slice rest = sip_field_value(&req, SIP_CONTACT);
	assert_int_equal(sip_address_next(&rest, &contact, &err), SIP_OK);
	unsigned status = binding_request_read(&req, &contact, &flow, ret);
	guard_free(bytes);
	return status;
}

/* RFC 5626 §6: behind a proxy that does not keep its flow, reg-id counts for nothing. An empty value of Via is none. */
static void test_through_proxy(void **state)
{
#define PHONE "SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1"
#define PROXY "SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK2"
	static const struct {
		const char *vias;
		bool through;
	} rows[] = {
		{"Via: " PHONE, false},
		{"Via: " PHONE ",", false},
		{"Via: " PHONE " , ,", false},
		{"Via: " PHONE "\r\nVia:", false},
		{"Via: " PHONE "\r\nv: ,", false},
		{"Via: " PROXY ", " PHONE, true},
		{"Via: " PROXY ",," PHONE, true},
		{"Via: " PROXY "\r\nv: " PHONE, true},
		{"Via: " PROXY ",\r\nVia: ," PHONE, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct binding_request want;
		assert_int_equal(read_contact(rows[i].vias, "Supported: outbound\r\n", &want),
				 rows[i].through ? 439 : 0);
		assert_int_equal(read_contact(rows[i].vias, "", &want), 0);
		assert_int_equal(want.reg_id, rows[i].through ? 0 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_through_proxy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
