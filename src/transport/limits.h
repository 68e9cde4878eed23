/* transport/limits.h - every bound on what a stranger can hold of our connections, each with its reason */
#pragma once
#include "base/common.h"

/* All connections at once: above what one node's descriptors and memory carry; handles are kept for so many. */
#define TRANSPORT_CONNECTIONS_MAX 262144
/*
 * Guests are connections on which nobody has authenticated yet. From one host (IPv6: one /64, which is what one
 * subscriber gets): an office of 200 phones behind one address may come back all at once after a power cut.
 */
#define TRANSPORT_GUESTS_PER_HOST 256
/* Guests in all: at 16 KiB a TLS connection (measured) this is 256 MiB. */
#define TRANSPORT_GUESTS_MAX 16384
/* What all guests together may have begun to send and not ended: 4 KiB each, where a REGISTER has one. */
#define TRANSPORT_GUEST_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* Hosts whose targets are being looked for: a call each, answered within DNS's 5 s at 500 calls a second. */
#define TARGET_SEARCHES_MAX 4096
/* A phone registers within seconds of connecting. Counted from its last whole message: bytes and pings are cheap. */
#define TRANSPORT_GUEST_IDLE_US (60 * SECOND_US)
/* Registrations on connections last 300 s at most, and pings come every 120 s (RFC 5626 §4.4.1): five were missed. */
#define TRANSPORT_IDLE_US (600 * SECOND_US)
