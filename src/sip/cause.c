/* sip/cause.c - see cause.h */
#include "sip/cause.h"
#include "sip/scan.h"

static bool cause_parse(struct slice item, struct sip_cause *ret)
{
	const char *p = item.p, *end = p + item.n, *past = sip_scan_set(p, end, &sip_token_chars);
	const char *params = sip_scan_spaces(past, end), *stop = sip_scan_params(past, end);
	struct sip_cause c = {.protocol = sip_span(p, past)};
	struct slice number;
	uint64_t cause = 0;
	if (past == p || !stop || sip_scan_spaces(stop, end) != end)
		return false;
	if (stop > params) {
		struct slice text = sip_span(params + 1, stop);
		if (sip_param_find(text, SLICE("cause"), &number) && !slice_u64(number, 999, &cause))
			return false;
		(void)sip_param_find(text, SLICE("text"), &c.text);
	}
	c.cause = (uint16_t)cause;
	*ret = c;
	return true;
}

bool sip_cause_next(struct slice *rest, struct sip_cause *ret)
{
	struct slice item;
	while (sip_list_next(rest, &item))
		if (cause_parse(item, ret))
			return true;
	return false;
}
