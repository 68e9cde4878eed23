/*
 * sip/nonces.c - nonces that cannot be replayed, in bounded memory
 *
 * A nonce carries its time of issue and a MAC under a key of this process, so that nothing is kept for the
 * many challenges that are never answered. Its first success enters it in the table; from then on the table says which
 * counts have been used. A replay succeeds only if a (nonce, count) that was accepted once is accepted again. It is
 * not:
 *
 *  - while the nonce is in the table, each count is accepted once: counts above the highest are new, the 64 up to it
 * are remembered one by one (requests of one phone overtake each other over UDP), those below are refused;
 *  - nonces leave the table in the order in which they came, because they expired or because room is needed. Each time
 * `floor` rises to the time of issue of the one that leaves, and a nonce issued at or before the floor is stale for
 * ever. So what is not in the table and not stale has never been used;
 *  - after a restart the key is new and no old nonce is ours.
 *
 * A flood of successes (which needs a right password each) therefore costs others one more challenge, never a replay.
 * Nonces are used within a moment of their issue, so the first that came is the oldest, or nearly: a queue beside a
 * hash map will do, and every step is O(1).
 */
#include "sip/nonces.h"
#include "base/pool.h"

struct used {
	struct map_node node;
	struct used *next; /* came after it */
	struct sip_nonce nonce;
	uint64_t seen;    /* bit k: count highest - k has been used */
	uint32_t highest; /* 0: used without a count */
};

struct sip_nonces {
	struct random *random;
	int64_t lifetime_us, floor_us;
	size_t max;
	uint8_t key[CRYPTO_MAC_BYTES], place_key[16];
	struct pool pool; /* of struct used */
	struct map map;   /* by id */
	struct used *first, **last;
};

struct sip_nonces *sip_nonces_new(struct random *random, int64_t lifetime_us, size_t table_max)
{
	ASSERT(table_max > 0 && table_max <= UINT32_MAX);
	struct sip_nonces *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	uint8_t map_key[16];
	random_bytes(random, n->key, sizeof(n->key));
	random_bytes(random, n->place_key, sizeof(n->place_key));
	random_bytes(random, map_key, sizeof(map_key));
	n->random = random;
	n->lifetime_us = lifetime_us;
	n->floor_us = INT64_MIN;
	n->max = table_max;
	n->last = &n->first;
	pool_init(&n->pool, sizeof(struct used), (uint32_t)table_max);
	map_init(&n->map, map_key);
	return n;
}

struct sip_nonces *sip_nonces_free(struct sip_nonces *n)
{
	if (!n)
		return NULL;
	map_done(&n->map);
	pool_done(&n->pool);
	crypto_wipe(n->key, sizeof(n->key));
	crypto_wipe(n->place_key, sizeof(n->place_key));
	free(n);
	return NULL;
}

static void store_time(uint8_t ret[8], int64_t us)
{
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)((uint64_t)us >> (56 - 8 * i));
}

static int64_t load_time(const uint8_t p[8])
{
	uint64_t us = 0;
	for (int i = 0; i < 8; i++)
		us = us << 8 | p[i];
	return (int64_t)us;
}

static void nonce_mac(const struct sip_nonces *n, const uint8_t id[SIP_NONCE_ID_BYTES], uint8_t ret[CRYPTO_MAC_BYTES])
{
	crypto_mac(n->key, slice_of(id, SIP_NONCE_ID_BYTES), ret);
}

/* Not the port: behind NAT it is another one when the nonce returns. */
static void nonce_place(const struct sip_nonces *n, const uint8_t id[SIP_NONCE_ID_BYTES], const struct address *at,
			uint8_t ret[SIP_NONCE_PLACE_BYTES])
{
	uint8_t bytes[SIP_NONCE_ID_BYTES + sizeof(at->ip)];
	memcpy(bytes, id, SIP_NONCE_ID_BYTES);
	memcpy(bytes + SIP_NONCE_ID_BYTES, at->ip, sizeof(at->ip));
	uint64_t hash = siphash24(n->place_key, bytes, sizeof(bytes));
	memcpy(ret, &hash, sizeof(hash));
}

void sip_nonce_write(struct writer *w, struct sip_nonces *n, const struct address *to, int64_t now_us)
{
	uint8_t id[SIP_NONCE_ID_BYTES], mac[CRYPTO_MAC_BYTES], place[SIP_NONCE_PLACE_BYTES];
	store_time(id, now_us);
	random_bytes(n->random, id + 8, 8);
	nonce_mac(n, id, mac);
	write_hex(w, id, sizeof(id));
	write_hex(w, mac, SIP_NONCE_MAC_BYTES);
	nonce_place(n, id, to, place);
	write_hex(w, place, sizeof(place));
}

