/* web/issuer_learn.c - a place for each issuer that was asked lately: document, then keys, then all who wait are told
 */
#include "web/issuer_learn.h"

#include <errno.h>

#include "net/loop.h"

struct place {
	char id[STORE_ID_CAP];
	int64_t version;                                 /* updated_us of its row: another one is asked anew */
	int64_t used_us, learned_us, anew_us, failed_us; /* monotonic; 0: never */
	struct web_asking asking;
	bool busy;
	struct web_learning *waiting;
	struct web_issuer_facts facts; /* its texts in `urls` and `keys` */
	char *urls, *keys;
	char why[160], trouble[160];
};
struct web_issuers {
	struct web_askings askings;
	struct place places[WEB_ISSUERS_LEARNED];
};

int web_issuers_new(const struct web_context *context, struct web_issuers **ret)
{
	struct web_issuers *all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all->askings.context = context;
	*ret = all;
	return 0;
}

static void empty(struct place *p)
{
	free(p->urls);
	free(p->keys);
	memset(p, 0, sizeof(*p));
}

struct web_issuers *web_issuers_free(struct web_issuers *all)
{
	for (size_t i = 0; all && i < WEB_ISSUERS_LEARNED; i++)
		empty(&all->places[i]);
	free(all);
	return NULL;
}

void web_issuers_close(struct web_issuers *all)
{
	web_askings_close(&all->askings);
}

struct web_askings *web_issuers_askings(struct web_issuers *all)
{
	return &all->askings;
}

static int64_t now_us(const struct web_issuers *all)
{
	return loop_wheel(all->askings.context->loop)->now_us;
}

/* ---- places ---- */

static struct place *find(struct web_issuers *all, const struct directory_issuer *i)
{
	for (size_t n = 0; n < WEB_ISSUERS_LEARNED; n++)
		if (slice_eq(slice_from_string(all->places[n].id), i->id))
			return &all->places[n];
	return NULL;
}

/* Of what is on its way the place stays. NULL: all are. */
static struct place *longest_unused(struct web_issuers *all)
{
	struct place *least = NULL;
	for (size_t n = 0; n < WEB_ISSUERS_LEARNED; n++) {
		struct place *p = &all->places[n];
		if (!p->busy && (!least || p->used_us < least->used_us))
			least = p;
	}
	return least;
}

static struct place *take(struct web_issuers *all, const struct directory_issuer *i)
{
	struct place *p = find(all, i);
	if (!p) {
		p = longest_unused(all);
		if (!p)
			return NULL;
		empty(p);
		store_keep_id(p->id, i->id);
	}
	p->used_us = now_us(all);
	if (p->version != i->updated_us && !p->busy) {
		p->version = i->updated_us;
		p->learned_us = p->anew_us = p->failed_us = 0;
		*p->trouble = 0;
	}
	return p;
}

const char *web_issuer_trouble(struct web_issuers *all, const struct directory_issuer *i)
{
	const struct place *p = all ? find(all, i) : NULL;
	return p && p->version == i->updated_us && *p->trouble ? p->trouble : NULL;
}

void web_issuer_tell(struct web_issuers *all, const struct directory_issuer *i, const char *why)
{
	struct place *p = all ? take(all, i) : NULL;
	if (p)
		snprintf(p->trouble, sizeof(p->trouble), "%s", why ? why : "");
}

/* ---- asked ---- */

static void nobody_waits(struct web_learning *l)
{
	web_problem(l->request, WEB_BUSY, NULL, "nobody waits for the answer");
}

/* It came for an issuer that was changed meanwhile: the one that is set now is asked. */
static void learn_other(struct web_issuers *all, struct place *p, struct web_learning *l)
{
	const struct directory_issuer *i = directory_issuer_by_id(all->askings.context->directory,
								  slice_from_string(p->id));
	if (i && i->updated_us == l->version)
		web_issuer_learn(l->request, i, false, l, l->done);
	else
		l->done(l, NULL, "It was changed meanwhile.");
}

/* why NULL: it is known now. Who is told may ask again. */
static void end(struct place *p, const char *why)
{
	struct web_issuers *all = container_of(p->asking.all, struct web_issuers, askings);
	struct web_learning *waiting = p->waiting;
	int64_t version = p->version;
	p->busy = false;
	p->waiting = NULL;
	snprintf(p->why, sizeof(p->why), "%s", why ? why : "");
	*(why ? &p->failed_us : &p->learned_us) = now_us(all);
	for (struct web_learning *l = waiting, *next; l; l = next) {
		next = l->next;
		if (!l->request->peer)
			nobody_waits(l);
		else if (l->version != version)
			learn_other(all, p, l);
		else
			l->done(l, why ? NULL : &p->facts, p->why);
	}
}

