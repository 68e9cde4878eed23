/*
 * transport/bans.c - the policy of bans.h: what each deed weighs, when it is too much, for how long, and who is spared
 *
 * Points say that somebody does what no phone does, and lead to a ban; they are given only to who has proved to be
 * there. `asked` counts what anybody may do, and only slows. Both leak away with time. An address where a device of
 * ours has been right lately is an office: it is not banned, and it is the user name that is slowed there instead.
 * Where many names fail in an office, those that were never right there wait, and bans_next() tells of it.
 */
#include "base/log.h"
#include "base/map.h"
#include "transport/bans_table.h"
#include "transport/limits.h"

/* Each in thousandths of a point. */
static const struct {
	uint32_t points;
	enum ban_reason why;
} deeds[GUEST_DEED_COUNT] = {
	[GUEST_ASKED] = {20, BAN_SWEEP},
	[GUEST_GARBAGE] = {100, BAN_SWEEP},
	[GUEST_PINGS] = {1000, BAN_SWEEP},
	[GUEST_SCANNER] = {BAN_POINTS, BAN_SCANNER},
	[GUEST_WRONG_PASSWORD] = {1000, BAN_PASSWORDS},
	[GUEST_UNKNOWN_USER] = {1000, BAN_UNKNOWN_USERS}, /* as much: who watches learns nothing of names */
};

#define REASON(word, sentence)                                                                                         \
	{                                                                                                              \
		(word), "reason=\"" word "\"", (sentence)                                                              \
	}
static const struct {
	const char *word, *label, *text;
} reasons[BAN_REASON_COUNT] = {
	[BAN_PASSWORDS] = REASON("passwords", "It tried wrong passwords, again and again."),
	[BAN_UNKNOWN_USERS] = REASON("unknown_users", "It tried device names that do not exist, again and again."),
	[BAN_SCANNER] = REASON("scanner", "It says itself that it is a scanner."),
	[BAN_SWEEP] = REASON("sweep", "It sent message after message and never a right password."),
	[BAN_NEIGHBOURS] = REASON("neighbours",
				  "Several of its addresses were banned, and no phone of ours is registered there."),
	[BAN_NEW_NAMES] = REASON("new_names", "It is not banned, phones are registered there; but many device names "
					      "fail there, and those that were never right there wait."),
};

enum drop { DROP_BANNED, DROP_SLOWED, DROP_COUNT };

struct bans {
	struct wheel *wheel;
	struct account_table hosts; /* addresses and networks */
	struct account_table names; /* user names at addresses */
	unsigned networks;          /* banned at some time: while 0 no network need be looked up */
	bool (*spared)(void *arg, const struct address *at);
	void *spared_arg;
	struct metric begun[BAN_REASON_COUNT], drops[DROP_COUNT], lifted;
};

struct bans *bans_new(struct wheel *wheel, struct random *random)
{
	struct bans *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->wheel = wheel;
	if (account_table_init(&b->hosts, BANS_HOSTS, random) < 0 ||
	    account_table_init(&b->names, BANS_NAMES, random) < 0)
		return bans_free(b);
	for (size_t i = 0; i < BAN_REASON_COUNT; i++)
		b->begun[i] = (struct metric){
			.name = "alto_bans_total", .labels = reasons[i].label, .help = "Bans begun"};
	b->drops[DROP_BANNED] = (struct metric){
		.name = "alto_bans_dropped_total",
		.labels = "reason=\"banned\"",
		.help = "Datagrams and connections of guests dropped before they were read"};
	b->drops[DROP_SLOWED] = b->drops[DROP_BANNED];
	b->drops[DROP_SLOWED].labels = "reason=\"slowed\"";
	b->lifted = (struct metric){.name = "alto_bans_lifted_total", .help = "Bans ended by an administrator"};
	return b;
}

struct bans *bans_free(struct bans *b)
{
	if (!b)
		return NULL;
	account_table_done(&b->hosts);
	account_table_done(&b->names);
	free(b);
	return NULL;
}

