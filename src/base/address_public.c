/* base/address_public.c - which addresses are the public Internet's */
#include "base/address.h"

/* What is not global in the registries of special-purpose addresses (RFC 6890), and all of multicast. */
static const char *const not_public_v4[] = {
	"0.0.0.0/8",       /* this network: connects to ourselves */
	"10.0.0.0/8",      /* RFC 1918 */
	"100.64.0.0/10",   /* carriers' shared, RFC 6598; cloud providers keep services in it */
	"127.0.0.0/8",     /* loopback */
	"169.254.0.0/16",  /* link-local, RFC 3927; where clouds tell a machine its credentials */
	"172.16.0.0/12",   /* RFC 1918 */
	"192.0.0.0/24",    /* protocols' own, RFC 6890 */
	"192.0.2.0/24",    /* documentation, RFC 5737 */
	"192.88.99.0/24",  /* 6to4 relays, RFC 7526 */
	"192.168.0.0/16",  /* RFC 1918 */
	"198.18.0.0/15",   /* benchmarks, RFC 2544 */
	"198.51.100.0/24", /* documentation */
	"203.0.113.0/24",  /* documentation */
	"224.0.0.0/4",     /* multicast */
	"240.0.0.0/4",     /* reserved, broadcast */
};
/* Within 2000::/3, which is all of IPv6 that is given out: the rest is loopback, local, multicast or not in use. */
static const char *const not_public_v6[] = {
	"2001::/23",     /* protocols' own: Teredo, ORCHID, benchmarks (RFC 2928) */
	"2001:db8::/32", /* documentation */
	"2002::/16",     /* 6to4: an IPv4 address, perhaps a private one, in disguise */
	"3fff::/20",     /* documentation, RFC 9637 */
};

static bool within(const char *block, const struct address *a)
{
	struct address_block b;
	ASSERT(address_block_parse(slice_from_string(block), &b));
	return address_block_has(&b, a);
}

static bool within_any(const char *const *blocks, size_t n, const struct address *a)
{
	for (size_t i = 0; i < n; i++)
		if (within(blocks[i], a))
			return true;
	return false;
}

bool address_is_public(const struct address *a)
{
	if (address_is_v4(a))
		return !within_any(not_public_v4, ARRAY_LEN(not_public_v4), a);
	return within("2000::/3", a) && !within_any(not_public_v6, ARRAY_LEN(not_public_v6), a);
}

bool address_is_public_or_in(const struct address *a, const struct address_block *allowed, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (address_block_has(&allowed[i], a))
			return true;
	return address_is_public(a);
}
