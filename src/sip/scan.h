/*
 * sip/scan.h - the lexical ground of the grammar: character sets, white space, quoted strings, parameters.   RFC 3261
 * §25.1
 *
 * Private to this room. Scanners take the run [p, end) and return where they stopped; p is never NULL.
 */
#pragma once
#include "sip/message.h"

/* A set of bytes as 256 bits. */
struct sip_charset {
	uint64_t bits[4];
};
extern const struct sip_charset sip_token_chars; /* token */
extern const struct sip_charset
	sip_value_chars; /* a parameter's value without quotes: token, host and what phones add */
extern const struct sip_charset sip_user_chars; /* unreserved, user-unreserved, and '#', which phones do not escape */
extern const struct sip_charset sip_password_chars; /* unreserved and "&=+$," */
extern const struct sip_charset sip_host_chars;     /* letters, digits, "-." and '_', which some hosts carry */
extern const struct sip_charset sip_param_chars;    /* paramchar of a URI */
extern const struct sip_charset sip_header_chars;   /* hnv-unreserved and unreserved, of a URI */
extern const struct sip_charset sip_visible_chars;  /* 0x21 to 0x7e but for `"<>`: a URI of a scheme we do not know */

static inline bool sip_charset_has(const struct sip_charset *set, char c)
{
	unsigned char u = (unsigned char)c;
	return (set->bits[u >> 6] >> (u & 63)) & 1;
}
static inline bool sip_is_space(char c)
{
	return c == ' ' || c == '\t';
}
static inline bool sip_is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline const char *sip_scan_spaces(const char *p, const char *end)
{
	while (p < end && sip_is_space(*p))
		p++;
	return p;
}
static inline const char *sip_scan_set(const char *p, const char *end, const struct sip_charset *set)
{
	while (p < end && sip_charset_has(set, *p))
		p++;
	return p;
}

/* Characters of the set and %HH escapes. */
const char *sip_scan_escaped(const char *p, const char *end, const struct sip_charset *set);
/* p at the opening '"': past the closing one, NULL if there is none. */
const char *sip_scan_quoted(const char *p, const char *end);
/* To the ',' that ends an item of a list, or the end; commas in quotes and in <> belong to the item. */
const char *sip_scan_item(const char *p, const char *end);
/* p where parameters of a header field may start: past `;name=value;name`, white space allowed, or NULL if malformed.
 */
const char *sip_scan_params(const char *p, const char *end);
/* A sent-by or URI host with optional port, NULL if malformed. spaces: white space around ':' is allowed (Via). */
const char *sip_scan_hostport(const char *p, const char *end, bool spaces, struct slice *ret_host, uint16_t *ret_port);
/* 0 to 15, or -1. */
int sip_hex_digit(char c);

/* Walk "a=1;b;c=\"2\"": false at the end. Quotes are taken off the value. */
bool sip_param_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value);

static inline struct slice sip_span(const char *from, const char *to)
{
	return slice_of(from, (size_t)(to - from));
}

/* Equal once escapes are read (§19.1.4): a reserved character and its escape stay apart. */
bool sip_escaped_eq(struct slice a, struct slice b, bool with_case);

/* Note why and where (`at` within the run that starts at `start`) and say SIP_BAD. */
enum sip_parse sip_refuse(struct sip_reason *reterr, const char *start, const char *at, const char *text);
