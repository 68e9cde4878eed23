/* web/challenge.c - drawn, dated and sealed; remembered once used */
#include "web/challenge.h"

#include "base/writer.h"
#include "crypto/crypto.h"

#define DRAWN 16
#define DATED (DRAWN + 8)

void web_challenges_init(struct web_challenges *c, struct random *random)
{
	memset(c, 0, sizeof(*c));
	random_bytes(random, c->key, sizeof(c->key));
}

static void seal(const struct web_challenges *c, struct slice owner, const uint8_t *challenge, uint8_t ret[32])
{
	uint8_t text[DATED + WEB_CHALLENGE_OWNER_MAX];
	ASSERT(owner.n >= 1 && owner.n <= WEB_CHALLENGE_OWNER_MAX);
	struct writer w = writer_on(text, sizeof(text));
	write_slice(&w, slice_of(challenge, DATED));
	write_slice(&w, owner);
	crypto_hmac_sha256(slice_of(c->key, sizeof(c->key)), writer_slice(&w), ret);
}

int64_t web_challenge_date(const uint8_t challenge[WEB_CHALLENGE_BYTES])
{
	uint64_t us = 0;
	for (size_t i = DRAWN; i < DATED; i++)
		us = us << 8 | challenge[i];
	return (int64_t)us;
}

void web_challenge_draw(struct web_challenges *c, struct random *random, struct slice owner, int64_t wall_us,
			uint8_t ret[WEB_CHALLENGE_BYTES])
{
	uint8_t mac[32];
	random_bytes(random, ret, DRAWN);
	for (size_t i = 0; i < 8; i++)
		ret[DRAWN + i] = (uint8_t)((uint64_t)wall_us >> (56 - 8 * i));
	seal(c, owner, ret, mac);
	memcpy(ret + DATED, mac, WEB_CHALLENGE_BYTES - DATED);
}

bool web_challenge_fits(const struct web_challenges *c, struct slice owner, int64_t wall_us,
			const uint8_t challenge[WEB_CHALLENGE_BYTES])
{
	uint8_t mac[32];
	if (owner.n < 1 || owner.n > WEB_CHALLENGE_OWNER_MAX)
		return false;
	seal(c, owner, challenge, mac);
	if (!crypto_equal(mac, challenge + DATED, WEB_CHALLENGE_BYTES - DATED))
		return false;
	/* Ours, so its date is one that the clock had. Set back since then, it is as if no time had passed. */
	return wall_us - web_challenge_date(challenge) <= WEB_CHALLENGE_US;
}

/* Where it can be remembered, when it is fresh. */
static enum web_challenge_use find_place(const struct web_challenges *c, int64_t wall_us,
					 const uint8_t challenge[WEB_CHALLENGE_BYTES], size_t *ret_place)
{
	*ret_place = WEB_CHALLENGES_USED;
	for (size_t i = 0; i < WEB_CHALLENGES_USED; i++) {
		if (c->used[i].until_us < wall_us)
			*ret_place = i;
		else if (memcmp(c->used[i].drawn, challenge, DRAWN) == 0)
			return WEB_CHALLENGE_USED;
	}
	return *ret_place < WEB_CHALLENGES_USED ? WEB_CHALLENGE_FRESH : WEB_CHALLENGE_FORGOTTEN;
}

enum web_challenge_use web_challenge_look(const struct web_challenges *c, int64_t wall_us,
					  const uint8_t challenge[WEB_CHALLENGE_BYTES])
{
	size_t place;
	return find_place(c, wall_us, challenge, &place);
}

enum web_challenge_use web_challenge_use(struct web_challenges *c, int64_t wall_us,
					 const uint8_t challenge[WEB_CHALLENGE_BYTES])
{
	size_t place;
	enum web_challenge_use use = find_place(c, wall_us, challenge, &place);
	if (use == WEB_CHALLENGE_FRESH) {
		memcpy(c->used[place].drawn, challenge, DRAWN);
		c->used[place].until_us = web_challenge_date(challenge) + WEB_CHALLENGE_US;
	}
	return use;
}

void web_challenge_derive(const struct web_challenges *c, const char *what, struct slice first, struct slice second,
			  uint8_t ret[32])
{
	uint8_t inner[32];
	crypto_hmac_sha256(slice_of(c->key, sizeof(c->key)), slice_from_string(what), inner);
	crypto_hmac_sha256(slice_of(inner, sizeof(inner)), first, inner);
	crypto_hmac_sha256(slice_of(inner, sizeof(inner)), second, ret);
	crypto_wipe(inner, sizeof(inner));
}