void bans_metrics(struct bans *b, struct metrics *m)
{
	for (size_t i = 0; i < BAN_REASON_COUNT; i++)
		metrics_add(m, &b->begun[i]);
	for (size_t i = 0; i < DROP_COUNT; i++)
		metrics_add(m, &b->drops[i]);
	metrics_add(m, &b->lifted);
}

void bans_set_spared(struct bans *b, bool (*spared)(void *arg, const struct address *at), void *arg)
{
	b->spared = spared;
	b->spared_arg = arg;
}

const char *ban_reason_word(enum ban_reason why)
{
	return reasons[why].word;
}

const char *ban_reason_text(enum ban_reason why)
{
	return reasons[why].text;
}

/* ---- accounts ---- */

/* Whole bytes all four. An IPv6 host chooses the lower half of its address as it likes. */
enum { HOST_V4 = 128, NETWORK_V4 = 120, HOST_V6 = 64, NETWORK_V6 = 48 };

static struct account_key host_key(const struct address *a)
{
	struct account_key k = {.bits = address_is_v4(a) ? HOST_V4 : HOST_V6};
	memcpy(k.ip, a->ip, k.bits / 8);
	return k;
}

static struct account_key network_key(const struct address *a)
{
	struct account_key k = {.bits = address_is_v4(a) ? NETWORK_V4 : NETWORK_V6};
	memcpy(k.ip, a->ip, k.bits / 8);
	return k;
}

static bool is_network(const struct account *a)
{
	return a->bits == NETWORK_V4 || a->bits == NETWORK_V6;
}

static struct account_key name_key(const struct bans *b, const struct guest *g)
{
	struct account_key k = host_key(g->from);
	k.name = siphash24(b->names.key, g->name.p, g->name.n) | 1;
	return k;
}

static bool trusted(const struct account *a, int64_t now_us)
{
	return a && a->trusted_until_us > now_us;
}

static bool banned(const struct account *a, int64_t now_us)
{
	return a && a->until_us > now_us;
}

static uint32_t leaked(uint32_t level, int64_t elapsed_us, int64_t point_us)
{
	int64_t less = elapsed_us / (point_us / 1000);
	return less < level ? level - (uint32_t)less : 0;
}

/* Time that was too short to forgive a thousandth is kept: others at the address, or forgers, may ask at any pace. */
static void leak_level(uint32_t *level, int64_t *since_us, int64_t now_us, int64_t point_us)
{
	int64_t unit_us = point_us / 1000, less = (now_us - *since_us) / unit_us;
	*since_us = less < *level ? *since_us + less * unit_us : now_us;
	*level = less < *level ? *level - (uint32_t)less : 0;
}

static int64_t point_leak_us(const struct account *a)
{
	return is_network(a) ? BAN_NETWORK_LEAK_US : BAN_POINT_LEAK_US;
}

static void leak(struct account *a, int64_t now_us)
{
	leak_level(&a->points, &a->points_us, now_us, point_leak_us(a));
	leak_level(&a->asked, &a->asked_us, now_us, a->name ? BAN_TRY_LEAK_US : GUEST_ASK_LEAK_US);
	a->heard_us = now_us;
}

static struct account *get(struct account_table *t, const struct account_key *key, bool proven, int64_t now_us)
{
	struct account *a = account_get(t, key, proven, now_us);
	leak(a, now_us);
	a->proven |= proven;
	return a;
}

/* ---- bans ---- */

static void tell(struct bans *b, struct account *a, enum ban_reason why, int64_t length_us)
{
	a->since_us = b->wheel->now_us;
	a->dropped = 0;
	metric_add(&b->begun[why], 1);
	/* The address is personal data: `alto bans` shows it, the log does not. */
	log_event(LOG_WARN, "ban.begun", LOG_STR("reason", reasons[why].word), LOG_INT("network", is_network(a)),
		  LOG_INT("seconds", length_us / SECOND_US));
}

