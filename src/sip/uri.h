/* sip/uri.h - sip:, sips: and tel: URIs: read, compared as the RFC says, written.   RFC 3261 §19.1, RFC 3966 */
#pragma once
#include "base/writer.h"
#include "sip/words.h"

enum sip_scheme { SIP_SCHEME_OTHER, SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL };

struct sip_uri {
	enum sip_scheme scheme;
	struct slice text; /* all of it */
	struct slice user; /* escapes kept; for tel: the number */
	struct slice password;
	struct slice host;    /* IPv6 with brackets */
	uint16_t port;        /* 0: not given */
	struct slice params;  /* after the first ';', without it */
	struct slice headers; /* after '?', without it */
};

/*
 * text borrowed; ret written only on SIP_OK. A URI of another scheme is SIP_OK with only `text` read (416 is the
 * caller's to say). At most SIP_URI_PARAMS_MAX parameters, each name once, and as many headers. O(n), no allocation.
 */
MUST_USE enum sip_parse sip_uri_parse(struct slice text, struct sip_uri *ret, struct sip_reason *reterr);

/* Find a parameter by name (no case) in "a=1;b;c=2"; *ret_value is empty for one without value, and has its
 * quotes taken off. Also for header parameters. ret_value untouched if there is none. */
bool sip_param_find(struct slice params, struct slice name, struct slice *ret_value);

/* §19.1.4, escapes and parameter rules included; tel: by RFC 3966 §4. */
bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b);

/* A user part without its escapes, into buf; false if it does not fit or an escape is broken. */
MUST_USE bool sip_user_unescape(struct slice user, char *buf, size_t cap, size_t *ret_n);
void sip_write_user_escaped(struct writer *w, struct slice user);
