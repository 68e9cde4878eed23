/* web/throttle.c - leaky buckets, kept as the moment when each is empty again */
#include "web/throttle.h"

#include "base/map.h"
#include "base/writer.h"
#include "store/store.h"
#include "web/limits.h"

void web_throttle_init(struct web_throttle *t, struct random *random)
{
	memset(t, 0, sizeof(*t));
	random_bytes(random, t->key, sizeof(t->key));
}

static struct web_bucket *find(struct web_throttle *t, uint64_t who)
{
	/* Its lowest bit says of what kind it is: the two of one try never make room for each other. */
	struct web_bucket *set = t->buckets[who % WEB_THROTTLE_SETS], *least = set;
	for (size_t i = 0; i < WEB_THROTTLE_WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
		if (set[i].full_us < least->full_us)
			least = &set[i];
	}
	*least = (struct web_bucket){.who = who};
	return least;
}

/* An IPv6 network of one customer counts as one. */
static struct web_bucket *of_address(struct web_throttle *t, const struct address *from)
{
	return find(t, siphash24(t->key, from->ip, address_is_v4(from) ? 16 : 8) | 1);
}

/* A login, '@' and a domain; of a longer name the beginning counts. */
#define NAME_BYTES 320

/* A domain is found in any case, so all its spellings are one name. */
static struct web_bucket *of_name(struct web_throttle *t, struct slice name)
{
	char folded[NAME_BYTES];
	size_t n = MIN(name.n, sizeof(folded));
	for (size_t i = 0; i < n; i++)
		folded[i] = ascii_lower(name.p[i]);
	return find(t, siphash24(t->key, folded, n) & ~UINT64_C(1));
}

/* What is still to wait before a bucket of so many tries, one more each step, takes another. */
static int64_t wait(const struct web_bucket *b, int tries, int64_t step_us, int64_t now_us)
{
	return MAX(b->full_us - now_us - (tries - 1) * step_us, INT64_C(0));
}

static void count(struct web_bucket *b, int64_t step_us, int64_t now_us)
{
	b->full_us = MAX(b->full_us, now_us) + step_us;
}

int64_t web_throttle_try(struct web_throttle *t, const struct address *from, struct slice name, int64_t now_us)
{
	struct web_bucket *address = of_address(t, from), *person = of_name(t, name);
	int64_t by_address = wait(address, WEB_TRIES_OF_ADDRESS, WEB_TRY_OF_ADDRESS_US, now_us);
	int64_t by_name = wait(person, WEB_TRIES_OF_NAME, WEB_TRY_OF_NAME_US, now_us);
	if (by_address || by_name)
		return MAX(by_address, by_name);
	count(address, WEB_TRY_OF_ADDRESS_US, now_us);
	count(person, WEB_TRY_OF_NAME_US, now_us);
	return 0;
}

int64_t web_throttle_begin(struct web_throttle *t, const struct address *from, int64_t now_us)
{
	/* Every bit another: not the bucket of its tries. */
	struct web_bucket *b = find(t, ~siphash24(t->key, from->ip, address_is_v4(from) ? 16 : 8) | 1);
	int64_t wait_us = wait(b, WEB_BEGINS_OF_ADDRESS, WEB_BEGIN_OF_ADDRESS_US, now_us);
	if (!wait_us)
		count(b, WEB_BEGIN_OF_ADDRESS_US, now_us);
	return wait_us;
}

/* Of an id there is one for each kind. */
static uint64_t of_id(const struct web_throttle *t, char kind, struct slice id)
{
	char text[1 + STORE_ID_CAP];
	struct writer w = writer_on(text, sizeof(text));
	write_char(&w, kind);
	write_slice(&w, id);
	return siphash24(t->key, text, w.n);
}

int64_t web_throttle_act(struct web_throttle *t, struct slice actor, struct slice tenant, int64_t now_us)
{
	struct web_bucket *person = find(t, of_id(t, 'a', actor) | 1);
	struct web_bucket *company = find(t, of_id(t, 't', tenant) & ~UINT64_C(1));
	int64_t by_actor = wait(person, WEB_ACTS_OF_ACTOR, WEB_ACT_OF_ACTOR_US, now_us);
	int64_t by_tenant = wait(company, WEB_ACTS_OF_TENANT, WEB_ACT_OF_TENANT_US, now_us);
	if (by_actor || by_tenant)
		return MAX(by_actor, by_tenant);
	count(person, WEB_ACT_OF_ACTOR_US, now_us);
	count(company, WEB_ACT_OF_TENANT_US, now_us);
	return 0;
}

int64_t web_throttle_check(struct web_throttle *t, struct slice actor, int64_t now_us)
{
	struct web_bucket *b = find(t, of_id(t, 'c', actor));
	int64_t wait_us = wait(b, WEB_CHECKS_OF_ACTOR, WEB_CHECK_OF_ACTOR_US, now_us);
	if (!wait_us)
		count(b, WEB_CHECK_OF_ACTOR_US, now_us);
	return wait_us;
}

void web_throttle_forgive(struct web_throttle *t, const struct address *from, struct slice name, int64_t now_us)
{
	struct web_bucket *address = of_address(t, from);
	address->full_us = MAX(address->full_us - WEB_TRY_OF_ADDRESS_US, INT64_C(0));
	of_name(t, name)->full_us = 0;
}