static void begin(struct bans *b, struct account *a, enum ban_reason why)
{
	int64_t now_us = b->wheel->now_us, length_us = is_network(a) ? BAN_NETWORK_US : BAN_HOST_US;
	if (now_us - a->until_us > BAN_FORGET_US)
		a->times = 0;
	for (unsigned i = 0; i < a->times && length_us < BAN_MAX_US; i++)
		length_us *= BAN_GROWTH;
	length_us = MIN(length_us, BAN_MAX_US);
	a->times = (uint8_t)MIN(a->times + 1, UINT8_MAX);
	a->until_us = now_us + length_us;
	a->why = (uint8_t)why;
	a->points = a->asked = 0;
	b->networks += is_network(a);
	tell(b, a, why, length_us);
}

/* A network is banned when several of its addresses were within hours, unless one of our phones is in it. */
static void look_at_network(struct bans *b, const struct address *from)
{
	int64_t now_us = b->wheel->now_us;
	struct account_key key = network_key(from);
	struct account *n = get(&b->hosts, &key, true, now_us);
	n->points += 1000;
	if (n->bits && n->points >= BAN_NETWORK_HOSTS * 1000 && !trusted(n, now_us) && !banned(n, now_us))
		begin(b, n, BAN_NEIGHBOURS);
}

/* Is it an office in which names that were never right there must wait? */
static bool new_names_wait(const struct account *host, int64_t now_us)
{
	return trusted(host, now_us) && !banned(host, now_us) &&
	       leaked(host->points, now_us - host->points_us, BAN_POINT_LEAK_US) + 1000 > BAN_POINTS;
}

/* Once for as long as its points last: at the limit it waits, and is tried again, every half a minute. */
static void tell_of_waiting(struct bans *b, struct account *host)
{
	if (host->waited || !new_names_wait(host, b->wheel->now_us))
		return;
	host->waited = true;
	tell(b, host, BAN_NEW_NAMES, BAN_POINT_LEAK_US);
}

/* Points for one who is there. */
static void charge(struct bans *b, struct account *host, const struct guest *g, enum guest_deed deed)
{
	if (!g->proven)
		return;
	host->waited &= host->points > 0;
	host->points = MIN(host->points + deeds[deed].points, (uint32_t)BAN_POINTS);
	tell_of_waiting(b, host);
	if (!host->bits || host->points < BAN_POINTS || trusted(host, b->wheel->now_us) ||
	    banned(host, b->wheel->now_us) || (b->spared && b->spared(b->spared_arg, g->from)))
		return;
	bool first = !host->times;
	begin(b, host, deeds[deed].why);
	if (first)
		look_at_network(b, g->from);
}

static uint32_t asks_now(const struct account *host, int64_t now_us)
{
	return leaked(host->asked, now_us - host->asked_us, GUEST_ASK_LEAK_US);
}

bool bans_admit(struct bans *b, const struct address *from, bool datagram)
{
	int64_t now_us = b->wheel->now_us;
	struct account_key key = host_key(from);
	struct account *host = account_find(&b->hosts, &key), *ban = banned(host, now_us) ? host : NULL;
	if (trusted(host, now_us))
		return true;
	if (!ban && b->networks) {
		key = network_key(from);
		ban = account_find(&b->hosts, &key);
		ban = banned(ban, now_us) ? ban : NULL;
	}
	bool slowed = datagram && !ban && host && asks_now(host, now_us) + 1000 > GUEST_ASKS_MAX;
	if ((!ban && !slowed) || (b->spared && b->spared(b->spared_arg, from)))
		return true;
	if (ban)
		ban->dropped += ban->dropped < UINT32_MAX;
	metric_add(&b->drops[ban ? DROP_BANNED : DROP_SLOWED], 1);
	return false;
}

/* ---- deeds ---- */

/* Each response is remembered as it is: a set of bits fills up, and takes guesses for copies then. */
static bool is_copy(struct account *name, uint16_t attempt)
{
	for (size_t i = 0; i < BAN_ATTEMPTS_KEPT; i++)
		if (name->attempts[i] == attempt)
			return true;
	name->attempts[name->next_attempt++ % BAN_ATTEMPTS_KEPT] = attempt;
	return false;
}

