/* transport/bans_table.c - the accounts: a set of ACCOUNT_WAYS places for each hash, and who yields in it */
#include <errno.h>

#include "base/map.h"
#include "transport/bans_table.h"

int account_table_init(struct account_table *t, uint32_t count, struct random *random)
{
	ASSERT(count >= ACCOUNT_WAYS && (count & (count - 1)) == 0);
	*t = (struct account_table){.count = count};
	t->of = calloc(count, sizeof(*t->of));
	if (!t->of)
		return -ENOMEM;
	random_bytes(random, t->key, sizeof(t->key));
	return 0;
}

void account_table_done(struct account_table *t)
{
	free(t->of);
	t->of = NULL;
}

static struct account *set_of(const struct account_table *t, const struct account_key *key)
{
	uint8_t bytes[16 + 1 + sizeof(key->name)];
	memcpy(bytes, key->ip, 16);
	bytes[16] = key->bits;
	memcpy(bytes + 17, &key->name, sizeof(key->name));
	return t->of + siphash13(t->key, bytes, sizeof(bytes)) % (t->count / ACCOUNT_WAYS) * ACCOUNT_WAYS;
}

static struct account *find_in(struct account *set, const struct account_key *key)
{
	for (struct account *a = set; a < set + ACCOUNT_WAYS; a++)
		if (a->bits == key->bits && a->name == key->name && memcmp(a->ip, key->ip, 16) == 0)
			return a;
	return NULL;
}

struct account *account_find(const struct account_table *t, const struct account_key *key)
{
	return find_in(set_of(t, key), key);
}

/* How much an account is worth keeping. */
static unsigned worth(const struct account *a, int64_t now_us)
{
	if (!a->bits)
		return 0;
	return a->until_us > now_us ? 4 : a->trusted_until_us > now_us ? 3 : a->proven ? 2 : 1;
}

struct account *account_get(struct account_table *t, const struct account_key *key, bool proven, int64_t now_us)
{
	struct account *set = set_of(t, key), *found = find_in(set, key), *least = set;
	if (found)
		return found;
	for (struct account *a = set + 1; a < set + ACCOUNT_WAYS; a++) {
		unsigned is = worth(a, now_us), other = worth(least, now_us);
		if (is < other || (is == other && a->heard_us < least->heard_us))
			least = a;
	}
	/* Forged addresses are free to make, so they drive out nobody who is really there; and nobody ends a ban. */
	if (worth(least, now_us) > (proven ? 3U : 1U))
		return &t->crowd;
	*least = (struct account){.name = key->name, .heard_us = now_us, .bits = key->bits, .proven = proven};
	memcpy(least->ip, key->ip, 16);
	return least;
}