static void came_keys(struct web_asking *a, int status, const json_t *json, const char *why)
{
	struct place *p = container_of(a, struct place, asking);
	const json_t *keys = json_object_get(json, "keys");
	if (!why && (status != 200 || !json_is_array(keys)))
		why = "It does not give its keys.";
	char *text = why ? NULL : json_dumps(json, JSON_COMPACT);
	if (text) {
		free(p->keys);
		p->keys = text;
		p->facts.keys = slice_from_string(text);
	} else if (!why) {
		why = "There is no memory for its keys.";
	}
	end(p, why);
}

/* The texts move to a block of their own. */
static bool keep(struct place *p, const struct openid_metadata *m)
{
	char *urls = malloc(m->authorization.n + m->token.n + m->keys.n + 1);
	if (!urls)
		return false;
	struct writer w = writer_on(urls, m->authorization.n + m->token.n + m->keys.n);
	write_slice(&w, m->authorization);
	write_slice(&w, m->token);
	write_slice(&w, m->keys);
	free(p->urls);
	p->urls = urls;
	p->facts.metadata = *m;
	p->facts.metadata.authorization.p = urls;
	p->facts.metadata.token.p = urls + m->authorization.n;
	p->facts.metadata.keys.p = p->facts.metadata.token.p + m->token.n;
	return true;
}

static void came_document(struct web_asking *a, int status, const json_t *json, const char *why)
{
	struct place *p = container_of(a, struct place, asking);
	struct web_issuers *all = container_of(a->all, struct web_issuers, askings);
	const struct directory_issuer *i = directory_issuer_by_id(all->askings.context->directory,
								  slice_from_string(p->id));
	struct openid_metadata m;
	char url[WEB_HOOK_URL_MAX + 1];
	if (!why && status != 200)
		why = "There is no document at its address, with /.well-known/openid-configuration behind it.";
	if (!why && (!i || i->updated_us != p->version))
		why = "It was changed meanwhile.";
	if (!why && openid_metadata_read(json, i->url, &m, &why) && !keep(p, &m))
		why = "There is no memory for its document.";
	if (!why) {
		slice_to_string(m.keys, url, sizeof(url));
		if (web_ask(a, url, NULL, SLICE_NONE, came_keys, &why) == 0)
			return;
	}
	end(p, why);
}

static void begin(struct web_asking *a)
{
	struct place *p = container_of(a, struct place, asking);
	const struct directory_issuer *i = directory_issuer_by_id(a->all->context->directory, slice_from_string(p->id));
	char url[WEB_HOOK_URL_MAX + 64];
	const char *why = "It was changed meanwhile.";
	struct writer w = writer_on(url, sizeof(url) - 1);
	if (i && i->updated_us == p->version) {
		openid_discovery_url(i->url, &w);
		url[w.n] = 0;
		if (web_ask(a, url, NULL, SLICE_NONE, came_document, &why) == 0)
			return;
	}
	end(p, why);
}

static void ask(struct web_issuers *all, struct place *p, const struct directory_issuer *i)
{
	p->busy = true;
	if (web_ask_in_turn(&all->askings, &p->asking, i->tenant->id, begin) < 0)
		end(p, "Too many of the company are signing in at this moment.");
}

static bool is_known(const struct place *p, int64_t version, int64_t now)
{
	return p->version == version && p->learned_us && now - p->learned_us <= WEB_ISSUER_LEARNED_US;
}

/* Does who asks wait for an answer? For a new key only where that is missing, and none was asked for lately. */
static bool waits(struct place *p, bool known, bool anew, int64_t now)
{
	if (!known)
		return p->busy || !p->failed_us || now - p->failed_us > WEB_ISSUER_FAILED_US;
	if (!anew || (!p->busy && p->anew_us && now - p->anew_us < WEB_ISSUER_AGAIN_US))
		return false;
	p->anew_us = now;
	return true;
}

/* How many wait for it; those whose client has gone do so no longer. */
static unsigned waiting(struct place *p)
{
	unsigned n = 0;
	for (struct web_learning **at = &p->waiting, *l; (l = *at);) {
		if (l->request->peer) {
			n++;
			at = &l->next;
			continue;
		}
		*at = l->next;
		nobody_waits(l);
	}
	return n;
}

void web_issuer_learn(struct web_request *r, const struct directory_issuer *i, bool anew, struct web_learning *l,
		      void (*done)(struct web_learning *, const struct web_issuer_facts *, const char *))
{
	struct web_issuers *all = r->context->issuers;
	struct place *p = all ? take(all, i) : NULL;
	*l = (struct web_learning){.request = r, .version = i->updated_us, .done = done};
	if (!p) {
		done(l, NULL, "Too many issuers are being asked.");
		return;
	}
	bool known = is_known(p, i->updated_us, now_us(all));
	if (!waits(p, known, anew, now_us(all))) {
		done(l, known ? &p->facts : NULL, p->why);
		return;
	}
	if (waiting(p) == WEB_ISSUER_WAITING) {
		web_problem(r, WEB_BUSY, NULL, "too many of your company are signing in; try again in a moment");
		return;
	}
	l->next = p->waiting;
	p->waiting = l;
	if (!p->busy)
		ask(all, p, i);
}
