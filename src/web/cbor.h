/*
 * web/cbor.h - CBOR in its one shortest form.   RFC 8949 §4.2.1, as CTAP 2.1 §8 wants it
 *
 * A reader goes forward over borrowed bytes; each call takes what it names or answers false, and then nothing more is
 * to be read. No allocation.
 */
#pragma once
#include "base/slice.h"

enum cbor_kind { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE };

/* The head of an item: an unsigned number, the length of bytes or text, how many items or pairs follow. */
MUST_USE bool cbor_head(struct slice *rest, enum cbor_kind kind, uint64_t *ret);
/* A number of either sign; only those that fit. */
MUST_USE bool cbor_is_number(struct slice *rest, int64_t value);
MUST_USE bool cbor_is_text(struct slice *rest, struct slice text);
MUST_USE bool cbor_bytes(struct slice *rest, struct slice *ret);
/* A whole item of any kind but tags and floats, nested `depth` levels at most. */
MUST_USE bool cbor_skip(struct slice *rest, unsigned depth);
