/* call/diversion.c - forwards read, remembered and told: see diversion.h */
#include "call/diversion.h"
#include "directory/e164.h"
#include "sip/privacy.h"
#include "sip/write.h"

/* The reasons of RFC 5806 §4 that say something, and the causes of RFC 4458 §3.1 by which History-Info has them. */
static const struct {
	struct slice reason;
	uint16_t cause;
} reasons[] = {
	{{"unconditional", 13}, 302}, {{"user-busy", 9}, 486},    {{"no-answer", 9}, 408},
	{{"deflection", 10}, 487},    {{"unavailable", 11}, 503}, {{"do-not-disturb", 14}, 480},
	{{"time-of-day", 11}, 302},   {{"unknown", 7}, 404},
};

static size_t reason_of(struct slice word)
{
	size_t i = 0;
	while (i < ARRAY_LEN(reasons) - 1 && !slice_caseeq(word, reasons[i].reason))
		i++;
	return i;
}

static struct slice reason_by_cause(struct slice cause)
{
	uint64_t number;
	for (size_t i = 0; slice_u64(cause, 699, &number) && i < ARRAY_LEN(reasons); i++)
		if (reasons[i].cause == number)
			return reasons[i].reason;
	return SLICE_NONE;
}

/* ---- read ---- */

/* One more behind the others; false: that was all that there is room for. */
static bool append(struct writer *w, unsigned *count, const char *number, struct slice host, struct slice reason)
{
	char address[PARTY_TEXT_CAP];
	size_t before = w->n;
	if (*count == DIVERSIONS_MAX)
		return false;
	party_write(address, SLICE_NONE, slice_from_string(number), host);
	write_format(w, "%s%s;reason=%.*s", *count ? ", " : "", address, SLICE_ARG(reason));
	if (w->overflow) {
		w->n = before;
		return false;
	}
	++*count;
	return true;
}

/* RFC 5806 §4: privacy="off", or none, lets the number be shown. */
static bool is_private(const struct sip_address *a)
{
	struct slice word;
	return sip_param_find(a->params, SLICE("privacy"), &word) && !slice_caseeq(word, SLICE("off"));
}

static unsigned read_diversion(const struct sip_message *invite, struct slice host, struct writer *w)
{
	struct sip_address a;
	struct sip_reason err;
	struct slice reason;
	char number[NUMBER_CAP];
	unsigned count = 0;
	for (const struct sip_field *f = sip_field_first(invite, SIP_DIVERSION); f; f = sip_field_next(invite, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest) && sip_address_next(&rest, &a, &err) == SIP_OK) {
			if (is_private(&a) || !party_number(&a.uri, number))
				continue;
			reason = SLICE_NONE;
			(void)sip_param_find(a.params, SLICE("reason"), &reason);
			if (!append(w, &count, number, host, reasons[reason_of(reason)].reason))
				return count;
		}
	}
	return count;
}

/* An entry whose URI has a cause is where the one before it was sent to. Headers in a URI (§10.1.1: its privacy) are
 * not read: it is left out. */
static void read_history(const struct sip_message *invite, struct slice host, struct writer *w)
{
	struct {
		char number[NUMBER_CAP];
		struct slice reason;
	} told[DIVERSIONS_MAX];
	struct sip_address a;
	struct sip_reason err;
	struct slice cause;
	char before[NUMBER_CAP] = "";
	unsigned n = 0, count = 0;
	for (const struct sip_field *f = sip_field_first(invite, SIP_HISTORY_INFO); f; f = sip_field_next(invite, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest) && sip_address_next(&rest, &a, &err) == SIP_OK) {
			if (n < DIVERSIONS_MAX && before[0] && sip_param_find(a.uri.params, SLICE("cause"), &cause)) {
				told[n].reason = reason_by_cause(cause);
				memcpy(told[n].number, before, sizeof(before));
				n += !slice_empty(told[n].reason);
			}
			if (!party_number(&a.uri, before) || !slice_empty(a.uri.headers))
				before[0] = 0;
		}
	}
	while (n-- > 0 && append(w, &count, told[n].number, host, told[n].reason))
		;
}

void diversion_read(const struct sip_message *invite, struct slice host, char ret[DIVERSION_TEXT_CAP])
{
	struct writer w = writer_on(ret, DIVERSION_TEXT_CAP - 1);
	unsigned hidden = SIP_PRIVACY_HEADER | SIP_PRIVACY_HISTORY;
	if (!(sip_privacy_of(invite) & hidden) && read_diversion(invite, host, &w) == 0)
		read_history(invite, host, &w);
	ret[w.n] = 0;
}

struct slice diversion_reason(const struct sip_message *moved, bool rang)
{
	struct slice rest = sip_field_value(moved, SIP_DIVERSION), word;
	struct sip_address a;
	struct sip_reason err;
	if (slice_empty(rest) || sip_address_next(&rest, &a, &err) != SIP_OK ||
	    !sip_param_find(a.params, SLICE("reason"), &word))
		return rang ? SLICE("deflection") : SLICE("unconditional");
	return reasons[reason_of(word)].reason;
}

/* ---- told ---- */

void diversion_add(char text[DIVERSION_TEXT_CAP], struct slice user, struct slice host, struct slice reason)
{
	char before[DIVERSION_TEXT_CAP], address[PARTY_TEXT_CAP];
	struct writer w = writer_on(text, DIVERSION_TEXT_CAP - 1);
	memcpy(before, text, sizeof(before));
	party_write(address, SLICE_NONE, user, host);
	write_format(&w, "%s;reason=%.*s", address, SLICE_ARG(reason));
	size_t alone = w.n;
	write_format(&w, "%s%s", before[0] ? ", " : "", before);
	text[w.overflow ? alone : w.n] = 0;
}

/* RFC 7044 §5: who was asked first has index 1; each next one was reached by the cause in its URI. */
static void write_history(struct writer *w, struct slice text, const char *callee)
{
	struct sip_address by[DIVERSIONS_MAX + 1];
	struct sip_reason err;
	struct slice reason;
	size_t n = 0;
	while (!slice_empty(text) && n < ARRAY_LEN(by) && sip_address_next(&text, &by[n], &err) == SIP_OK)
		n++;
	if (!n)
		return;
	sip_write_field_begin(w, SIP_HISTORY_INFO);
	write_format(w, "<%.*s>;index=1", SLICE_ARG(by[n - 1].uri.text));
	for (size_t i = n; i-- > 0;) {
		struct slice to = i ? by[i - 1].uri.text : slice_from_string(callee);
		(void)sip_param_find(by[i].params, SLICE("reason"), &reason);
		write_format(w, ", <%.*s;cause=%u>;index=1", SLICE_ARG(to), reasons[reason_of(reason)].cause);
		for (size_t deep = n; deep > i; deep--)
			write_string(w, ".1");
		write_string(w, ";mp=1");
		for (size_t deep = n - 1; deep > i; deep--)
			write_string(w, ".1");
	}
	sip_write_field_end(w);
}

void diversion_write(struct writer *w, struct slice text, struct slice user, struct slice host)
{
	char callee[PARTY_TEXT_CAP];
	if (slice_empty(text))
		return;
	party_write(callee, SLICE_NONE, user, host);
	size_t n = strlen(callee);
	callee[n ? n - 1 : 0] = 0; /* without its brackets */
	sip_write_field(w, SIP_DIVERSION, text);
	write_history(w, text, n ? callee + 1 : "");
}
