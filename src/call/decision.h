/*
 * call/decision.h - what was decided in a call: of which kind, and with which values
 *
 * A call's trace is kept as lines of "+1.250 ring<TAB>desk": seconds since its start, the kind, and the kind's values
 * in their order. So whoever shows it may say it in a language of their own; decision_write() says it in English. Rows
 * of before have the English sentence there, which is read as DECIDED_TOLD.
 */
#pragma once
#include "base/writer.h"

enum decision_kind {
	DECIDED_CALLS,
	DECIDED_NO_SUCH_NUMBER,
	DECIDED_NO_LINE,
	DECIDED_NO_LINE_THERE,
	DECIDED_OFFER_REFUSED,
	DECIDED_NO_VOICE_PORT,
	DECIDED_RING,
	DECIDED_RING_NEXT,
	DECIDED_BACK,
	DECIDED_DEVICE_FAILED,
	DECIDED_GONE,
	DECIDED_GONE_WAITING,
	DECIDED_NOT_BACK,
	DECIDED_NOT_REGISTERED,
	DECIDED_NOT_RUNG,
	DECIDED_NO_DEVICE,
	DECIDED_NO_ANSWER,
	DECIDED_NOTHING_HEARD,
	DECIDED_EARLY,
	DECIDED_EARLY_FAILED,
	DECIDED_REFUSED,
	DECIDED_REFUSED_SAYS,
	DECIDED_TRUNK_REFUSED,
	DECIDED_TRUNK_REFUSED_SAYS,
	DECIDED_REDIRECTED,
	DECIDED_REDIRECT_FAILED,
	DECIDED_REDIRECTED_TO,
	DECIDED_REDIRECT_TO_FAILED,
	DECIDED_TRUNK,
	DECIDED_TRUNK_NO_WAY,
	DECIDED_TRUNK_FAILED,
	DECIDED_NO_ADDRESS,
	DECIDED_CERTIFICATE,
	DECIDED_ANSWERED,
	DECIDED_TRANSCODING,
	DECIDED_TRANSCODING_OVER,
	DECIDED_CODEC_ASKED,
	DECIDED_CODEC_REFUSED,
	DECIDED_CODEC_MISSING,
	DECIDED_CODECS_DIFFER,
	DECIDED_WHOLE_VOICE,
	DECIDED_LESS_VOICE,
	DECIDED_ANEW_REFUSED,
	DECIDED_DIGIT_LOST,
	DECIDED_TAKEN_OVER,
	DECIDED_TOOK_OVER,
	DECIDED_PICKED_UP,
	DECIDED_TRANSFERRED_BY,
	DECIDED_TRANSFERRED_TO,
	DECIDED_TRANSFERRED_INTO,
	DECIDED_TRANSFER_FAILED,
	DECIDED_CALLER_GONE,
	DECIDED_SAYS,
	DECIDED_ENDED,
	DECIDED_TOLD, /* in a row that an older version wrote */
	DECISION_KINDS
};

/* Why something was not done: the value "why" of some kinds. */
enum decision_why {
	WHY_NO_VOICE_PORT,
	WHY_KEYS_IN_CLEAR,
	WHY_TOO_MANY,
	WHY_NO_WAY,
	WHY_NO_MEMORY,
	WHY_DNS_UNKNOWN,
	WHY_DNS_SILENT,
	WHY_DNS_FAILED,
	WHY_OTHER_NAME,
	WHY_EXPIRED,
	WHY_NOT_YET_VALID,
	WHY_UNKNOWN_AUTHORITY,
	WHY_DISTRUSTED,
	WHY_NOT_FOLLOWED,
	WHY_TOO_MANY_REDIRECTS,
	WHY_CALLED_ALREADY,
	WHY_NOBODY_HEARS,
	WHY_HELD,
	WHY_NO_VOICE,
	WHY_TOO_MANY_WAIT,
	WHY_TAKES_NEITHER,
	DECISION_WHYS
};

#define DECISION_VALUES_MAX 3

struct decision {
	enum decision_kind kind;
	struct slice at; /* "+1.250"; empty: not known */
	size_t count;    /* of values */
	struct decision_value {
		struct slice name, text; /* the text of a "why" is its name; one that was cut off is empty */
	} values[DECISION_VALUES_MAX];
};

/* The next line of a kept trace; the slices point into it and into constants. false: that was all. */
bool decision_next(struct slice *trace, struct decision *ret);
/* "+1.250 ring device desk" */
void decision_write(struct writer *w, const struct decision *d);

const char *decision_name(enum decision_kind kind); /* "ring" */
unsigned decision_values(enum decision_kind kind);  /* how many it has */
const char *decision_why(enum decision_why why);    /* "no-voice-port" */
/* The English words of a "why" by its name; those themselves where there are none. */
struct slice decision_why_words(struct slice name);
