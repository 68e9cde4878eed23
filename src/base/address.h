/* base/address.h - an IP address and port as a plain value: compared, hashed, written and parsed without a system call
 */
#pragma once
#include "base/writer.h"

struct address {
	uint8_t ip[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d (normalised: a v4-mapped address is an IPv4 address) */
	uint16_t port;  /* host order; 0: none */
	uint16_t zero;  /* keeps the struct free of hidden padding */
	uint32_t scope; /* IPv6 link-local zone, else 0 */
};

bool address_is_v4(const struct address *a);
bool address_is_any(const struct address *a);      /* 0.0.0.0 or :: */
bool address_is_loopback(const struct address *a); /* 127.0.0.0/8 or ::1: this very machine */
/* Of the public Internet: not ourselves, nor a private, local, shared, reserved or multicast address. */
bool address_is_public(const struct address *a);
bool address_eq(const struct address *a, const struct address *b); /* address and port */
bool address_same_host(const struct address *a, const struct address *b);
/* "192.0.2.1", "2001:db8::1" or "[2001:db8::1]", no name look-up (a zone is a number); *ret has port 0. */
MUST_USE bool address_parse(struct slice s, struct address *ret);
/* "192.0.2.1:5060", "[::]:5061"; a port is required. */
MUST_USE bool address_parse_with_port(struct slice s, struct address *ret);
void write_address(struct writer *w, const struct address *a);      /* no port, no brackets */
void write_address_host(struct writer *w, const struct address *a); /* no port, brackets for IPv6: as in a URI */
void write_address_with_port(struct writer *w, const struct address *a);

struct sockaddr_storage;
void address_to_sockaddr(const struct address *a, struct sockaddr_storage *ret, uint32_t *ret_len);
MUST_USE bool address_from_sockaddr(const void *sockaddr, struct address *ret);

/*
 * A CIDR block: "10.0.0.0/8", "fc00::/7"; an address alone is a block of one. Bits set behind the prefix are refused:
 * "10.1.0.0/8" is more likely a slip than meant to be all of 10. An IPv4 address is in IPv4 blocks only.
 */
struct address_block {
	struct address base;
	uint8_t bits; /* of 128; IPv4 /8 is 104 */
};
MUST_USE bool address_block_parse(struct slice s, struct address_block *ret);
bool address_block_has(const struct address_block *b, const struct address *a);
/* May others have us connect there? To the public Internet, and to what the operator allows beside it. */
bool address_is_public_or_in(const struct address *a, const struct address_block *allowed, size_t count);
