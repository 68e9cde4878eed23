/* web/etag.c - tags written and compared */
#include "web/etag.h"

void web_etag_write(int64_t version, struct slice shown, char ret[WEB_ETAG_CAP])
{
	uint64_t face = UINT64_C(0xcbf29ce484222325); /* FNV-1a: it tells apart, and defends nothing */
	for (size_t i = 0; i < shown.n; i++)
		face = (face ^ (uint8_t)shown.p[i]) * UINT64_C(0x100000001b3);
	snprintf(ret, WEB_ETAG_CAP, "\"%llx-%016llx\"", (unsigned long long)version, (unsigned long long)face);
}

/* The next of a list: without its quotes. False: none is left, or what follows is no tag. */
static bool next_tag(struct slice *rest, struct slice *ret, bool *ret_weak)
{
	*rest = slice_trim(*rest);
	*ret_weak = slice_starts(*rest, SLICE("W/"));
	if (*ret_weak)
		*rest = slice_from(*rest, 2);
	if (!slice_starts(*rest, SLICE("\"")))
		return false;
	*rest = slice_from(*rest, 1);
	ptrdiff_t end = slice_find(*rest, '"');
	if (end < 0)
		return false;
	*ret = slice_first(*rest, (size_t)end);
	*rest = slice_trim(slice_from(*rest, (size_t)end + 1));
	if (slice_starts(*rest, SLICE(",")))
		*rest = slice_from(*rest, 1);
	return true;
}

static bool is_any(struct slice list)
{
	return slice_eq(slice_trim(list), SLICE("*"));
}

bool web_etag_is_known(struct slice if_none_match, const char *etag)
{
	struct slice tag, rest = if_none_match, quoted = slice_from_string(etag);
	struct slice known = slice_of(quoted.p + 1, quoted.n - 2);
	bool weak;
	if (is_any(if_none_match))
		return true;
	while (next_tag(&rest, &tag, &weak))
		if (slice_eq(tag, known))
			return true;
	return false;
}

static bool names_version(struct slice list, int64_t version)
{
	char text[24];
	snprintf(text, sizeof(text), "%llx", (unsigned long long)version);
	struct slice tag;
	bool weak;
	while (next_tag(&list, &tag, &weak))
		if (!weak && slice_eq(slice_cut(&tag, '-'), slice_from_string(text)))
			return true;
	return false;
}

bool web_etag_allows(struct slice if_match, struct slice if_none_match, int64_t version)
{
	bool exists = version >= 0;
	if (!slice_empty(if_match) && !(exists && (is_any(if_match) || names_version(if_match, version))))
		return false;
	if (!slice_empty(if_none_match) && exists && (is_any(if_none_match) || names_version(if_none_match, version)))
		return false;
	return true;
}
