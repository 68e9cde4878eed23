/*
 * net/dns_message.h - what an answer of DNS says: records and how long they hold.   RFC 1035 §4, RFC 2782, RFC 3403
 *
 * c-ares asks, repeats and matches answers to questions; its own readers of SRV and NAPTR leave out the time to live,
 * so the answers are read here. Pure functions on bytes from strangers.
 */
#pragma once
#include "base/address.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

#define DNS_NAME_CAP 256    /* a name as text, without the last dot, and its NUL (RFC 1035 §2.3.4) */
#define DNS_RECORDS_MAX 32  /* kept of one answer; an operator with more targets is still reached by these */
#define DNS_TEXT_MAX 2048   /* of their names and words together; records beyond it are left out */
#define DNS_SCANNED_MAX 256 /* records looked at in one answer: aliases and others included */
#define DNS_ALIASES_MAX 8   /* CNAMEs in a row; resolvers follow about as many */
#define DNS_TTL_MAX_S                                                                                                  \
	86400 /* RFC 8767 §4 speaks of days; an operator that moves is found the next day at the latest               \
	       */
#define DNS_NEGATIVE_MAX_S 300 /* "no such name" is kept no longer, so that a new entry works soon */

/* Names are text of letters, digits, '-' and '_', in lower case; records with others are left out. */
struct dns_record {
	union {
		struct address address; /* A, AAAA; port 0 */
		struct {
			uint16_t priority, weight, port;
			struct slice target; /* empty: the service is decidedly not there (RFC 2782) */
		} srv;
		struct { /* those with a regular expression are left out: RFC 3263 §4.1 has none */
			uint16_t order, preference;
			struct slice flags, service;
			struct slice replacement;
		} naptr;
	};
};

/* Slices point into text: it is not to be copied by value. */
struct dns_answer {
	uint32_t ttl_s; /* the shortest of what it was made from, aliases included */
	size_t count;
	struct dns_record of[DNS_RECORDS_MAX];
	size_t text_n;
	char text[DNS_TEXT_MAX];
};

enum dns_parse {
	DNS_OK,    /* at least one record of the type */
	DNS_NONE,  /* no such name, or none of that type: ttl_s says for how long (0: nothing was said), count is 0 */
	DNS_ERROR, /* the server says that it cannot answer */
	DNS_BAD    /* no answer to this question, or cut off or broken before its records' end */
};

/*
 * The records of that name, or of what it is an alias for. name: as dns_name_parse() gives it. *ret is written in any
 * case; it holds something only with DNS_OK and DNS_NONE. O(n * DNS_ALIASES_MAX), no allocation, any thread.
 */
MUST_USE enum dns_parse dns_message_parse(struct slice bytes, struct slice name, enum dns_type type,
					  struct dns_answer *ret);

/* A host or service name as DNS takes it: lower case, no dot at the end, NUL-terminated. false: it is none. */
MUST_USE bool dns_name_parse(struct slice text, char ret[DNS_NAME_CAP]);
