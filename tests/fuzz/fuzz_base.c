/* fuzz_base.c - numbers, hexadecimal, base64 and addresses: what is accepted survives being written and read again */
#include "base/address.h"
#include "base/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BINARY_MAX 512

static void check_number(struct slice text)
{
	static const uint64_t limits[] = {0, 9, 255, 65535, UINT32_MAX, UINT64_MAX};
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		uint64_t value = 77;
		if (!slice_u64(text, limits[i], &value)) {
			ASSERT(value == 77);
			continue;
		}
		ASSERT(value <= limits[i]);
		char again[24];
		struct writer w = writer_on(again, sizeof(again));
		write_u64(&w, value);
		/* Leading zeros are the only other spelling of a number. */
		ASSERT(!w.overflow && w.n <= text.n && slice_eq(slice_from(text, text.n - w.n), writer_slice(&w)));
	}
}

static void check_hex(struct slice text)
{
	uint8_t bytes[BINARY_MAX];
	if (text.n / 2 > sizeof(bytes) || !slice_unhex(text, bytes, text.n / 2))
		return;
	char again[2 * BINARY_MAX];
	struct writer w = writer_on(again, sizeof(again));
	write_hex(&w, bytes, text.n / 2);
	ASSERT(!w.overflow && slice_caseeq(text, writer_slice(&w)));
}

static void check_base64(struct slice text)
{
	uint8_t bytes[BINARY_MAX], bytes2[BINARY_MAX];
	size_t n = 0, n2 = 0;
	if (!base64_decode(text, bytes, sizeof(bytes), &n))
		return;
	ASSERT(n <= sizeof(bytes));
	char again[BINARY_MAX * 2];
	struct writer w = writer_on(again, sizeof(again));
	write_base64(&w, bytes, n);
	ASSERT(!w.overflow && base64_decode(writer_slice(&w), bytes2, sizeof(bytes2), &n2));
	ASSERT(n == n2 && memcmp(bytes, bytes2, n) == 0);
}

static void check_text(struct slice text)
{
	struct slice inner = slice_trim(text);
	ASSERT(inner.n <= text.n && slice_eq(slice_trim(inner), inner));
	char copy[16];
	memset(copy, 'x', sizeof(copy));
	slice_to_string(text, copy, sizeof(copy));
	size_t kept = MIN(text.n, sizeof(copy) - 1);
	ASSERT(copy[kept] == '\0' && slice_eq(slice_of(copy, kept), slice_first(text, kept)));
	while (!slice_empty(inner)) {
		size_t n = slice_character(inner);
		ASSERT(n <= 4 && n <= inner.n);
		inner = slice_from(inner, n ? n : 1);
	}
}

static void check_address(struct slice text)
{
	struct address a, b;
	char again[128];
	struct writer w = writer_on(again, sizeof(again));
	if (address_parse(text, &a)) {
		ASSERT(a.port == 0);
		ASSERT(!address_is_loopback(&a) || (address_is_v4(&a) ? a.ip[12] == 127 : a.ip[15] == 1));
		write_address(&w, &a);
		ASSERT(!w.overflow && address_parse(writer_slice(&w), &b) && address_eq(&a, &b));
	}
	w = writer_on(again, sizeof(again));
	if (address_parse_with_port(text, &a)) {
		write_address_with_port(&w, &a);
		ASSERT(!w.overflow && address_parse_with_port(writer_slice(&w), &b) && address_eq(&a, &b));
	}
	struct address_block block;
	if (address_block_parse(text, &block)) {
		ASSERT(block.bits <= 128);
		ASSERT(address_block_has(&block, &block.base));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	check_number(text);
	check_hex(text);
	check_base64(text);
	check_address(text);
	check_text(text);
	struct slice rest = text;
	size_t seen = 0;
	while (!slice_empty(rest)) {
		size_t before = rest.n;
		seen += slice_cut(&rest, ',').n + 1;
		ASSERT(rest.n < before);
	}
	/* Each comma was counted with the part before it, and the last part has none. */
	ASSERT(seen <= size + 1);
	return 0;
}
