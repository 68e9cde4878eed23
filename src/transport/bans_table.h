/* transport/bans_table.h - the fixed tables of bans.h: accounts found by a keyed hash, the least worth keeping yield */
#pragma once
#include "transport/bans.h"
#include "transport/limits.h"

/* One account: an address, the network around it, or (name not 0) a device's user name at an address. */
struct account {
	uint8_t ip[16];              /* its first `bits` bits, the others 0 */
	uint64_t name;               /* keyed hash; 0: of nobody */
	int64_t heard_us;            /* when it was last written to */
	int64_t since_us, until_us;  /* the last ban; until_us 0: never */
	int64_t trusted_until_us;    /* a device of ours has been right here */
	int64_t counts_again_us;     /* of a name: until then it has counted against its office */
	uint32_t points, asked;      /* thousandths; both leak ... */
	int64_t points_us, asked_us; /* ... and have until then */
	uint32_t dropped;
	uint16_t attempts[BAN_ATTEMPTS_KEPT]; /* of a name: hashes of the last ones in a ring, 0: none */
	uint8_t next_attempt;
	uint8_t bits; /* of 128; 0: a free place, or the crowd */
	uint8_t times, why;
	bool proven;
	bool waited; /* of an office: new names have had to wait since its points were 0 last */
};

#define ACCOUNT_WAYS 8 /* places in which one key may stand */
struct account_table {
	struct account *of;
	uint32_t count; /* a power of two */
	uint8_t key[16];
	/* Strangers for whom there is no place, together. */
	struct account crowd;
};

/* -ENOMEM. Pages are taken as they are touched. */
MUST_USE int account_table_init(struct account_table *t, uint32_t count, struct random *random);
void account_table_done(struct account_table *t);

struct account_key {
	uint8_t ip[16], bits;
	uint64_t name;
};
/* The account, or NULL. */
struct account *account_find(const struct account_table *t, const struct account_key *key);
/*
 * The account, made if there is none. proven: by whom it is written. An account of the crowd for whom there is no
 * place: unproven ones take only free places and those of their like.
 */
struct account *account_get(struct account_table *t, const struct account_key *key, bool proven, int64_t now_us);