bool sip_nonce_returned_by(const struct sip_nonces *n, struct slice text, const struct address *from, int64_t now_us)
{
	uint8_t bytes[SIP_NONCE_BYTES], place[SIP_NONCE_PLACE_BYTES];
	struct sip_nonce nonce;
	if (!sip_nonce_read(n, text, now_us, &nonce) || !slice_unhex(text, bytes, sizeof(bytes)))
		return false;
	nonce_place(n, nonce.id, from, place);
	return crypto_equal(place, bytes + SIP_NONCE_BYTES - SIP_NONCE_PLACE_BYTES, SIP_NONCE_PLACE_BYTES);
}

bool sip_nonce_read(const struct sip_nonces *n, struct slice text, int64_t now_us, struct sip_nonce *ret)
{
	uint8_t bytes[SIP_NONCE_BYTES], mac[CRYPTO_MAC_BYTES];
	if (!slice_unhex(text, bytes, sizeof(bytes)))
		return false;
	nonce_mac(n, bytes, mac);
	if (!crypto_equal(mac, bytes + SIP_NONCE_ID_BYTES, SIP_NONCE_MAC_BYTES))
		return false;
	/* Only now is the time ours, and so a number that can be reckoned with. */
	int64_t issued_us = load_time(bytes);
	if (now_us - issued_us > n->lifetime_us || issued_us <= n->floor_us)
		return false;
	memcpy(ret->id, bytes, sizeof(ret->id));
	ret->issued_us = issued_us;
	return true;
}

static bool match_id(const struct map_node *node, const void *key)
{
	return memcmp(container_of(node, const struct used, node)->nonce.id, key, SIP_NONCE_ID_BYTES) == 0;
}

/* Its random half: nobody else has chosen it, for its MAC was ours. */
static uint64_t hash_of_id(const uint8_t id[SIP_NONCE_ID_BYTES])
{
	uint64_t hash;
	memcpy(&hash, id + SIP_NONCE_ID_BYTES - sizeof(hash), sizeof(hash));
	return hash;
}

/* Forget the first that came, and with it all that were issued before it. */
static void pop_first(struct sip_nonces *n)
{
	struct used *u = n->first;
	n->first = u->next;
	if (!n->first)
		n->last = &n->first;
	n->floor_us = MAX(n->floor_us, u->nonce.issued_us);
	map_remove(&n->map, &u->node);
	pool_give(&n->pool, u);
}

static struct used *take_place(struct sip_nonces *n)
{
	struct used *u = n->map.count < n->max ? pool_take(&n->pool) : NULL;
	if (u || !n->first)
		return u;
	/* Full, or out of memory. */
	pop_first(n);
	return pool_take(&n->pool);
}

static bool enter(struct sip_nonces *n, const struct sip_nonce *nonce, uint32_t count)
{
	struct used *u = take_place(n);
	if (!u)
		return false;
	if (map_insert(&n->map, &u->node, hash_of_id(nonce->id)) < 0) {
		pool_give(&n->pool, u);
		return false;
	}
	u->nonce = *nonce;
	u->highest = count;
	u->seen = 1;
	u->next = NULL;
	*n->last = u;
	n->last = &u->next;
	return true;
}

bool sip_nonce_use(struct sip_nonces *n, const struct sip_nonce *nonce, uint32_t count, int64_t now_us)
{
	while (n->first && now_us - n->first->nonce.issued_us > n->lifetime_us)
		pop_first(n);
	struct map_node *node = map_find(&n->map, hash_of_id(nonce->id), match_id, nonce->id);
	if (!node)
		return enter(n, nonce, count);
	struct used *u = container_of(node, struct used, node);
	/* Without a count on either side there is nothing to tell a second use from a replay. */
	if (count == 0 || u->highest == 0)
		return false;
	if (count > u->highest) {
		uint32_t step = count - u->highest;
		u->seen = step < 64 ? u->seen << step | 1 : 1;
		u->highest = count;
		return true;
	}
	uint32_t back = u->highest - count;
	if (back >= 64 || (u->seen >> back & 1))
		return false;
	u->seen |= UINT64_C(1) << back;
	return true;
}
