/* Keys told in the body of INFO. */
#include "sip/dtmf.h"
#include "support/guard.h"
#include "support/test.h"

static void relay(void **state)
{
	static const struct {
		const char *text;
		unsigned event, ms;
	} cases[] = {
		{"Signal=5\r\nDuration=160", 5, 160},
		{"Signal=5\r\nDuration=160\r\n", 5, 160},
		{"Signal= 0\r\nDuration= 250\r\n", 0, 250}, /* as Cisco's gateways do */
		{"duration = 0\nSIGNAL =\t*\n", 10, 0},
		{"\r\nSignal=#\r\n\r\n", 11, 250},
		{"Signal=10\r\n", 10, 250},
		{"Signal=15\nDuration=60000", 15, 60000},
		{"Signal=A\r\nVolume=3\r\n", 12, 250},
		{"Signal=d", 15, 250},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_dtmf d;
		struct sip_reason err;
		assert_int_equal(sip_dtmf_relay_parse(text, &d, &err), SIP_OK);
		assert_int_equal(d.event, cases[i].event);
		assert_int_equal(d.duration_ms, cases[i].ms);
		guard_free(text.p);
	}
}

static void bad_relay(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "Missing DTMF Signal"},
		{"Duration=160\r\n", "Missing DTMF Signal"},
		{"5", "Malformed DTMF Line"},
		{"Signal 5\r\n", "Malformed DTMF Line"},
		{"Signal=\r\n", "Bad DTMF Signal"},
		{"Signal=E\r\n", "Bad DTMF Signal"},
		{"Signal=16\r\n", "Bad DTMF Signal"}, /* a flash */
		{"Signal=09\r\n", "Bad DTMF Signal"},
		{"Signal=012\r\n", "Bad DTMF Signal"},
		{"Signal=5 5\r\n", "Bad DTMF Signal"},
		{"Signal=5\r\nSignal=5\r\n", "Bad DTMF Signal"},
		{"Signal=\xd9\xa5\r\n", "Bad DTMF Signal"},
		{"Signal=5\r\nDuration=\r\n", "Bad DTMF Duration"},
		{"Signal=5\r\nDuration=-1\r\n", "Bad DTMF Duration"},
		{"Signal=5\r\nDuration=60001\r\n", "Bad DTMF Duration"},
		{"Signal=5\r\nDuration=160ms\r\n", "Bad DTMF Duration"},
		{"Signal=5\r\nDuration=160\r\nDuration=160\r\n", "Bad DTMF Duration"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice text = guard_slice(slice_from_string(cases[i].text));
		struct sip_dtmf d = {.event = 77};
		struct sip_reason err;
		assert_int_equal(sip_dtmf_relay_parse(text, &d, &err), SIP_BAD);
		assert_string_equal(err.text, cases[i].why);
		assert_true(err.status == 400 && err.offset <= text.n && d.event == 77);
		guard_free(text.p);
	}
}

static void alone(void **state)
{
	static const char *const good[] = {"5", " 5\r\n", "*", "11", "\r\nb\r\n"}, *const bad[] = {"",    " ",
												   "5 5", "55",
												   "e",   "Signal=5"};
	static const uint8_t events[] = {5, 5, 10, 11, 13};
	struct sip_dtmf d;
	struct sip_reason err;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct slice text = guard_slice(slice_from_string(good[i]));
		assert_int_equal(sip_dtmf_parse(text, &d, &err), SIP_OK);
		assert_true(d.event == events[i] && d.duration_ms == SIP_DTMF_DURATION_DEFAULT_MS);
		guard_free(text.p);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice text = guard_slice(slice_from_string(bad[i]));
		d.event = 77;
		assert_int_equal(sip_dtmf_parse(text, &d, &err), SIP_BAD);
		assert_true(err.status == 400 && d.event == 77);
		guard_free(text.p);
	}
}

/* At the limit, and one past it. */
static void long_bodies(void **state)
{
	char text[SIP_DTMF_BYTES_MAX + 1];
	struct sip_dtmf d;
	struct sip_reason err;
	memset(text, ' ', sizeof(text));
	struct writer w = writer_on(text, sizeof(text));
	write_string(&w, "Signal=9");
	for (size_t over = 0; over < 2; over++) {
		struct slice body = guard_slice(slice_of(text, SIP_DTMF_BYTES_MAX + over));
		assert_int_equal(sip_dtmf_relay_parse(body, &d, &err), over ? SIP_BAD : SIP_OK);
		assert_int_equal(sip_dtmf_parse(slice_from(body, 7), &d, &err), SIP_OK);
		guard_free(body.p);
	}
	w.n = 0;
	write_string(&w, "       9");
	assert_int_equal(sip_dtmf_parse(slice_of(text, SIP_DTMF_BYTES_MAX), &d, &err), SIP_OK);
	assert_int_equal(sip_dtmf_parse(slice_of(text, SIP_DTMF_BYTES_MAX + 1), &d, &err), SIP_BAD);
}

static void written(void **state)
{
	char text[64];
	for (uint8_t event = 0; event < 16; event++) {
		struct writer w = writer_on(text, sizeof(text));
		struct sip_dtmf d;
		struct sip_reason err;
		sip_write_dtmf_relay(&w, &(struct sip_dtmf){.event = event, .duration_ms = 100u + event});
		struct slice body = guard_slice(writer_slice(&w));
		assert_int_equal(sip_dtmf_relay_parse(body, &d, &err), SIP_OK);
		assert_true(d.event == event && d.duration_ms == 100 + event);
		guard_free(body.p);
	}
	struct writer w = writer_on(text, sizeof(text));
	sip_write_dtmf_relay(&w, &(struct sip_dtmf){.event = 11, .duration_ms = 160});
	assert_slice(writer_slice(&w), "Signal=#\r\nDuration=160\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relay),       cmocka_unit_test(bad_relay), cmocka_unit_test(alone),
		cmocka_unit_test(long_bodies), cmocka_unit_test(written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
