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
/* A host that has all its guests keeps those that have come or spoken within this time; an older one makes room. */
#define TRANSPORT_GUEST_GRACE_US (5 * SECOND_US)
/* What all guests together may have begun to send and not ended: 4 KiB each, where a REGISTER has one. */
#define TRANSPORT_GUEST_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* What waits for a guest that does not read: some challenges of 1 KiB. Of all guests together 128 MiB. */
#define TRANSPORT_GUEST_OUT_MAX ((size_t)8 * 1024)
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
/* Keep-alives of one connection in a minute: phones send one every 10 to 120 s. Each costs its sender four bytes, and
 * us an answer. */
#define TRANSPORT_PINGS_PER_MINUTE 60u
/* A phone registers within seconds of connecting. Counted from its last whole message: bytes and pings are cheap. */
#define TRANSPORT_GUEST_IDLE_US (60 * SECOND_US)
/* Registrations on connections last 300 s at most, and pings come every 120 s (RFC 5626 §4.4.1): five were missed. */
#define TRANSPORT_IDLE_US (600 * SECOND_US)

/* ---- bans.h: how much of what is too much. Points and asks are counted in thousandths. ---- */
/* Accounts, 120 bytes each: addresses and their networks, and user names at addresses. What is forgotten first is
 * nobody's loss; an office of many phones is heard too often to be forgotten. */
#define BANS_HOSTS 32768u
#define BANS_NAMES 32768u
/*
 * Requests without a right password from one address: a burst, then so many a second; over UDP more are not read. An
 * office of 200 phones that comes back sends each request once or twice before the first is answered, and from its
 * first right password on it is not counted.
 */
#define GUEST_ASKS_MAX 400000u
#define GUEST_ASK_LEAK_US (SECOND_US / 32)
/* Who has asked for so much, and is or was about to be slowed, is told of: a few seconds longer than it lasts. */
#define GUEST_ASKS_SHOWN 300000u
/* A scanner's request counts for a hundred. */
#define GUEST_SCANNER_ASKS 100000u
/* 15 wrong passwords, or names that do not exist, are a ban; from 5 points on guesses get no answer. A point is
 * forgiven in 30 s: a phone with an old password, which tries every minute, comes to none. */
#define BAN_POINTS 15000u
#define BAN_SLOW_POINTS 5000u
#define BAN_POINT_LEAK_US (30 * SECOND_US)
/* In an office it is names that count, not tries: each once in the time in which fifteen points are forgiven. */
#define BAN_NAME_COUNTS_US (BAN_POINTS / 1000 * BAN_POINT_LEAK_US)
/* Of a user name at an address so many responses are known again: a phone repeats each for 32 s, and has few under way.
 */
#define BAN_ATTEMPTS_KEPT 8
/* Wrong passwords for one user name from one address; then one try in 10 s. */
#define BAN_TRIES_MAX 5000u
#define BAN_TRY_LEAK_US (10 * SECOND_US)
/* How long a ban lasts: four times as long each time, up to a day; a day without one and it begins anew. */
#define BAN_HOST_US (120 * SECOND_US)
#define BAN_NETWORK_US (600 * SECOND_US)
#define BAN_GROWTH 4
#define BAN_MAX_US (86400 * SECOND_US)
#define BAN_FORGET_US (86400 * SECOND_US)
/* Banned addresses that make their network's ban, and how long each is remembered for that. */
#define BAN_NETWORK_HOSTS 4u
#define BAN_NETWORK_LEAK_US (6 * 3600 * SECOND_US)
/* After a right password an address is an office's: the longest registration (an hour), and some minutes to be late. */
#define BAN_TRUST_US (3900 * SECOND_US)
