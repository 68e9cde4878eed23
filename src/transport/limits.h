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
/* Hosts whose targets are being looked for: a call each, answered at once but for the first, and within 6 s at worst.
 */
#define TARGET_SEARCHES_MAX 1024
/* Connections that we make, to operators and proxies: they are named by administrators, not by strangers. */
#define TRANSPORT_MADE_MAX 4096
/* What waits until such a connection is made: some twenty INVITEs. What is refused beyond it tries the next target. */
#define TRANSPORT_MADE_WAITING_MAX ((size_t)64 * 1024)
/* No message either way for so long: kept no longer. A call that lasts longer has it made again for its BYE. */
#define TRANSPORT_MADE_IDLE_US (1800 * SECOND_US)
/* RFC 5626 §4.4.1: pings at 80 to 100 % of 120 s, and 10 s for the pong of a peer that has sent one before. */
#define TRANSPORT_PING_US (120 * SECOND_US)
#define TRANSPORT_PONG_US (10 * SECOND_US)
/* A phone registers within seconds of connecting. Counted from its last whole message: bytes and pings are cheap. */
#define TRANSPORT_GUEST_IDLE_US (60 * SECOND_US)
/* Registrations on connections last 300 s at most, and pings come every 120 s (RFC 5626 §4.4.1): five were missed. */
#define TRANSPORT_IDLE_US (600 * SECOND_US)
