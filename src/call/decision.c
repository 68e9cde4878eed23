/* call/decision.c - what was decided in a call: see decision.h */
#include "call/decision.h"

#include "base/sentence.h"

/* {device} is a value of the kind; they are kept in this order. The names stand in openapi.json, and the console has a
 * sentence for each in its own languages. */
static const struct {
	const char *name, *english;
} kinds[DECISION_KINDS] = {
	[DECIDED_CALLS] = {"calls", "{from} calls {to}"},
	[DECIDED_NO_SUCH_NUMBER] = {"no-such-number", "no such extension"},
	[DECIDED_NO_LINE] = {"no-line", "all {lines} lines in use"},
	[DECIDED_NO_LINE_THERE] = {"no-line-there", "all lines of the company called are in use"},
	[DECIDED_OFFER_REFUSED] = {"offer-refused", "offer refused: {reason}"},
	[DECIDED_NO_VOICE_PORT] = {"no-voice-port", "no voice port is left"},
	[DECIDED_RING] = {"ring", "ring device {device}"},
	[DECIDED_RING_NEXT] = {"ring-next", "device {device}: ring it by its next flow"},
	[DECIDED_BACK] = {"back", "device {device} is back, ring it"},
	[DECIDED_DEVICE_FAILED] = {"device-failed", "device {device}: {why}"},
	[DECIDED_GONE] = {"gone", "device {device}: its connection is gone"},
	[DECIDED_GONE_WAITING] = {"gone-waiting", "device {device}: its connection is gone, waiting for it"},
	[DECIDED_NOT_BACK] = {"not-back", "device {device} did not come back"},
	[DECIDED_NOT_REGISTERED] = {"not-registered", "a device that was waited for is not registered any more"},
	[DECIDED_NOT_RUNG] = {"not-rung", "not rung, out of memory"},
	[DECIDED_NO_DEVICE] = {"no-device", "no device can be reached"},
	[DECIDED_NO_ANSWER] = {"no-answer", "nobody answered in time"},
	[DECIDED_NOTHING_HEARD] = {"nothing-heard", "nothing was heard from any device in time"},
	[DECIDED_EARLY] = {"early", "early media"},
	[DECIDED_EARLY_FAILED] = {"early-failed", "early media not joined"},
	[DECIDED_REFUSED] = {"refused", "device refused: {status}"},
	[DECIDED_REFUSED_SAYS] = {"refused-says", "device refused: {status}, says {reason}"},
	[DECIDED_TRUNK_REFUSED] = {"trunk-refused", "trunk refused: {status}"},
	[DECIDED_TRUNK_REFUSED_SAYS] = {"trunk-refused-says", "trunk refused: {status}, says {reason}"},
	[DECIDED_REDIRECTED] = {"redirected", "redirected"},
	[DECIDED_REDIRECT_FAILED] = {"redirect-failed", "redirected: {why}"},
	[DECIDED_REDIRECTED_TO] = {"redirected-to", "redirected by device {device} to {to}"},
	[DECIDED_REDIRECT_TO_FAILED] = {"redirect-to-failed", "redirected by device {device} to {to}: {why}"},
	[DECIDED_TRUNK] = {"trunk", "over trunk {trunk}"},
	[DECIDED_TRUNK_NO_WAY] = {"trunk-no-way", "trunk {trunk}: no listener or way to its host"},
	[DECIDED_TRUNK_FAILED] = {"trunk-failed", "trunk {trunk}: {why}"},
	[DECIDED_NO_ADDRESS] = {"no-address", "its host has no address: {why}"},
	[DECIDED_CERTIFICATE] = {"certificate", "the certificate that {host} shows {why}"},
	[DECIDED_ANSWERED] = {"answered", "answered"},
	[DECIDED_TRANSCODING] = {"transcoding", "transcoding because caller speaks {caller} and callee {callee}"},
	[DECIDED_TRANSCODING_OVER] = {"transcoding-over", "no transcoding any more"},
	[DECIDED_CODEC_ASKED] = {"codec-asked", "{side} asks for another codec"},
	[DECIDED_CODEC_REFUSED] = {"codec-refused", "the other codec is refused: {status}"},
	[DECIDED_CODEC_MISSING] = {"codec-missing", "no common codec: {side} asked anew"},
	[DECIDED_WHOLE_VOICE] = {"whole-voice", "Opus is passed on as it comes: {side} asked anew"},
	[DECIDED_LESS_VOICE] = {"less-voice", "Opus is heard up to 8 kHz only: {side} asked anew"},
	[DECIDED_CODECS_DIFFER] = {"codecs-differ", "codecs differ: {side} asked anew"},
	[DECIDED_ANEW_REFUSED] = {"anew-refused", "asked anew, refused: {status}"},
	[DECIDED_DIGIT_LOST] = {"digit-lost", "a digit of the {side} is lost: {why}"},
	[DECIDED_TAKEN_OVER] = {"taken-over", "{side} taken over by device {device} in call {call}"},
	[DECIDED_TOOK_OVER] = {"took-over", "device {device} took it over out of call {call}"},
	[DECIDED_PICKED_UP] = {"picked-up", "picked up by device {device}"},
	[DECIDED_TRANSFERRED_BY] = {"transferred-by", "transferred by {by} out of call {call}"},
	[DECIDED_TRANSFERRED_TO] = {"transferred-to", "{side} transferred to {to} in call {call}"},
	[DECIDED_TRANSFERRED_INTO] = {"transferred-into", "{side} transferred to call {call}"},
	[DECIDED_TRANSFER_FAILED] = {"transfer-failed", "transfer failed: {status}"},
	[DECIDED_CALLER_GONE] = {"caller-gone", "the caller's connection is gone"},
	[DECIDED_SAYS] = {"says", "{side} says {reason}"},
	[DECIDED_ENDED] = {"ended", "ended: {cause}, by {by}"},
	[DECIDED_TOLD] = {"told", "{text}"},
};

