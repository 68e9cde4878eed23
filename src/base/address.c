/* base/address.c - IP addresses as text (RFC 4291 §2.2, RFC 5952), as socket addresses, and in CIDR blocks */
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.h"

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool address_is_v4(const struct address *a)
{
	return memcmp(a->ip, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool address_is_any(const struct address *a)
{
	static const uint8_t zero[16];
	return memcmp(a->ip, zero, 16) == 0 || (address_is_v4(a) && memcmp(a->ip + 12, zero, 4) == 0);
}

bool address_is_loopback(const struct address *a)
{
	static const uint8_t v6[16] = {[15] = 1};
	return address_is_v4(a) ? a->ip[12] == 127 : memcmp(a->ip, v6, sizeof(v6)) == 0;
}

bool address_same_host(const struct address *a, const struct address *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->scope == b->scope;
}

bool address_eq(const struct address *a, const struct address *b)
{
	return a->port == b->port && address_same_host(a, b);
}

static bool is_link_local(const struct address *a)
{
	return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

/* Four decimal numbers. "010" is refused: some read it as octal, and then two programs see two addresses. */
static bool parse_v4(struct slice s, uint8_t ret[4])
{
	uint8_t bytes[4];

	for (size_t i = 0; i < 4; i++) {
		bool last = i == 3;
		if (!last && slice_find(s, '.') < 0)
			return false;
		struct slice part = last ? s : slice_cut(&s, '.');
		uint64_t value;
		if (!slice_u64(part, 255, &value) || (part.n > 1 && part.p[0] == '0'))
			return false;
		bytes[i] = (uint8_t)value;
	}
	memcpy(ret, bytes, sizeof(bytes));
	return true;
}

static bool parse_group(struct slice s, uint8_t ret[2])
{
	char padded[4] = {'0', '0', '0', '0'};

	if (s.n == 0 || s.n > 4)
		return false;
	memcpy(padded + 4 - s.n, s.p, s.n);
	return slice_unhex(slice_of(padded, 4), ret, 2);
}

/* Groups between colons, none empty, the last perhaps an IPv4 address; at most `max` bytes. Empty text is 0 bytes. */
static bool parse_groups(struct slice s, bool v4_at_end, size_t max, uint8_t *ret, size_t *ret_n)
{
	size_t n = 0;

	while (s.n) {
		bool last = slice_find(s, ':') < 0;
		struct slice part = slice_cut(&s, ':');
		if (!last && s.n == 0)
			return false; /* a single colon at the end */
		if (last && v4_at_end && slice_find(part, '.') >= 0) {
			if (max - n < 4 || !parse_v4(part, ret + n))
				return false;
			n += 4;
		} else {
			if (max - n < 2 || !parse_group(part, ret + n))
				return false;
			n += 2;
		}
	}
	*ret_n = n;
	return true;
}

/* Index of the first "::", or -1. */
static ptrdiff_t find_gap(struct slice s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == ':' && s.p[i + 1] == ':')
			return (ptrdiff_t)i;
	}
	return -1;
}

static bool parse_v6(struct slice s, uint8_t ret[16])
{
	uint8_t front[16], back[16];
	size_t front_n, back_n = 0;
	ptrdiff_t gap = find_gap(s);

	if (gap < 0) {
		if (!parse_groups(s, true, 16, front, &front_n) || front_n != 16)
			return false;
	} else {
		struct slice after = slice_from(s, (size_t)gap + 2);
		/* "::" stands for at least one group (RFC 4291 §2.2). */
		if (!parse_groups(slice_first(s, (size_t)gap), false, 14, front, &front_n) ||
		    !parse_groups(after, true, 14 - front_n, back, &back_n))
			return false;
	}
	memset(ret, 0, 16);
	memcpy(ret, front, front_n);
	memcpy(ret + 16 - back_n, back, back_n);
	return true;
}

/* An IPv6 address with an optional zone. Zones are numbers here: a name would need the kernel. */
static bool parse_v6_zone(struct slice s, struct address *ret)
{
	struct address a = {0};
	bool zoned = slice_find(s, '%') >= 0;
	struct slice text = slice_cut(&s, '%');

	if (!parse_v6(text, a.ip))
		return false;
	if (zoned) {
		uint64_t scope;
		if (!is_link_local(&a) || !slice_u64(s, UINT32_MAX, &scope))
			return false;
		a.scope = (uint32_t)scope;
	}
	*ret = a;
	return true;
}

static bool parse_plain_v4(struct slice s, struct address *ret)
{
	struct address a = {0};

	memcpy(a.ip, v4_prefix, sizeof(v4_prefix));
	if (!parse_v4(s, a.ip + 12))
		return false;
	*ret = a;
	return true;
}

bool address_parse(struct slice s, struct address *ret)
{
	if (slice_find(s, ':') < 0)
		return parse_plain_v4(s, ret);
	if (s.p[0] != '[')
		return parse_v6_zone(s, ret);
	if (s.p[s.n - 1] != ']')
		return false;
	return parse_v6_zone(slice_of(s.p + 1, s.n - 2), ret);
}

bool address_parse_with_port(struct slice s, struct address *ret)
{
	struct address a;
	struct slice host;
	uint64_t port;

	if (s.n && s.p[0] == '[') {
		ptrdiff_t end = slice_find(s, ']');
		if (end < 0)
			return false;
		host = slice_first(s, (size_t)end + 1);
		s = slice_from(s, (size_t)end + 1);
		if (s.n == 0 || s.p[0] != ':')
			return false;
		s = slice_from(s, 1);
	} else {
		host = slice_cut(&s, ':');
	}
	/* Without brackets the host is cut at the first colon, so only IPv4 gets through. */
	if (!address_parse(host, &a) || !slice_u64(s, UINT16_MAX, &port))
		return false;
	a.port = (uint16_t)port;
	*ret = a;
	return true;
}

static void write_v4(struct writer *w, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			write_char(w, '.');
		write_u64(w, ip[i]);
	}
}

