/* sip/multipart.c - parts of a body, found by their boundary: see multipart.h */
#include "sip/multipart.h"

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */

bool sip_multipart_boundary(struct slice content_type, struct slice *ret_boundary)
{
	struct slice params = content_type, boundary;
	struct slice type = slice_trim(slice_cut(&params, ';'));
	if (!slice_caseeq(slice_trim(slice_cut(&type, '/')), SLICE("multipart")) ||
	    !sip_param_find(params, SLICE("boundary"), &boundary) || slice_empty(boundary) || boundary.n > BOUNDARY_MAX)
		return false;
	*ret_boundary = boundary;
	return true;
}

static bool starts(struct slice s, const char *with, size_t n)
{
	return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* Where the next line that begins with the delimiter is, from *at on; false: nowhere. */
static bool find_delimiter(struct slice s, struct slice boundary, size_t *at)
{
	for (size_t i = *at; s.n - i >= boundary.n + 2; i++) {
		const char *line = memchr(s.p + i, '-', s.n - i);
		if (!line)
			return false;
		i = (size_t)(line - s.p);
		bool begins_line = i == 0 || (i >= 2 && s.p[i - 2] == '\r' && s.p[i - 1] == '\n');
		if (begins_line && starts(slice_from(s, i), "--", 2) &&
		    starts(slice_from(s, i + 2), boundary.p, boundary.n)) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* Up to its CRLF, and *rest moved past that; false: there is none. */
static bool next_line(struct slice *rest, struct slice *ret)
{
	for (size_t i = 0; i + 1 < rest->n; i++)
		if (rest->p[i] == '\r' && rest->p[i + 1] == '\n') {
			*ret = slice_first(*rest, i);
			*rest = slice_from(*rest, i + 2);
			return true;
		}
	return false;
}

static bool read_fields(struct slice *rest, struct sip_part *part)
{
	struct slice line;
	while (next_line(rest, &line)) {
		if (slice_empty(line))
			return true;
		struct slice name = slice_trim(slice_cut(&line, ':')), value = slice_trim(line);
		if (slice_caseeq(name, SLICE("Content-Type")))
			part->type = value;
		else if (slice_caseeq(name, SLICE("Content-Disposition")))
			part->disposition = value;
		else if (slice_caseeq(name, SLICE("Content-Encoding")))
			part->encoding = value;
	}
	return false;
}

bool sip_part_next(struct slice *rest, struct slice boundary, struct sip_part *ret, bool *ret_end)
{
	struct sip_part part = {.type = SLICE_NONE};
	struct slice s = *rest, line;
	size_t at = 0;
	*ret_end = false;
	if (!find_delimiter(s, boundary, &at))
		return false;
	s = slice_from(s, at + 2 + boundary.n);
	*ret_end = starts(s, "--", 2);
	if (*ret_end || !next_line(&s, &line) || !slice_empty(slice_trim(line)) || !read_fields(&s, &part))
		return false;
	size_t end = 0;
	if (!find_delimiter(s, boundary, &end))
		return false;
	part.body = slice_first(s, end >= 2 ? end - 2 : 0); /* the CRLF before a delimiter belongs to it */
	*rest = slice_from(s, end);
	*ret = part;
	return true;
}
