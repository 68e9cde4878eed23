/*
 * transport/bans.h - guests recognised by what they do: counted, slowed, then banned, in memory that never grows
 *
 * Accounts are kept for an address (IPv4 as it is, IPv6 by its /64), for the network around it (/24, /48) and for a
 * device's user name at an address. Each table has a fixed number of places; who was heard longest ago yields,
 * strangers before those who have proved an address, these before those who have an account here, and bans in force
 * last. All by the wheel's time; nothing survives the process. The policy and its reasons: docs/decisions/016. Owner:
 * the wheel's thread. No call allocates but bans_new().
 */
#pragma once
#include "base/address.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/wheel.h"

struct bans;

/* NULL: out of memory. Both borrowed. */
MUST_USE struct bans *bans_new(struct wheel *wheel, struct random *random);
struct bans *bans_free(struct bans *b);
void bans_metrics(struct bans *b, struct metrics *m); /* they live in b */
/* Addresses that are neither banned nor slowed, whatever comes from them: operators'. NULL: none. */
void bans_set_spared(struct bans *b, bool (*spared)(void *arg, const struct address *at), void *arg);

/*
 * May bytes from there be read at all? Asked of every datagram, and of a connection when it is accepted and while it is
 * a guest's. False: it is banned, or a datagram of somebody who has asked too often; counted.
 */
MUST_USE bool bans_admit(struct bans *b, const struct address *from, bool datagram);

/* Who did something. */
struct guest {
	const struct address *from; /* the port is not looked at */
	/*
	 * It really is there: a connection, or a datagram that brings back a nonce of ours that went to this address.
	 * Anything else may be forged, and counts towards no ban and against no name.
	 */
	bool proven;
	struct slice name; /* the device's user name in its credentials; empty: none */
	uint64_t attempt;  /* a hash of the credentials: a copy of a request is no second guess */
};
enum guest_deed {
	GUEST_ASKED,          /* a request that needs an answer but no account: to be challenged, OPTIONS ... */
	GUEST_GARBAGE,        /* not SIP, or the answer to nothing */
	GUEST_PINGS,          /* a connection that was closed for its many keep-alives */
	GUEST_SCANNER,        /* says itself that it is one */
	GUEST_WRONG_PASSWORD, /* for a device that exists */
	GUEST_UNKNOWN_USER,   /* for one that does not */
	GUEST_DEED_COUNT
};
/* Counts it, and bans if that was too much. False: it is given no answer. */
bool bans_deed(struct bans *b, const struct guest *g, enum guest_deed deed);
/*
 * Before a password is looked at: false if this name has failed too often at this address, or others there have and
 * this one has not been right yet. Then it is dropped, and bans_tried() told; later it may be tried again. Of the guest
 * only `from` and `name` are looked at.
 */
MUST_USE bool bans_may_try(struct bans *b, const struct guest *g);
/* It tried all the same: as bad as a wrong password, but for an address that is a phone's. */
void bans_tried(struct bans *b, const struct guest *g);
/* The password was right: this address is a phone's, for as long as a registration may last. */
void bans_trust(struct bans *b, const struct guest *g);
/* Is this the address of a phone of ours? Over UDP who knows of it can forge it. */
bool bans_trusts(const struct bans *b, const struct address *from);

enum ban_reason {
	BAN_PASSWORDS,
	BAN_UNKNOWN_USERS,
	BAN_SCANNER,
	BAN_SWEEP,
	BAN_NEIGHBOURS,
	BAN_NEW_NAMES, /* no ban: in this office names that were never right there wait; until_us if nobody fails again
			*/
	BAN_REASON_COUNT
};
struct ban {
	struct address_block block;
	enum ban_reason why;
	unsigned times;             /* this is its n-th */
	int64_t since_us, until_us; /* wall clock */
	uint32_t dropped;           /* datagrams and connections since it began */
};
/* Why: "unknown_users"; and in a sentence for people. */
const char *ban_reason_word(enum ban_reason why);
const char *ban_reason_text(enum ban_reason why);
/* Bans in force and offices where new names wait, one after the other; *cursor starts at 0. False at the end. */
bool bans_next(const struct bans *b, uint32_t *cursor, struct ban *ret);
/* End the ban of this block, or the waiting there, or all (NULL), and forget what led to it. How many were lifted.
 * Where a phone of ours is stays known. */
unsigned bans_lift(struct bans *b, const struct address_block *block);

struct bans_figures {
	unsigned addresses, networks; /* banned now */
	unsigned waiting;             /* offices where names that were never right there wait */
	unsigned slowed;  /* addresses that ask too often, or did a moment ago: over UDP most of it is not read */
	uint64_t dropped; /* since the start */
};
void bans_figures(const struct bans *b, struct bans_figures *ret);
