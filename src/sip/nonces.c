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
 *  - a nonce leaves the table only as the oldest of all, because it expired or because room is needed. Either way
 * `floor` rises to its time of issue, and a nonce issued at or before the floor is stale for ever. So what is not in
 * the table and not stale has never been used;
 *  - a nonce older than all in a full table finds no place: it is stale too, not accepted without being kept;
 *  - after a restart the key is new and no old nonce is ours.
 *
 * A flood of successes (which needs a right password each) therefore costs others one more challenge, never a replay.
 * The table is a heap ordered by time of issue beside a keyed hash map: every step is O(log n) at worst.
 */
#include "sip/nonces.h"
#include "base/pool.h"

#define KEY_BYTES 32

struct used {
	struct map_node node;
	struct sip_nonce nonce;
	uint64_t seen;    /* bit k: count highest - k has been used */
	uint32_t highest; /* 0: used without a count */
};

struct sip_nonces {
	struct random *random;
	int64_t lifetime_us, floor_us;
	size_t max;
	uint8_t key[KEY_BYTES], place_key[16];
	struct pool pool; /* of struct used */
	struct map map;   /* by id */
	struct used **heap;
	size_t count;
};

struct sip_nonces *sip_nonces_new(struct random *random, int64_t lifetime_us, size_t table_max)
{
	ASSERT(table_max > 0 && table_max <= UINT32_MAX);
	struct sip_nonces *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->heap = calloc(table_max, sizeof(struct used *));
	if (!n->heap) {
		free(n);
		return NULL;
	}
	uint8_t map_key[16];
	random_bytes(random, n->key, sizeof(n->key));
	random_bytes(random, n->place_key, sizeof(n->place_key));
	random_bytes(random, map_key, sizeof(map_key));
	n->random = random;
	n->lifetime_us = lifetime_us;
	n->floor_us = INT64_MIN;
	n->max = table_max;
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
	free(n->heap);
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

static void nonce_mac(const struct sip_nonces *n, const uint8_t id[SIP_NONCE_ID_BYTES], uint8_t ret[32])
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
	uint8_t id[SIP_NONCE_ID_BYTES], mac[32], place[SIP_NONCE_PLACE_BYTES];
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
	uint8_t bytes[SIP_NONCE_BYTES], mac[32];
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

static void heap_push(struct sip_nonces *n, struct used *u)
{
	size_t at = n->count++;
	for (size_t up; at > 0 && n->heap[up = (at - 1) / 2]->nonce.issued_us > u->nonce.issued_us; at = up)
		n->heap[at] = n->heap[up];
	n->heap[at] = u;
}

/* Forget the oldest, and with it all that were issued before it. */
static void pop_oldest(struct sip_nonces *n)
{
	struct used *oldest = n->heap[0], *last = n->heap[--n->count];
	size_t at = 0, down;
	while ((down = 2 * at + 1) < n->count) {
		if (down + 1 < n->count && n->heap[down + 1]->nonce.issued_us < n->heap[down]->nonce.issued_us)
			down++;
		if (n->heap[down]->nonce.issued_us >= last->nonce.issued_us)
			break;
		n->heap[at] = n->heap[down];
		at = down;
	}
	n->heap[at] = last;
	n->floor_us = MAX(n->floor_us, oldest->nonce.issued_us);
	map_remove(&n->map, &oldest->node);
	pool_give(&n->pool, oldest);
}

static struct used *take_place(struct sip_nonces *n, const struct sip_nonce *nonce)
{
	struct used *u = n->count < n->max ? pool_take(&n->pool) : NULL;
	if (u)
		return u;
	/* Full, or out of memory: the oldest yields, unless that is the new one itself. */
	if (n->count == 0 || n->heap[0]->nonce.issued_us >= nonce->issued_us)
		return NULL;
	pop_oldest(n);
	return pool_take(&n->pool);
}

static bool enter(struct sip_nonces *n, const struct sip_nonce *nonce, uint64_t hash, uint32_t count)
{
	struct used *u = take_place(n, nonce);
	if (!u)
		return false;
	if (map_insert(&n->map, &u->node, hash) < 0) {
		pool_give(&n->pool, u);
		return false;
	}
	u->nonce = *nonce;
	u->highest = count;
	u->seen = 1;
	heap_push(n, u);
	return true;
}

bool sip_nonce_use(struct sip_nonces *n, const struct sip_nonce *nonce, uint32_t count, int64_t now_us)
{
	while (n->count > 0 && now_us - n->heap[0]->nonce.issued_us > n->lifetime_us)
		pop_oldest(n);
	uint64_t hash = map_hash(&n->map, slice_of(nonce->id, sizeof(nonce->id)));
	struct map_node *node = map_find(&n->map, hash, match_id, nonce->id);
	if (!node)
		return enter(n, nonce, hash, count);
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