static const struct {
	const char *name, *english;
} whys[DECISION_WHYS] = {
	[WHY_NO_VOICE_PORT] = {"no-voice-port", "no voice port is left"},
	[WHY_KEYS_IN_CLEAR] = {"keys-in-clear", "voice keys would go in clear"},
	[WHY_TOO_MANY] = {"too-many", "not called, too many ring"},
	[WHY_NO_WAY] = {"no-way", "no way to its host"},
	[WHY_NO_MEMORY] = {"no-memory", "not called, out of memory"},
	[WHY_DNS_UNKNOWN] = {"dns-unknown", "DNS does not know it"},
	[WHY_DNS_SILENT] = {"dns-silent", "DNS did not answer"},
	[WHY_DNS_FAILED] = {"dns-failed", "DNS failed, or no way there"},
	[WHY_OTHER_NAME] = {"other-name", "is not for that name"},
	[WHY_EXPIRED] = {"expired", "has expired"},
	[WHY_NOT_YET_VALID] = {"not-yet-valid", "is not valid yet, or the clock here is wrong"},
	[WHY_UNKNOWN_AUTHORITY] = {"unknown-authority",
				   "is signed by no authority that is believed here (tls.ca can name one)"},
	[WHY_DISTRUSTED] = {"distrusted", "is not valid"},
	[WHY_NOT_FOLLOWED] = {"not-followed", "not to be followed"},
	[WHY_TOO_MANY_REDIRECTS] = {"too-many-redirects", "too many"},
	[WHY_CALLED_ALREADY] = {"called-already", "called already"},
	[WHY_NOBODY_HEARS] = {"nobody-hears", "nobody hears it yet"},
	[WHY_HELD] = {"held", "the other side holds the call"},
	[WHY_NO_VOICE] = {"no-voice", "voice cannot be sent"},
	[WHY_TOO_MANY_WAIT] = {"too-many-wait", "too many wait for the other side"},
	[WHY_TAKES_NEITHER] = {"takes-neither", "the other side takes neither telephone-event nor INFO"},
};

const char *decision_name(enum decision_kind kind)
{
	return kinds[kind].name;
}

const char *decision_why(enum decision_why why)
{
	return whys[why].name;
}

struct slice decision_why_words(struct slice name)
{
	for (size_t i = 0; i < DECISION_WHYS; i++)
		if (slice_eq(name, slice_from_string(whys[i].name)))
			return slice_from_string(whys[i].english);
	return name;
}

unsigned decision_values(enum decision_kind kind)
{
	return sentence_places(slice_from_string(kinds[kind].english));
}

static enum decision_kind kind_of(struct slice name)
{
	enum decision_kind kind = 0;
	while (kind < DECIDED_TOLD && !slice_eq(name, slice_from_string(kinds[kind].name)))
		kind++;
	return kind;
}

bool decision_next(struct slice *trace, struct decision *ret)
{
	struct slice line = SLICE_NONE;
	while (slice_empty(line) && !slice_empty(*trace))
		line = slice_cut(trace, '\n');
	if (slice_empty(line))
		return false;
	*ret = (struct decision){.at = line.p[0] == '+' ? slice_cut(&line, ' ') : SLICE_NONE};
	struct slice values = line;
	ret->kind = kind_of(slice_cut(&values, '\t'));
	if (ret->kind == DECIDED_TOLD)
		values = line;
	/* What a phone said stands last: a tab in it is its own. */
	unsigned count = decision_values(ret->kind);
	struct slice sentence = slice_from_string(kinds[ret->kind].english), before;
	for (; ret->count < count; ret->count++) {
		struct decision_value *v = &ret->values[ret->count];
		(void)sentence_next(&sentence, &before, &v->name);
		v->text = sentence_value(&values, count - 1 - (unsigned)ret->count);
	}
	return true;
}

void decision_write(struct writer *w, const struct decision *d)
{
	struct slice sentence = slice_from_string(kinds[d->kind].english), before, name;
	write_slice(w, d->at);
	if (!slice_empty(d->at))
		write_char(w, ' ');
	for (size_t i = 0; i < d->count && sentence_next(&sentence, &before, &name); i++) {
		bool why = slice_eq(name, SLICE("why"));
		write_slice(w, before);
		write_slice(w, why ? decision_why_words(d->values[i].text) : d->values[i].text);
	}
	write_slice(w, sentence);
}