static unsigned group_at(const uint8_t ip[16], int i)
{
	return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups (the first of them) as "::". */
static void write_v6(struct writer *w, const uint8_t ip[16])
{
	int best = -1, best_length = 1;

	for (int i = 0, run = 0; i < 8; i++) {
		run = group_at(ip, i) == 0 ? run + 1 : 0;
		if (run > best_length) {
			best_length = run;
			best = i + 1 - run;
		}
	}
	for (int i = 0; i < 8;) {
		if (i == best) {
			write_string(w, "::");
			i += best_length;
			continue;
		}
		if (i && i != best + best_length)
			write_char(w, ':');
		write_format(w, "%x", group_at(ip, i));
		i++;
	}
}

void write_address(struct writer *w, const struct address *a)
{
	if (address_is_v4(a)) {
		write_v4(w, a->ip + 12);
		return;
	}
	write_v6(w, a->ip);
	if (a->scope) {
		write_char(w, '%');
		write_u64(w, a->scope);
	}
}

void write_address_host(struct writer *w, const struct address *a)
{
	if (address_is_v4(a)) {
		write_address(w, a);
		return;
	}
	write_char(w, '[');
	write_address(w, a);
	write_char(w, ']');
}

void write_address_with_port(struct writer *w, const struct address *a)
{
	write_address_host(w, a);
	write_char(w, ':');
	write_u64(w, a->port);
}

void address_to_sockaddr(const struct address *a, struct sockaddr_storage *ret, uint32_t *ret_len)
{
	memset(ret, 0, sizeof(*ret));
	if (address_is_v4(a)) {
		struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
		memcpy(&v4.sin_addr, a->ip + 12, 4);
		memcpy(ret, &v4, sizeof(v4));
		*ret_len = sizeof(v4);
		return;
	}
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};
	memcpy(&v6.sin6_addr, a->ip, 16);
	memcpy(ret, &v6, sizeof(v6));
	*ret_len = sizeof(v6);
}

bool address_from_sockaddr(const void *sockaddr, struct address *ret)
{
	struct address a = {0};
	sa_family_t family;

	memcpy(&family, (const char *)sockaddr + offsetof(struct sockaddr, sa_family), sizeof(family));
	if (family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, sockaddr, sizeof(v4));
		memcpy(a.ip, v4_prefix, sizeof(v4_prefix));
		memcpy(a.ip + 12, &v4.sin_addr, 4);
		a.port = ntohs(v4.sin_port);
	} else if (family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, sockaddr, sizeof(v6));
		memcpy(a.ip, &v6.sin6_addr, 16);
		a.port = ntohs(v6.sin6_port);
		a.scope = is_link_local(&a) ? v6.sin6_scope_id : 0;
	} else {
		return false;
	}
	*ret = a;
	return true;
}

/* Are all bits of the address from `bits` on zero? */
static bool is_zero_from(const uint8_t ip[16], unsigned bits)
{
	for (unsigned i = bits; i < 128; i++) {
		if (ip[i / 8] & 0x80 >> i % 8)
			return false;
	}
	return true;
}

bool address_block_parse(struct slice s, struct address_block *ret)
{
	struct address_block b = {0};
	bool sized = slice_find(s, '/') >= 0;
	struct slice host = slice_cut(&s, '/');
	uint64_t bits;

	if (!address_parse(host, &b.base) || b.base.scope)
		return false;
	unsigned max = slice_find(host, ':') >= 0 ? 128 : 32;
	if (!sized)
		bits = max;
	else if (!slice_u64(s, max, &bits))
		return false;
	b.bits = (uint8_t)(bits + 128 - max);
	if (!is_zero_from(b.base.ip, b.bits))
		return false;
	*ret = b;
	return true;
}

bool address_block_has(const struct address_block *b, const struct address *a)
{
	size_t whole = b->bits / 8;
	unsigned rest = b->bits % 8;

	/* "::/0" is every IPv6 address; IPv4 lies inside it only in how we store it. */
	if (address_is_v4(&b->base) != address_is_v4(a) || memcmp(b->base.ip, a->ip, whole) != 0)
		return false;
	return rest == 0 || ((b->base.ip[whole] ^ a->ip[whole]) & (0xff00 >> rest) & 0xff) == 0;
}
