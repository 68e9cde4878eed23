/* fuzz_dtmf.c - a key in the body of INFO, in both forms: what would be told onwards is read back as the same */
#include "sip/dtmf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct sip_dtmf *d)
{
	char text[64];
	struct writer w = writer_on(text, sizeof(text));
	struct sip_dtmf again = {.event = 77};
	struct sip_reason err;
	ASSERT(d->event < 16 && d->duration_ms <= SIP_DTMF_DURATION_MAX_MS);
	sip_write_dtmf_relay(&w, d);
	ASSERT(!w.overflow && sip_dtmf_relay_parse(writer_slice(&w), &again, &err) == SIP_OK);
	ASSERT(again.event == d->event && again.duration_ms == d->duration_ms);
}

static void check(enum sip_parse result, size_t size, const struct sip_dtmf *d, const struct sip_reason *err)
{
	if (result == SIP_OK)
		check_written(d);
	else
		ASSERT(d->event == 77 && err->status == 400 && err->text && err->offset <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body = slice_of(data, size);
	struct sip_dtmf d = {.event = 77};
	struct sip_reason err;
	check(sip_dtmf_relay_parse(body, &d, &err), size, &d, &err);
	d.event = 77;
	check(sip_dtmf_parse(body, &d, &err), size, &d, &err);
	return 0;
}
