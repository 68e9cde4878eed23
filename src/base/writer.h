/* base/writer.h - append bytes into a buffer that the caller owns; what does not fit sets one sticky flag */
#pragma once
#include "base/slice.h"

struct writer {
	char *p;
	size_t n; /* bytes written so far, never above cap */
	size_t cap;
	bool overflow; /* sticky: something did not fit; what is in p is then not to be used */
};

static inline struct writer writer_on(void *p, size_t cap)
{
	return (struct writer){.p = p, .cap = cap};
}
static inline struct slice writer_slice(const struct writer *w)
{
	return slice_of(w->p, w->n);
}

void write_slice(struct writer *w, struct slice s);
void write_string(struct writer *w, const char *s);
void write_char(struct writer *w, char c);
void write_u64(struct writer *w, uint64_t value);                    /* decimal */
void write_i64(struct writer *w, int64_t value);                     /* decimal */
void write_hex(struct writer *w, const void *bytes, size_t n);       /* lower case */
void write_base64(struct writer *w, const void *bytes, size_t n);    /* RFC 4648 §4, padded */
void write_base64url(struct writer *w, const void *bytes, size_t n); /* RFC 4648 §5, not padded */
/* RFC 3986 §2.1: each byte but the unreserved ones, and those in also. */
void write_percent(struct writer *w, struct slice s, const char *also);
void write_format(struct writer *w, const char *format, ...) PRINTF_LIKE(2, 3); /* not on hot paths */

/* Decode RFC 4648 §4 base64 (padding required where the RFC does). False on a bad byte or if it does not fit in cap. */
MUST_USE bool base64_decode(struct slice s, uint8_t *ret, size_t cap, size_t *ret_n);
/* The same for §5 without padding; bits that mean nothing are 0, so that bytes have one text. */
MUST_USE bool base64url_decode(struct slice s, uint8_t *ret, size_t cap, size_t *ret_n);
