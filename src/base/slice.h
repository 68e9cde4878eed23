/* base/slice.h - a borrowed run of bytes: pointer and length, by value, never NUL-terminated */
#pragma once
#include "base/common.h"

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})
/* For printf's %.*s */
#define SLICE_ARG(s) (int)(s).n, (s).n ? (s).p : ""

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}
struct slice slice_from_string(const char *s); /* NULL gives an empty slice; the NUL is not counted */
static inline bool slice_empty(struct slice s)
{
	return s.n == 0;
}

/* libc's tolower() looks at the locale and takes an int; protocols mean these 26 letters. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool slice_eq(struct slice a, struct slice b);
bool slice_caseeq(struct slice a, struct slice b); /* ASCII letters only */
bool slice_starts(struct slice s, struct slice prefix);
bool slice_casestarts(struct slice s, struct slice prefix);

/* Index of the first c, or -1. */
ptrdiff_t slice_find(struct slice s, char c);
/* From index `at` (clamped to the end) on; and the first `n` bytes (clamped). */
struct slice slice_from(struct slice s, size_t at);
struct slice slice_first(struct slice s, size_t n);
/* Without spaces, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice s);
/*
 * Cut at the first c: *rest loses the part before c and c itself, which is what is returned.
 * Without a c all of *rest is returned and *rest becomes empty.
 */
struct slice slice_cut(struct slice *rest, char c);

/* Digits only, at least one, value <= max; true and *ret on success, else *ret untouched. */
MUST_USE bool slice_u64(struct slice s, uint64_t max, uint64_t *ret);
/* Hexadecimal into exactly n bytes; false unless s is 2n hex digits. */
MUST_USE bool slice_unhex(struct slice s, uint8_t *ret, size_t n);

/*
 * Bytes of the UTF-8 character that s begins with (RFC 3629 §4: in its shortest form, no surrogate); 0: it begins with
 * none. s is not empty.
 */
size_t slice_character(struct slice s);

/* A NUL-terminated copy in cap bytes, which is not 0; what does not fit is left out. */
void slice_to_string(struct slice s, char *ret, size_t cap);
/* A NUL-terminated copy on the heap, NULL on -ENOMEM. Caller frees. */
MUST_USE char *slice_dup(struct slice s);
