/* web/cbor.c - heads, and what follows them */
#include "web/cbor.h"

/* RFC 8949 §3: three bits of kind, five that are the value or say how many bytes hold it. */
static bool any_head(struct slice *rest, enum cbor_kind *ret_kind, uint64_t *ret)
{
	if (slice_empty(*rest))
		return false;
	uint8_t first = (uint8_t)*rest->p;
	unsigned more = first & 31;
	uint64_t value = more;
	size_t bytes = more < 24 ? 0 : more < 28 ? (size_t)1 << (more - 24) : SIZE_MAX;
	if (bytes > rest->n - 1) /* also the lengths that are not said, which this form does not have */
		return false;
	for (size_t i = 0; i < bytes; i++)
		value = (i ? value << 8 : 0) | (uint8_t)rest->p[1 + i];
	/* In no more bytes than it needs. */
	static const uint64_t least[] = {0, 24, 1 << 8, 0, 1 << 16, 0, 0, 0, UINT64_C(1) << 32};
	if (value < least[bytes])
		return false;
	*ret_kind = (enum cbor_kind)(first >> 5);
	*ret = value;
	*rest = slice_from(*rest, 1 + bytes);
	return true;
}

bool cbor_head(struct slice *rest, enum cbor_kind kind, uint64_t *ret)
{
	enum cbor_kind is;
	return any_head(rest, &is, ret) && is == kind;
}

bool cbor_is_number(struct slice *rest, int64_t value)
{
	uint64_t n;
	return value < 0 ? cbor_head(rest, CBOR_NEGATIVE, &n) && n == (uint64_t)(-1 - value)
			 : cbor_head(rest, CBOR_UNSIGNED, &n) && n == (uint64_t)value;
}

static bool take(struct slice *rest, uint64_t n, struct slice *ret)
{
	if (n > rest->n)
		return false;
	*ret = slice_first(*rest, (size_t)n);
	*rest = slice_from(*rest, (size_t)n);
	return true;
}

bool cbor_is_text(struct slice *rest, struct slice text)
{
	uint64_t n;
	struct slice is;
	return cbor_head(rest, CBOR_TEXT, &n) && take(rest, n, &is) && slice_eq(is, text);
}

bool cbor_bytes(struct slice *rest, struct slice *ret)
{
	uint64_t n;
	return cbor_head(rest, CBOR_BYTES, &n) && take(rest, n, ret);
}

bool cbor_skip(struct slice *rest, unsigned depth)
{
	enum cbor_kind kind;
	uint64_t n;
	struct slice skipped;
	if (!any_head(rest, &kind, &n))
		return false;
	if (kind == CBOR_UNSIGNED || kind == CBOR_NEGATIVE)
		return true;
	if (kind == CBOR_BYTES || kind == CBOR_TEXT)
		return take(rest, n, &skipped);
	if (kind == CBOR_SIMPLE)
		return n == 20 || n == 21; /* false and true */
	/* Each item has a byte at least: more than there are bytes is not there. */
	if (kind == CBOR_TAG || depth == 0 || n > rest->n)
		return false;
	for (uint64_t i = 0; i < (kind == CBOR_MAP ? 2 * n : n); i++)
		if (!cbor_skip(rest, depth - 1))
			return false;
	return true;
}
