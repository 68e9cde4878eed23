/* unit/sip/parsed.h - a message parsed and checked in memory that ends at an unreadable page */
#pragma once
#include "sip/message.h"
#include "support/guard.h"
#include "support/test.h"

struct parsed {
	char *bytes; /* what msg points into */
	struct sip_message msg;
	enum sip_parse parse, check; /* check is SIP_BAD too when parse is */
	struct sip_reason reason;    /* status 0: all is well */
};

static inline void parsed_init(struct parsed *x, struct slice text)
{
	x->bytes = guard_copy(text.p, text.n);
	x->reason = (struct sip_reason){0};
	x->parse = sip_message_parse(x->bytes, text.n, &x->msg, &x->reason);
	x->check = x->parse == SIP_OK ? sip_message_check(&x->msg, &x->reason) : SIP_BAD;
}

static inline void parsed_done(struct parsed *x)
{
	guard_free(x->bytes);
}

/* Parse and check: `status` is 0 for a good message, else what refuses it; `why` may be NULL. */
#define assert_verdict(text, status, why) assert_verdict_at((text), (status), (why), __FILE__, __LINE__)
static inline void assert_verdict_at(struct slice text, unsigned status, const char *why, const char *file, int line)
{
	struct parsed x;
	parsed_init(&x, text);
	if (x.reason.status != status || (x.check == SIP_OK) != (status == 0) || x.reason.offset > text.n ||
	    (why && strcmp(x.reason.text, why) != 0)) {
		print_error("%u %s at %u, wanted %u %s, in:\n%.*s\n", x.reason.status,
			    x.reason.text ? x.reason.text : "", x.reason.offset, status, why ? why : "",
			    SLICE_ARG(text));
		_fail(file, line);
	}
	parsed_done(&x);
}
