/* base/writer.c - append bytes into a bounded buffer; base64 both ways (RFC 4648 §4 and §5) */
#include <stdarg.h>

#include "base/writer.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Room for n bytes at once, or NULL and the flag: nothing is ever written in part. */
static char *take(struct writer *w, size_t n)
{
	if (w->overflow || n > w->cap - w->n) {
		w->overflow = true;
		return NULL;
	}
	char *at = w->p + w->n;
	w->n += n;
	return at;
}

void write_slice(struct writer *w, struct slice s)
{
	if (s.n == 0)
		return;
	char *at = take(w, s.n);
	if (at)
		memcpy(at, s.p, s.n);
}

void write_string(struct writer *w, const char *s)
{
	write_slice(w, slice_from_string(s));
}

void write_char(struct writer *w, char c)
{
	char *at = take(w, 1);
	if (at)
		*at = c;
}

void write_u64(struct writer *w, uint64_t value)
{
	char digits[20]; /* 2^64 - 1 has 20 */
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	write_slice(w, slice_of(digits + first, sizeof(digits) - first));
}

void write_i64(struct writer *w, int64_t value)
{
	if (value < 0)
		write_char(w, '-');
	/* Negated as unsigned, so that INT64_MIN is right too. */
	write_u64(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void write_hex(struct writer *w, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;

	if (n == 0)
		return;
	char *at = n <= SIZE_MAX / 2 ? take(w, 2 * n) : NULL;
	if (!at) {
		w->overflow = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		*at++ = digits[from[i] >> 4];
		*at++ = digits[from[i] & 15];
	}
}

/* digits: of one of the two alphabets; only that of §4 is padded. */
static void write_digits(struct writer *w, const void *bytes, size_t n, const char *digits, bool padded)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t group = (uint32_t)from[i] << 16;
		if (left > 1)
			group |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			group |= from[i + 2];
		char four[4] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
				left > 2 ? digits[group & 63] : '='};
		write_slice(w, slice_of(four, padded ? 4 : MIN(left, (size_t)3) + 1));
	}
}

void write_base64(struct writer *w, const void *bytes, size_t n)
{
	write_digits(w, bytes, n, base64_digits, true);
}

void write_base64url(struct writer *w, const void *bytes, size_t n)
{
	write_digits(w, bytes, n, base64url_digits, false);
}

static bool is_unreserved(char c)
{
	char low = ascii_lower(c);
	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

void write_percent(struct writer *w, struct slice s, const char *also)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (is_unreserved(c) || (c && strchr(also, c))) {
			write_char(w, c);
			continue;
		}
		write_char(w, '%');
		write_char(w, digits[(uint8_t)c >> 4]);
		write_char(w, digits[(uint8_t)c & 15]);
	}
}

void write_format(struct writer *w, const char *format, ...)
{
	va_list args, again;
	size_t left = w->cap - w->n;

	if (w->overflow)
		return;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(left ? w->p + w->n : NULL, left, format, args);
	if (length < 0 || (size_t)length > left) {
		w->overflow = true;
	} else if (length > 0 && (size_t)length == left) {
		/* Exactly full: vsnprintf() has put its NUL where the last byte belongs. */
		char *text = NULL;
		if (vasprintf(&text, format, again) < 0) {
			w->overflow = true;
		} else {
			write_slice(w, slice_of(text, left));
			free(text);
		}
	} else {
		w->n += (size_t)length;
	}
	va_end(again);
	va_end(args);
}

static int base64_value(char c, const char *digits)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == digits[62] ? 62 : c == digits[63] ? 63 : -1;
}

/* s: without its padding. */
static bool decode(struct slice s, const char *digits, uint8_t *ret, size_t cap, size_t *ret_n)
{
	if (s.n % 4 == 1 || s.n / 4 * 3 + s.n % 4 * 3 / 4 > cap)
		return false;
	size_t out = 0;
	uint32_t bits = 0;
	for (size_t i = 0; i < s.n; i++) {
		int value = base64_value(s.p[i], digits);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		/* Four digits make three bytes; each digit but the first of a group completes one. */
		static const unsigned spare[4] = {0, 4, 2, 0};
		if (i % 4)
			ret[out++] = (uint8_t)(bits >> spare[i % 4]);
	}
	/* RFC 4648 §3.5: bits that are left over are zero, so that a value has one spelling. */
	if ((s.n % 4 == 3 && bits & 3) || (s.n % 4 == 2 && bits & 15))
		return false;
	*ret_n = out;
	return true;
}

bool base64_decode(struct slice s, uint8_t *ret, size_t cap, size_t *ret_n)
{
	if (s.n % 4)
		return false;
	size_t padding = 0;
	if (s.n && s.p[s.n - 1] == '=')
		padding = s.p[s.n - 2] == '=' ? 2 : 1;
	return decode(slice_first(s, s.n - padding), base64_digits, ret, cap, ret_n);
}

bool base64url_decode(struct slice s, uint8_t *ret, size_t cap, size_t *ret_n)
{
	return decode(s, base64url_digits, ret, cap, ret_n);
}