/*
 * The name that was tried. NULL: it is a copy of an earlier attempt, or may be forged: whoever knows a phone's address
 * and name would slow that very phone.
 */
static struct account *count_attempt(struct bans *b, const struct guest *g)
{
	if (!g->proven)
		return NULL;
	struct account_key key = name_key(b, g);
	struct account *name = get(&b->names, &key, true, b->wheel->now_us);
	if (is_copy(name, (uint16_t)(g->attempt % UINT16_MAX + 1)))
		return NULL;
	name->asked = MIN(name->asked + 1000, (uint32_t)BAN_TRIES_MAX);
	return name;
}

/*
 * In an office some phones have old passwords and try for ever: how many names fail says that somebody guesses, how
 * often they do does not. A name that was right there is bounded by itself, and makes no other wait.
 */
static bool counts_in_office(struct account *name, int64_t now_us)
{
	if (trusted(name, now_us) || (name->bits && name->counts_again_us > now_us))
		return false;
	name->counts_again_us = now_us + BAN_NAME_COUNTS_US;
	return true;
}

bool bans_deed(struct bans *b, const struct guest *g, enum guest_deed deed)
{
	int64_t now_us = b->wheel->now_us;
	struct account_key key = host_key(g->from);
	struct account *host = get(&b->hosts, &key, g->proven, now_us);
	bool office = trusted(host, now_us);
	if (deed == GUEST_WRONG_PASSWORD || deed == GUEST_UNKNOWN_USER) {
		struct account *name = count_attempt(b, g);
		if (name && (!office || counts_in_office(name, now_us)))
			charge(b, host, g, deed);
		return host->points < BAN_SLOW_POINTS && !banned(host, now_us);
	}
	if (office)
		return deed != GUEST_SCANNER;
	bool slowed = host->asked + 1000 > GUEST_ASKS_MAX;
	host->asked = MIN(host->asked + (deed == GUEST_SCANNER ? GUEST_SCANNER_ASKS : 1000), (uint32_t)GUEST_ASKS_MAX);
	charge(b, host, g, deed);
	return !slowed && !banned(host, now_us);
}

bool bans_may_try(struct bans *b, const struct guest *g)
{
	int64_t now_us = b->wheel->now_us;
	struct account_key key = name_key(b, g);
	const struct account *name = account_find(&b->names, &key);
	key = host_key(g->from);
	struct account *host = account_find(&b->hosts, &key);
	if (name && leaked(name->asked, now_us - name->asked_us, BAN_TRY_LEAK_US) + 1000 > BAN_TRIES_MAX)
		return false;
	if (trusted(name, now_us) || !new_names_wait(host, now_us))
		return true;
	host->dropped += host->dropped < UINT32_MAX;
	return false;
}

void bans_tried(struct bans *b, const struct guest *g)
{
	struct account_key key = host_key(g->from);
	struct account *host = account_find(&b->hosts, &key);
	if (host && !trusted(host, b->wheel->now_us) && count_attempt(b, g))
		charge(b, host, g, GUEST_WRONG_PASSWORD);
}

/* What its own tries cost, with an old password or for a wrong question of ours, is taken back. */
static void forgive(struct account *host, struct account *name, int64_t now_us)
{
	uint32_t cost = (name->asked + 999) / 1000 * 1000;
	if (trusted(host, now_us))
		cost = name->counts_again_us > now_us ? 1000 : 0;
	host->points -= MIN(host->points, cost);
	name->counts_again_us = 0;
}

void bans_trust(struct bans *b, const struct guest *g)
{
	int64_t now_us = b->wheel->now_us, until_us = now_us + BAN_TRUST_US;
	struct account_key keys[] = {host_key(g->from), network_key(g->from), name_key(b, g)};
	struct account *a[ARRAY_LEN(keys)];
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		a[i] = get(keys[i].name ? &b->names : &b->hosts, &keys[i], true, now_us);
	if (a[0]->bits && a[2]->bits)
		forgive(a[0], a[2], now_us);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!a[i]->bits)
			continue;
		a[i]->trusted_until_us = until_us;
		a[i]->asked = 0;
	}
}

