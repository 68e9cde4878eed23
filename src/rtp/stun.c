/* rtp/stun.c - STUN messages of the Binding method.   RFC 8489 §5, §14 */
#include "rtp/stun.h"
#include "crypto/crypto.h"
#include "rtp/bytes.h"
#include "rtp/limits.h"

#define MAGIC UINT32_C(0x2112a442)
#define FINGERPRINT_XOR UINT32_C(0x5354554e)
#define ATTRIBUTE_HEADER 4
#define FAMILY_V4 1
#define FAMILY_V6 2

enum {
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	OPTIONAL = 0x8000, /* from here on an attribute may be ignored (§14) */
	FINGERPRINT = 0x8028,
	ICE_CONTROLLED = 0x8029,
	ICE_CONTROLLING = 0x802a
};

/* CRC-32 of ITU-T V.42, by half bytes: a message is a hundred bytes, and comes every few seconds. */
static uint32_t crc32(const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = ~UINT32_C(0);
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint32_t fingerprint(const uint8_t *p, size_t n)
{
	return crc32(p, n) ^ FINGERPRINT_XOR;
}

/* The HMAC covers the header as if the message ended with MESSAGE-INTEGRITY (§14.5). */
static void integrity(const uint8_t *p, size_t at, const struct hmac_sha1 *key, uint8_t ret[HMAC_SHA1_BYTES])
{
	uint8_t header[STUN_HEADER_BYTES];
	memcpy(header, p, sizeof(header));
	write_be16(header + 2, (uint16_t)(at + ATTRIBUTE_HEADER + HMAC_SHA1_BYTES - STUN_HEADER_BYTES));
	hmac_sha1(key, header, sizeof(header), p + STUN_HEADER_BYTES, at - STUN_HEADER_BYTES, ret);
}

bool stun_is(const uint8_t *p, size_t n)
{
	return n >= STUN_HEADER_BYTES && p[0] < 4 && read_be32(p + 4) == MAGIC;
}

/* ---- read ---- */

struct attribute {
	uint16_t type;
	uint16_t n;
	const uint8_t *p;
};

/* §14.2: xored with the cookie, and beyond it with the transaction. p: the whole message. Port 0 is nobody's. */
static bool parse_address(const uint8_t *p, const struct attribute *a, struct address *ret)
{
	size_t ip_n = a->n == 8 ? 4 : 16;
	if ((a->n != 8 && a->n != 20) || a->p[1] != (a->n == 8 ? FAMILY_V4 : FAMILY_V6))
		return false;
	struct address address = {.port = (uint16_t)(read_be16(a->p + 2) ^ MAGIC >> 16)};
	if (!address.port)
		return false;
	if (ip_n == 4)
		memset(address.ip + 10, 0xff, 2);
	for (size_t i = 0; i < ip_n; i++)
		address.ip[16 - ip_n + i] = a->p[4 + i] ^ p[4 + i];
	*ret = address;
	return true;
}

static bool parse_error(const struct attribute *a, uint16_t *ret)
{
	if (a->n < 4 || a->p[2] < 3 || a->p[2] > 6 || a->p[3] > 99)
		return false;
	*ret = (uint16_t)(a->p[2] * 100 + a->p[3]);
	return true;
}

static bool parse_role(const struct attribute *a, enum stun_role role, struct stun_message *m)
{
	if (a->n != 8)
		return false;
	if (m->role == STUN_NO_ROLE) {
		m->role = role;
		m->tie_breaker = read_be64(a->p);
	}
	return true;
}

static void note_unknown(struct stun_message *m, uint16_t type)
{
	if (type < OPTIONAL && m->unknown_count < STUN_UNKNOWN_MAX)
		m->unknown[m->unknown_count++] = type;
}

static bool parse_attribute(const uint8_t *p, const struct attribute *a, struct stun_message *m)
{
	switch (a->type) {
	case USERNAME:
		if (slice_empty(m->username))
			m->username = slice_of(a->p, a->n);
		return a->n > 0 && a->n <= STUN_USERNAME_MAX;
	case MESSAGE_INTEGRITY:
		m->integrity_at = (uint16_t)(a->p - p - ATTRIBUTE_HEADER);
		return a->n == HMAC_SHA1_BYTES;
	case ERROR_CODE:
		return m->error || parse_error(a, &m->error);
	case UNKNOWN_ATTRIBUTES: /* says what we sent: nothing that anybody would not know */
		return true;
	case XOR_MAPPED_ADDRESS:
		return m->mapped.port || parse_address(p, a, &m->mapped);
	case PRIORITY:
		if (a->n == 4 && !m->has_priority)
			m->priority = read_be32(a->p);
		m->has_priority = true;
		return a->n == 4;
	case USE_CANDIDATE:
		m->use_candidate = true;
		return a->n == 0;
	case ICE_CONTROLLED:
		return parse_role(a, STUN_CONTROLLED, m);
	case ICE_CONTROLLING:
		return parse_role(a, STUN_CONTROLLING, m);
	default:
		note_unknown(m, a->type);
		return true;
	}
}

static bool parse_attributes(const uint8_t *p, size_t n, struct stun_message *m)
{
	for (size_t at = STUN_HEADER_BYTES; at < n;) {
		if (n - at < ATTRIBUTE_HEADER)
			return false;
		struct attribute a = {read_be16(p + at), read_be16(p + at + 2), p + at + ATTRIBUTE_HEADER};
		size_t left = n - at - ATTRIBUTE_HEADER, padded = ((size_t)a.n + 3) & ~(size_t)3;
		if (left < padded)
			return false;
		if (a.type == FINGERPRINT)
			return a.n == 4 && left == 4 && read_be32(a.p) == fingerprint(p, at);
		if (!m->integrity_at && !parse_attribute(p, &a, m))
			return false;
		at += ATTRIBUTE_HEADER + padded;
	}
	return true;
}

/* §5: two bits of class stand between those of the method. */
static uint16_t type_of(uint16_t method, enum stun_class class)
{
	return (uint16_t)((method & 0x00f) | (method & 0x070) << 1 | (method & 0xf80) << 2 | (class & 1) << 4 |
			  (class & 2) << 7);
}

bool stun_parse(const uint8_t *p, size_t n, struct stun_message *ret)
{
	if (!stun_is(p, n) || n > STUN_BYTES_MAX || read_be16(p + 2) != n - STUN_HEADER_BYTES || n % 4 != 0)
		return false;
	uint16_t type = read_be16(p);
	struct stun_message m = {
		.class = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2)),
		.method = (uint16_t)((type & 0x00f) | (type >> 1 & 0x070) | (type >> 2 & 0xf80)),
	};
	memcpy(m.transaction, p + 8, sizeof(m.transaction));
	if (!parse_attributes(p, n, &m))
		return false;
	*ret = m;
	return true;
}

