/* call/reason.c - why something was ended, in words fit for the trace and for the phones.   RFC 3326 */
#include "call/call.h"
#include "sip/cause.h"

#define TEXT_SHOWN_MAX 64

/* The text's letters as people can read them, without what would end the quotes. */
static void write_text(struct writer *w, struct slice inside)
{
	char plain[TEXT_SHOWN_MAX], shown[TEXT_SHOWN_MAX];
	size_t n;
	if (!sip_unquote(slice_first(inside, sizeof(plain)), plain, sizeof(plain), &n))
		return;
	copy_shown(shown, sizeof(shown), slice_of(plain, n));
	if (!shown[0])
		return;
	write_string(w, ";text=\"");
	for (const char *c = shown; *c; c++)
		write_char(w, *c == '"' || *c == '\\' ? '\'' : *c);
	write_char(w, '"');
}

/* Only causes whose numbers mean the same everywhere. */
static struct slice protocol_of(const struct sip_cause *c)
{
	if (!c->cause)
		return SLICE_NONE;
	return slice_caseeq(c->protocol, SLICE("SIP"))     ? SLICE("SIP")
	       : slice_caseeq(c->protocol, SLICE("Q.850")) ? SLICE("Q.850")
							   : SLICE_NONE;
}

void leg_hear_reason(struct leg *leg, const struct sip_message *msg)
{
	char text[REASON_BYTES_MAX];
	size_t kept = 0;
	struct writer w = writer_on(text, sizeof(text));
	for (const struct sip_field *f = sip_field_first(msg, SIP_REASON); f; f = sip_field_next(msg, f)) {
		struct slice rest = f->value;
		struct sip_cause c;
		while (sip_cause_next(&rest, &c)) {
			struct slice protocol = protocol_of(&c);
			if (slice_empty(protocol))
				continue;
			write_string(&w, kept ? ", " : "");
			write_slice(&w, protocol);
			write_format(&w, ";cause=%u", c.cause);
			write_text(&w, c.text);
			if (w.overflow)
				break;
			kept = w.n;
		}
	}
	if (kept)
		(void)!text_set(&leg->said, slice_of(text, kept)); /* without memory nobody hears why */
}

struct slice reason_told(const char *cause, const struct leg *other)
{
	static const struct {
		const char *cause, *reason;
	} ours[] = {
		{"hung-up", "SIP;cause=480;text=\"Ended by the operator\""},
		{"logged-out", "SIP;cause=480;text=\"Logged out\""},
		{"shutdown", "SIP;cause=503;text=\"Shutting down\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strcmp(cause, ours[i].cause) == 0)
			return slice_from_string(ours[i].reason);
	return other ? text_slice(&other->said) : SLICE_NONE;
}