bool bans_trusts(const struct bans *b, const struct address *from)
{
	struct account_key key = host_key(from);
	return trusted(account_find(&b->hosts, &key), b->wheel->now_us);
}

/* ---- shown and lifted ---- */

bool bans_next(const struct bans *b, uint32_t *cursor, struct ban *ret)
{
	const struct wheel *w = b->wheel;
	while (*cursor < b->hosts.count) {
		const struct account *a = &b->hosts.of[(*cursor)++];
		bool waits = new_names_wait(a, w->now_us);
		if (!waits && !banned(a, w->now_us))
			continue;
		int64_t over_us = ((int64_t)a->points + 1000 - BAN_POINTS) * (BAN_POINT_LEAK_US / 1000);
		int64_t until_us = waits ? a->points_us + over_us : a->until_us;
		*ret = (struct ban){.block.bits = a->bits,
				    .why = waits ? BAN_NEW_NAMES : (enum ban_reason)a->why,
				    .times = waits ? 1 : a->times,
				    .since_us = w->wall_us - (w->now_us - a->since_us),
				    .until_us = w->wall_us + (until_us - w->now_us),
				    .dropped = a->dropped};
		memcpy(ret->block.base.ip, a->ip, sizeof(a->ip));
		return true;
	}
	return false;
}

/* What it did, not that a phone of ours is there. */
static void forget(struct account *a, int64_t now_us)
{
	struct account kept = {.name = a->name,
			       .heard_us = a->heard_us,
			       .trusted_until_us = a->trusted_until_us,
			       .bits = a->bits,
			       .proven = a->proven};
	memcpy(kept.ip, a->ip, sizeof(a->ip));
	*a = trusted(a, now_us) ? kept : (struct account){.bits = 0};
}

/* What was tried from there, of any name; NULL: from anywhere. */
static void forget_names(struct bans *b, const struct account *host)
{
	for (struct account *a = b->names.of; a < b->names.of + b->names.count; a++)
		if (!host || (a->bits == host->bits && memcmp(a->ip, host->ip, sizeof(a->ip)) == 0))
			forget(a, b->wheel->now_us);
}

unsigned bans_lift(struct bans *b, const struct address_block *block)
{
	int64_t now_us = b->wheel->now_us;
	unsigned lifted = 0;
	for (struct account *a = b->hosts.of; a < b->hosts.of + b->hosts.count; a++) {
		if ((!banned(a, now_us) && !new_names_wait(a, now_us)) ||
		    (block && (a->bits != block->bits || memcmp(a->ip, block->base.ip, sizeof(a->ip)) != 0)))
			continue;
		if (block)
			forget_names(b, a);
		forget(a, now_us);
		lifted++;
	}
	if (!block)
		forget_names(b, NULL);
	metric_add(&b->lifted, lifted);
	return lifted;
}

void bans_figures(const struct bans *b, struct bans_figures *ret)
{
	struct ban ban;
	*ret = (struct bans_figures){.addresses = 0};
	for (uint32_t cursor = 0; bans_next(b, &cursor, &ban);) {
		bool network = ban.block.bits == NETWORK_V4 || ban.block.bits == NETWORK_V6;
		bool waits = ban.why == BAN_NEW_NAMES;
		ret->waiting += waits;
		ret->networks += network && !waits;
		ret->addresses += !network && !waits;
	}
	int64_t now_us = b->wheel->now_us;
	for (const struct account *a = b->hosts.of; a < b->hosts.of + b->hosts.count; a++)
		ret->slowed += a->bits && !banned(a, now_us) && !trusted(a, now_us) &&
			       asks_now(a, now_us) > GUEST_ASKS_SHOWN;
	for (size_t i = 0; i < DROP_COUNT; i++)
		ret->dropped += (uint64_t)atomic_load_explicit(&b->drops[i].value, memory_order_relaxed);
}
