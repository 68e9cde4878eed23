/* sip/session.c - see session.h */
#include "sip/session.h"
#include "sip/scan.h"

bool sip_session_expires_parse(struct slice value, struct sip_session_expires *ret)
{
	if (slice_empty(value))
		return false;
	const char *p = value.p, *end = p + value.n;
	while (p < end && sip_is_digit(*p))
		p++;
	uint64_t seconds;
	const char *params = sip_scan_spaces(p, end), *stop = sip_scan_params(p, end);
	if (!slice_u64(sip_span(value.p, p), UINT32_MAX, &seconds) || !stop || sip_scan_spaces(stop, end) != end)
		return false;
	struct sip_session_expires read = {.seconds = (uint32_t)seconds};
	struct slice who;
	if (stop > params && sip_param_find(sip_span(params + 1, stop), SLICE("refresher"), &who)) {
		if (slice_caseeq(who, SLICE("uac")))
			read.refresher = SIP_REFRESHER_UAC;
		else if (slice_caseeq(who, SLICE("uas")))
			read.refresher = SIP_REFRESHER_UAS;
		else
			return false;
	}
	*ret = read;
	return true;
}