bool stun_authentic(const uint8_t *p, const struct stun_message *m, const struct hmac_sha1 *key)
{
	uint8_t tag[HMAC_SHA1_BYTES];
	if (!m->integrity_at)
		return false;
	integrity(p, m->integrity_at, key, tag);
	return crypto_equal(tag, p + m->integrity_at + ATTRIBUTE_HEADER, sizeof(tag));
}

/* ---- written ---- */

static void write_16(struct writer *w, uint16_t value)
{
	uint8_t bytes[2];
	write_be16(bytes, value);
	write_slice(w, slice_of(bytes, sizeof(bytes)));
}

static void write_32(struct writer *w, uint32_t value)
{
	write_16(w, (uint16_t)(value >> 16));
	write_16(w, (uint16_t)value);
}

static void write_attribute(struct writer *w, uint16_t type, size_t n)
{
	write_16(w, type);
	write_16(w, (uint16_t)n);
}

static void write_bytes(struct writer *w, uint16_t type, struct slice value)
{
	write_attribute(w, type, value.n);
	write_slice(w, value);
	write_slice(w, slice_of("\0\0", (4 - value.n % 4) % 4));
}

static void write_mapped(struct writer *w, const struct stun_message *m)
{
	bool v4 = address_is_v4(&m->mapped);
	size_t ip_n = v4 ? 4 : 16;
	uint8_t mask[16];
	write_be32(mask, MAGIC);
	memcpy(mask + 4, m->transaction, sizeof(m->transaction));
	write_attribute(w, XOR_MAPPED_ADDRESS, 4 + ip_n);
	write_16(w, v4 ? FAMILY_V4 : FAMILY_V6);
	write_16(w, (uint16_t)(m->mapped.port ^ MAGIC >> 16));
	for (size_t i = 0; i < ip_n; i++)
		write_char(w, (char)(m->mapped.ip[16 - ip_n + i] ^ mask[i]));
}

/* Without a phrase, so that a refusal is no longer than what it refuses. */
static void write_error(struct writer *w, const struct stun_message *m)
{
	uint8_t types[2 * STUN_UNKNOWN_MAX];
	write_attribute(w, ERROR_CODE, 4);
	write_32(w, (uint32_t)(m->error / 100) << 8 | m->error % 100);
	if (!m->unknown_count)
		return;
	ASSERT(m->unknown_count <= STUN_UNKNOWN_MAX);
	for (size_t i = 0; i < m->unknown_count; i++)
		write_be16(types + 2 * i, m->unknown[i]);
	write_bytes(w, UNKNOWN_ATTRIBUTES, slice_of(types, 2 * (size_t)m->unknown_count));
}

static void write_attributes(struct writer *w, const struct stun_message *m)
{
	if (m->error)
		write_error(w, m);
	if (m->mapped.port)
		write_mapped(w, m);
	if (!slice_empty(m->username))
		write_bytes(w, USERNAME, m->username);
	if (m->has_priority) {
		write_attribute(w, PRIORITY, 4);
		write_32(w, m->priority);
	}
	if (m->role != STUN_NO_ROLE) {
		write_attribute(w, m->role == STUN_CONTROLLING ? ICE_CONTROLLING : ICE_CONTROLLED, 8);
		write_32(w, (uint32_t)(m->tie_breaker >> 32));
		write_32(w, (uint32_t)m->tie_breaker);
	}
	if (m->use_candidate)
		write_attribute(w, USE_CANDIDATE, 0);
}

size_t stun_write(const struct stun_message *m, const struct hmac_sha1 *key, uint8_t *ret, size_t cap)
{
	struct writer w = writer_on(ret, cap);
	uint8_t tag[HMAC_SHA1_BYTES];
	write_16(&w, type_of(m->method, m->class));
	write_16(&w, 0); /* the length, when it is known */
	write_32(&w, MAGIC);
	write_slice(&w, slice_of(m->transaction, sizeof(m->transaction)));
	write_attributes(&w, m);
	if (key && !w.overflow) {
		integrity(ret, w.n, key, tag);
		write_bytes(&w, MESSAGE_INTEGRITY, slice_of(tag, sizeof(tag)));
	}
	if (w.overflow || cap - w.n < ATTRIBUTE_HEADER + 4)
		return 0;
	write_be16(ret + 2, (uint16_t)(w.n + ATTRIBUTE_HEADER + 4 - STUN_HEADER_BYTES));
	uint32_t crc = fingerprint(ret, w.n);
	write_attribute(&w, FINGERPRINT, 4);
	write_32(&w, crc);
	return w.n;
}
