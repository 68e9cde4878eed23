/* directory/e164.c - telephone numbers read: see e164.h */
#include "directory/e164.h"

static bool is_separator(char c)
{
	return c == ' ' || c == '-' || c == '.';
}

/* A plus sign first, if there is one, and the digits. false: something else, too many, or none. */
static bool strip(struct slice text, char *ret, size_t cap)
{
	size_t n = 0, digits = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool digit = c >= '0' && c <= '9';
		if (is_separator(c))
			continue;
		if (!digit && (c != '+' || n))
			return false;
		if (n + 1 >= cap)
			return false;
		ret[n++] = c;
		digits += digit;
	}
	ret[n] = 0;
	return digits > 0;
}

bool e164_parse(struct slice text, char ret[E164_CAP])
{
	char plain[E164_DIGITS_MAX + 3]; /* the digits behind "00" */
	if (!strip(text, plain, sizeof(plain)))
		return false;
	struct slice s = slice_from_string(plain);
	if (slice_starts(s, SLICE("00")))
		s = slice_from(s, 2);
	else if (slice_starts(s, SLICE("+")))
		s = slice_from(s, 1);
	else
		return false;
	/* No country's code begins with 0. */
	if (s.n < E164_DIGITS_MIN || s.n > E164_DIGITS_MAX || s.p[0] == '0')
		return false;
	snprintf(ret, E164_CAP, "+%.*s", SLICE_ARG(s));
	return true;
}

bool number_read(struct slice text, char ret[NUMBER_CAP])
{
	if (e164_parse(text, ret))
		return true;
	char plain[NUMBER_DIGITS_MAX + 1];
	if (!strip(text, plain, sizeof(plain)) || plain[0] == '+')
		return false;
	snprintf(ret, NUMBER_CAP, "%s", plain);
	return true;
}
