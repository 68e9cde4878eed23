/* base/slice.c - compare, search, cut and read numbers in a borrowed run of bytes */
#include "base/slice.h"

struct slice slice_from_string(const char *s)
{
	return s ? slice_of(s, strlen(s)) : SLICE_NONE;
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_caseeq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	}
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_of(s.p, prefix.n), prefix);
}

bool slice_casestarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_caseeq(slice_of(s.p, prefix.n), prefix);
}

ptrdiff_t slice_find(struct slice s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? at - s.p : -1;
}

struct slice slice_from(struct slice s, size_t at)
{
	/* NULL plus 0 is undefined in C, so an absent slice is handed back as it is. */
	if (at == 0 || s.n == 0)
		return s;
	at = MIN(at, s.n);
	return slice_of(s.p + at, s.n - at);
}

struct slice slice_first(struct slice s, size_t n)
{
	return slice_of(s.p, MIN(n, s.n));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

struct slice slice_cut(struct slice *rest, char c)
{
	struct slice all = *rest;
	ptrdiff_t at = slice_find(all, c);
	if (at < 0) {
		*rest = slice_from(all, all.n);
		return all;
	}
	*rest = slice_from(all, (size_t)at + 1);
	return slice_first(all, (size_t)at);
}

bool slice_u64(struct slice s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		/* value * 10 + digit <= max, asked without computing what could overflow */
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* Its value and one; 0: none. A table, for each nonce of a request has sixty-four of them. */
static const uint8_t hex_digits[256] = {
	['0'] = 1,  2,  3,  4,  5,  6,  7, 8, 9, 10, /* */
	['A'] = 11, 12, 13, 14, 15, 16,              /* */
	['a'] = 11, 12, 13, 14, 15, 16,
};

static int hex_digit(char c)
{
	return hex_digits[(uint8_t)c] - 1;
}

bool slice_unhex(struct slice s, uint8_t *ret, size_t n)
{
	if (s.n % 2 || s.n / 2 != n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (hex_digit(s.p[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)(hex_digit(s.p[2 * i]) << 4 | hex_digit(s.p[2 * i + 1]));
	return true;
}

size_t slice_character(struct slice s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
	return n && !overlong && !beyond ? n : 0;
}

void slice_to_string(struct slice s, char *ret, size_t cap)
{
	size_t n = MIN(s.n, cap - 1);
	if (n)
		memcpy(ret, s.p, n);
	ret[n] = '\0';
}

char *slice_dup(struct slice s)
{
	char *copy = s.n < SIZE_MAX ? malloc(s.n + 1) : NULL;
	if (!copy)
		return NULL;
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}
