/*
 * base/warning.h - what whoever looks after a node should know: of which kind, and with which values
 *
 * Each kind is declared here and has its English sentence in warning.c, whichever room finds out; the API tells kind
 * and values, so that it can be said in other languages. Words of somebody else, as of the system or an authority,
 * stand in the value "said" alone: they are quoted, and in English. A value. Any thread.
 */
#pragma once
#include "base/slice.h"

enum warning_kind {
	WARNING_NONE, /* all is well */
	/* Listeners and certificates. */
	WARNING_IN_CLEAR,
	WARNING_PLAIN_VOICE,
	WARNING_SELF_SIGNED,
	WARNING_NOT_YET_VALID,
	WARNING_EXPIRED,
	WARNING_EXPIRES,
	WARNING_CERTIFICATE_NOT_READ,
	WARNING_CERTIFICATE_FAILED,
	WARNING_CERTIFICATES_FAILED,
	/* The process and its machine. */
	WARNING_FEW_DESCRIPTORS,
	WARNING_DATA_OPEN,
	WARNING_ROOT,
	WARNING_CONSOLE_MISSING,
	WARNING_CONSOLE_UNREADABLE,
	WARNING_TURN_SECRET_UNREADABLE,
	WARNING_TURN_SECRET_ODD,
	WARNING_CONNECTIONS_FULL,
	WARNING_CONNECTIONS_NO_MEMORY,
	WARNING_CONNECTIONS_UNFINISHED,
	WARNING_CONNECTIONS_SILENT,
	WARNING_CLOCK_FORWARDS,
	WARNING_CLOCK_BACK,
	WARNING_DNS_SILENT,
	/* The store. */
	WARNING_STORE_SLOW,
	WARNING_STORE_FULL,
	WARNING_STORE_READ_ONLY,
	WARNING_STORE_HELD,
	WARNING_STORE_DAMAGED,
	WARNING_STORE_NO_MEMORY,
	WARNING_STORE_LOST,
	WARNING_STORE_REFUSES,
	/* Calls. */
	WARNING_CALLS_NO_HISTORY,
	WARNING_CALLS_STOPPING,
	WARNING_CALLS_OVERLOAD,
	WARNING_CALLS_NO_MEMORY,
	WARNING_CALLS_NO_PORT,
	/* Why a certificate will not do, as the reason of another. */
	WARNING_FILE,
	WARNING_NO_CERTIFICATE,
	WARNING_CERTIFICATE_WEAK,
	WARNING_CHAIN_UNUSABLE,
	WARNING_CHAIN_DAMAGED,
	WARNING_NO_KEY,
	WARNING_KEY_FOREIGN,
	WARNING_KEY_UNUSABLE,
	WARNING_CERTIFICATE_NOT_MADE,
	/* Why an authority gives none, the same. */
	WARNING_NO_MEMORY,
	WARNING_TOO_MANY_REQUESTS,
	WARNING_CERTIFICATE_NOT_KEPT,
	WARNING_AUTHORITY_UNREACHABLE,
	WARNING_AUTHORITY_SLOW,
	WARNING_AUTHORITY_ODD,
	WARNING_AUTHORITY_ODD_URL,
	WARNING_AUTHORITY_NO_HTTP,
	WARNING_AUTHORITY_STATUS,
	WARNING_AUTHORITY_OTHER_NAME,
	WARNING_AUTHORITY_BAD_CERTIFICATE,
	WARNING_AUTHORITY_REFUSES,
	WARNING_AUTHORITY_DNS,
	WARNING_AUTHORITY_CONNECTION,
	WARNING_AUTHORITY_OTHER_SERVER,
	WARNING_AUTHORITY_CAA,
	WARNING_AUTHORITY_NAME,
	WARNING_AUTHORITY_RATE,
	WARNING_AUTHORITY_TERMS,
	WARNING_AUTHORITY_ACCOUNT,
	WARNING_AUTHORITY_CONTACT,
	WARNING_KINDS
};

#define WARNING_VALUES_CAP 640 /* a path, and what the system says of it */
#define WARNING_TEXT_CAP 1536  /* these, and the words around them: a reason's, and a reason's of that */

struct warning {
	enum warning_kind kind;
	char values[WARNING_VALUES_CAP]; /* in the order of the sentence, a tab between them */
};

void warning_set(struct warning *w, enum warning_kind kind);
/* The values in their order, "%s\t%d": a time in microseconds of the wall clock. What is too long loses its end. */
void warning_set_with(struct warning *w, enum warning_kind kind, const char *values, ...) PRINTF_LIKE(3, 4);
/* The value that is a reason, which is the last. */
#define WARNING_REASON "%d:%s"
#define WARNING_REASON_ARG(w) (int)(w)->kind, (w)->values

/* In English, NUL-terminated; of WARNING_NONE nothing. Returns ret. */
const char *warning_text(const struct warning *w, char ret[WARNING_TEXT_CAP]);

/* ---- value by value ---- */

enum warning_type { WARNING_TYPE_TEXT, WARNING_TYPE_NUMBER, WARNING_TYPE_TIME, WARNING_TYPE_REASON };
struct warning_value {
	struct slice before; /* of the English sentence */
	struct slice name, text;
	enum warning_type type;
	int64_t number; /* of a number; of a time, in microseconds of the wall clock */
};
struct warning_told {
	enum warning_kind kind;
	struct slice sentence, values; /* what is left of them */
};

/* Borrowed from the warning, and from the text of a value of WARNING_TYPE_REASON. */
struct warning_told warning_told(const struct warning *w);
struct warning_told warning_reason(struct slice text);
/* false: that was the last; what is left of the sentence is its end. */
bool warning_next(struct warning_told *told, struct warning_value *ret);
const char *warning_name(enum warning_kind kind); /* "in-clear" */
