/*
 * web/name.c - names that people see: in the audit trail, on other companies' phones, beside a button that removes
 *
 * What cannot be seen, or turns round what stands beside it, makes one name look like another (UTS #39 §3.1, UTR #36
 * §2.5). Refused are Unicode's default-ignorable characters, which hold the controls of direction, and its separators
 * of lines; some of them have work to do in their own scripts and are let in there.
 */
#include "web/fields.h"

struct range {
	uint32_t first, last;
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Controls (Cc), separators (Zl, Zp), annotations, and Default_Ignorable_Code_Point of Unicode 15. */
static bool is_hidden(uint32_t c)
{
	static const struct range ranges[] = {
		{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
		{0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
		{0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};
	return within(c, ranges, ARRAY_LEN(ranges));
}

/* Zs, and the pattern of Braille without a dot. */
static bool is_blank(uint32_t c)
{
	static const struct range ranges[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
					      {0x202f, 0x202f}, {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000}};
	return within(c, ranges, ARRAY_LEN(ranges));
}

static bool is_joiner(uint32_t c)
{
	return c == 0x200c || c == 0x200d;
}

/* Arabic is the first script whose letters are joined or parted (RFC 5892 appendix A.1); Latin's later blocks are not.
 */
static bool may_be_joined(uint32_t c)
{
	return c >= 0x600 && !(c >= 0x1d00 && c < 0x2000) && !is_blank(c) && !is_hidden(c);
}

/* Variation selectors choose a form of what they stand behind: of Mongolian letters, of ideographs and signs. */
static bool is_variation(uint32_t before, uint32_t c)
{
	if ((c >= 0x180b && c <= 0x180d) || c == 0x180f)
		return before >= 0x1820 && before <= 0x18aa;
	return ((c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef)) && before >= 0x2010 &&
	       may_be_joined(before);
}

/* The next character of what is left; false: no UTF-8. */
static bool take(struct slice *rest, uint32_t *ret)
{
	static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t n = slice_character(*rest);
	if (n == 0)
		return false;
	uint32_t c = (uint8_t)rest->p[0] & first_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)rest->p[i] & 0x3f);
	*rest = slice_from(*rest, n);
	*ret = c;
	return true;
}

bool web_is_display_name(struct slice s)
{
	uint32_t before = 0, visible = 0, c;
	if (s.n < 1 || s.n > 128)
		return false;
	while (!slice_empty(s)) {
		if (!take(&s, &c))
			return false;
		if (is_variation(before, c))
			continue; /* what it stands behind is still what is seen */
		if (is_joiner(before) && !may_be_joined(c))
			return false;
		if (is_joiner(c) ? !may_be_joined(before) : is_hidden(c))
			return false;
		visible += !is_joiner(c) && !is_blank(c);
		before = c;
	}
	return visible > 0 && !is_joiner(before);
}
