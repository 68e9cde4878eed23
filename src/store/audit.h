/*
 * store/audit.h - the audit trail: who did what, when and from where, written in the transaction of what was done
 *
 * Rows are added, never changed, and go by age alone. Those of one company are numbered from 1 without gaps; so are the
 * provider's own, which have no tenant. Each carries a hash of itself under that of the one before it:
 *
 *	hash = HMAC-SHA256(the hash before, or "alto audit" for number 1; all other members, each followed by a newline)
 *
 * in the order of struct store_audit, numbers in decimal. What that proves, and what not: record 035. All run on a
 * store thread, inside a job's run().
 */
#pragma once
#include "base/arena.h"
#include "store/rows.h"

#define STORE_AUDIT_HASH 32

/*
 * What each text may be stands in openapi.json. Names are those of the moment; the row outlives what it names. No
 * secret and no phone number's owner beyond the names is in it.
 */
struct store_audit {
	struct slice id;     /* UUIDv7, made when the act was asked for */
	struct slice tenant; /* whose affair it is; empty: the provider's */
	int64_t number;
	int64_t at_us;
	struct slice act, thing; /* "changed", "device" */
	struct slice actor_kind; /* "person", "token", "machine" (the unix socket) or "nobody" (a log-in that failed) */
	struct slice actor;      /* id of the person or token, or empty */
	struct slice actor_name;
	struct slice actor_tenant;        /* whose person or token it is; empty: the provider's, or nobody's */
	struct slice address;             /* where the request came from; empty: this machine */
	struct slice object, object_name; /* empty where the thing has none of its own: a password, a session */
	struct slice owner, owner_name;   /* the person whose it is, or empty */
	struct slice changed;             /* members, comma separated; "role=user>admin" where the values are told */
	struct slice how;                 /* of a log-in: as openapi.json has them */
	int64_t failed;                   /* log-ins of the owner that have failed until now */
	struct slice hash;
};

/* number, hash, actor_name and owner_name are filled in here; the rest is given. Notes it in the feed. */
MUST_USE int store_audit_add(struct db *db, const struct store_audit *a);
/* Did this actor do this to this object since then? So that what is read again and again is told once. */
MUST_USE int store_audit_done(struct db *db, const struct store_audit *a, int64_t since_us, bool *ret);

/* Newest first. A page may be short, or empty, while *ret_more is where to go on; empty: all was looked at. */
struct store_audit_page {
	bool all;            /* of all tenants and of the provider; else of `tenant` */
	struct slice tenant; /* empty: the provider's own */
	struct slice before; /* ids below this one; empty: from the newest on */
	int64_t limit;       /* rows to give: at least 1 */
	int64_t scan;        /* rows to look at */
	struct slice user;   /* who did it, whose it is, or what it is about: an id; empty: any */
	bool hidden;         /* ... but not who did it for the provider */
	struct slice act, thing;
	int64_t from_us, to_us; /* at `from` or later, and before `to`; 0: any time */
};
/* fn is called on the store thread; the row is borrowed. */
MUST_USE int store_audit_list(struct db *db, const struct store_audit_page *page,
			      void (*fn)(void *arg, const struct store_audit *a), void *arg,
			      char ret_more[STORE_ID_CAP]);

/* NULL: no memory. */
MUST_USE const struct store_audit *store_audit_copy(struct arena *arena, const struct store_audit *a);

/* The oldest and the newest row of a tenant; numbers 0: it has none. */
struct store_audit_ends {
	int64_t first, first_us, last, last_us;
};
MUST_USE int store_audit_ends(struct db *db, struct slice tenant, struct store_audit_ends *ret);

/* What the chain of one tenant (empty: the provider's own) says of itself. */
struct store_audit_chain {
	int64_t rows;
	int64_t first, last; /* numbers; 0: there is none */
	int64_t broken;      /* the number of the first row that does not follow from the one before; 0: none */
	uint8_t hash[STORE_AUDIT_HASH]; /* of the last */
};
/*
 * The newest `most` rows up to number `last`: some microseconds each. The oldest of them is taken as it is, unless it
 * is number 1.
 */
MUST_USE int store_audit_check(struct db *db, struct slice tenant, int64_t last, int64_t most,
			       struct store_audit_chain *ret);

/* When the newest row of all was written; 0: there is none. */
MUST_USE int store_audit_newest(struct db *db, int64_t *ret_us);
/* Rows that one call removes: some milliseconds of the writer. */
#define STORE_AUDIT_EXPIRED 1000
/*
 * What is older goes: of one tenant at a call, from number to number up to the first row that is not. The newest row
 * stays, so that numbers and chain go on. Begun with an empty `tenant`, which then says whose turn it is; to be called
 * until *ret_more is false.
 */
MUST_USE int store_audit_expire(struct db *db, int64_t before_us, char tenant[STORE_ID_CAP], bool *ret_more);
