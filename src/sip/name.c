/* sip/name.c - names of our own objects: "<node>-<handle>-<secret>" */
#include "sip/transaction.h"

#define SECRET_DIGITS 16

static void write_digits(struct writer *w, uint64_t value, unsigned least)
{
	char digits[16];
	unsigned at = sizeof(digits);

	while (value || sizeof(digits) - at < least) {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
	write_slice(w, slice_of(digits + at, sizeof(digits) - at));
}

void sip_write_name(struct writer *w, uint16_t node, const struct sip_name *name)
{
	write_digits(w, node, 1);
	write_char(w, '-');
	write_digits(w, name->handle, 1);
	write_char(w, '-');
	write_digits(w, name->secret, SECRET_DIGITS);
}

/* Lower-case hexadecimal of at most max digits. */
static bool parse_digits(struct slice s, size_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret = value;
	return true;
}

/* One text for one number: no zeros in front. */
static bool parse_number(struct slice s, size_t max, uint64_t *ret)
{
	if (s.n > 1 && s.p[0] == '0')
		return false;
	return parse_digits(s, max, ret);
}

bool sip_name_parse(struct slice text, uint16_t *ret_node, struct sip_name *ret)
{
	uint64_t node, handle, secret;

	struct slice node_text = slice_cut(&text, '-');
	struct slice handle_text = slice_cut(&text, '-');
	if (!parse_number(node_text, 4, &node) || !parse_number(handle_text, 16, &handle) || handle == 0)
		return false;
	if (text.n != SECRET_DIGITS || !parse_digits(text, SECRET_DIGITS, &secret))
		return false;
	*ret_node = (uint16_t)node;
	*ret = (struct sip_name){handle, secret};
	return true;
}
