/* sip/dtmf.c - see dtmf.h */
#include "sip/dtmf.h"
#include "sip/scan.h"

/* In the order of RFC 4733 §3.2. */
static const char keys[] = "0123456789*#ABCD";
#define KEY_COUNT (sizeof(keys) - 1)

/* A key, or as some gateways write those without a digit, its number: 10 is *. */
static bool read_key(struct slice s, uint8_t *ret)
{
	uint64_t number;
	if (s.n == 2 && slice_u64(s, KEY_COUNT - 1, &number) && number >= 10) {
		*ret = (uint8_t)number;
		return true;
	}
	for (size_t i = 0; i < KEY_COUNT && s.n == 1; i++)
		if (slice_caseeq(s, slice_of(&keys[i], 1))) {
			*ret = (uint8_t)i;
			return true;
		}
	return false;
}

/* One line of a dtmf-relay body. NULL, or what is wrong with it. */
static const char *read_line(struct slice line, struct sip_dtmf *d, bool *signal, bool *duration)
{
	uint64_t ms;
	if (slice_find(line, '=') < 0)
		return "Malformed DTMF Line";
	struct slice name = slice_trim(slice_cut(&line, '=')), value = slice_trim(line);
	if (slice_caseeq(name, SLICE("Signal"))) {
		if (*signal || !read_key(value, &d->event))
			return "Bad DTMF Signal";
		*signal = true;
	} else if (slice_caseeq(name, SLICE("Duration"))) {
		if (*duration || !slice_u64(value, SIP_DTMF_DURATION_MAX_MS, &ms))
			return "Bad DTMF Duration";
		*duration = true;
		d->duration_ms = (uint16_t)ms;
	}
	return NULL;
}

enum sip_parse sip_dtmf_relay_parse(struct slice body, struct sip_dtmf *ret, struct sip_reason *reterr)
{
	struct sip_dtmf d = {.duration_ms = SIP_DTMF_DURATION_DEFAULT_MS};
	struct slice rest = body;
	bool signal = false, duration = false;

	if (body.n > SIP_DTMF_BYTES_MAX)
		return sip_refuse(reterr, body.p, body.p + SIP_DTMF_BYTES_MAX, "DTMF Body Too Long");
	while (!slice_empty(rest)) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		const char *wrong = slice_empty(line) ? NULL : read_line(line, &d, &signal, &duration);
		if (wrong)
			return sip_refuse(reterr, body.p, line.p, wrong);
	}
	if (!signal)
		return sip_refuse(reterr, body.p, body.p, "Missing DTMF Signal");
	*ret = d;
	return SIP_OK;
}

enum sip_parse sip_dtmf_parse(struct slice body, struct sip_dtmf *ret, struct sip_reason *reterr)
{
	struct sip_dtmf d = {.duration_ms = SIP_DTMF_DURATION_DEFAULT_MS};

	if (body.n > SIP_DTMF_BYTES_MAX || !read_key(slice_trim(body), &d.event))
		return sip_refuse(reterr, body.p, body.p, "Bad DTMF Signal");
	*ret = d;
	return SIP_OK;
}

void sip_write_dtmf_relay(struct writer *w, const struct sip_dtmf *d)
{
	ASSERT(d->event < KEY_COUNT);
	write_format(w, "Signal=%c\r\nDuration=%u\r\n", keys[d->event], d->duration_ms);
}
