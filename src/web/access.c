/* web/access.c - the map of passes */
#include "web/access.h"
#include <errno.h>

#include "base/log.h"
#include "crypto/crypto.h"

static bool has_hash(const struct map_node *node, const void *key)
{
	return crypto_equal(container_of(node, struct web_pass, by_hash)->hash, key, STORE_PASS_HASH);
}

static bool has_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, struct web_pass, by_id)->id, *(const struct slice *)key);
}

struct web_pass *web_access_by_id(struct web_access *a, struct slice id)
{
	struct map_node *node = map_find(&a->by_id, map_hash(&a->by_id, id), has_id, &id);
	return node ? container_of(node, struct web_pass, by_id) : NULL;
}

static void drop(struct web_access *a, struct web_pass *p)
{
	map_remove(&a->by_id, &p->by_id);
	map_remove(&a->by_hash, &p->by_hash);
	free(p);
}

static struct slice put_text(char **at, struct slice s)
{
	struct slice kept = slice_of(*at, s.n);
	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return kept;
}

static int add(struct web_access *a, const struct store_pass *row)
{
	struct web_pass *p = calloc(1,
				    sizeof(*p) + row->id.n + row->tenant.n + row->user.n + row->role.n + row->maker.n);
	if (!p)
		return -ENOMEM;
	char *at = p->text;
	p->id = put_text(&at, row->id);
	p->tenant = put_text(&at, row->tenant);
	p->user = put_text(&at, row->user);
	p->role = put_text(&at, row->role);
	p->maker = put_text(&at, row->maker);
	p->kind = (enum store_pass_kind)row->kind;
	memcpy(p->hash, row->hash.p, sizeof(p->hash));
	p->read_only = row->read_only;
	p->created_us = row->created_us;
	p->used_us = row->used_us;
	p->expires_us = row->expires_us;
	if (map_insert(&a->by_id, &p->by_id, map_hash(&a->by_id, p->id)) < 0) {
		free(p);
		return -ENOMEM;
	}
	if (map_insert(&a->by_hash, &p->by_hash, map_hash(&a->by_hash, slice_of(p->hash, sizeof(p->hash)))) < 0) {
		map_remove(&a->by_id, &p->by_id);
		free(p);
		return -ENOMEM;
	}
	return 0;
}

/* Of one that is there only its use changes. */
static int set(struct web_access *a, const struct store_pass *row)
{
	struct web_pass *p = web_access_by_id(a, row->id);
	if (row->hash.n != STORE_PASS_HASH)
		return -EINVAL;
	if (!p)
		return add(a, row);
	p->used_us = MAX(p->used_us, row->used_us);
	return 0;
}

void web_access_apply(struct web_access *a, const struct store_change *change)
{
	if (change->kind != STORE_PASS)
		return;
	struct web_pass *p = change->row ? NULL : web_access_by_id(a, change->id);
	if (p)
		drop(a, p);
	int rc = change->row ? set(a, change->row) : 0;
	if (rc < 0)
		log_event(LOG_ERROR, "web.pass_lost", LOG_SLICE("id", change->id), LOG_INT("error", rc));
}

/* ---- the load ---- */

struct load {
	struct store_job job;
	struct web_access *access;
	int rc, result;
};

static void load_row(void *arg, const void *row)
{
	struct load *load = arg;
	if (load->rc == 0)
		load->rc = set(load->access, row);
}

static int load_run(struct db *db, struct store_job *job)
{
	return store_list(db, STORE_PASS, &(struct store_page){0}, load_row, container_of(job, struct load, job));
}

static void load_done(struct store_job *job, int result)
{
	container_of(job, struct load, job)->result = result;
}

int web_access_new(struct store *store, struct random *random, struct web_access **ret)
{
	struct web_access *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	uint8_t key[16];
	random_bytes(random, key, sizeof(key));
	map_init(&a->by_hash, key);
	map_init(&a->by_id, key);
	web_throttle_init(&a->throttle, random);
	web_challenges_init(&a->challenges, random);
	struct load load = {.job = {.run = load_run, .done = load_done, .bytes = sizeof(load)}, .access = a};
	int rc = store_post(store, &load.job);
	if (rc == 0) {
		store_wait(store); /* the loop does not run yet: nobody else uses the map meanwhile */
		rc = load.result == DB_OK ? load.rc : -EIO;
	}
	if (rc < 0) {
		web_access_free(a);
		return rc;
	}
	*ret = a;
	return 0;
}

static bool free_one(struct map_node *node, void *arg)
{
	drop(arg, container_of(node, struct web_pass, by_id));
	return true;
}

struct web_access *web_access_free(struct web_access *a)
{
	if (!a)
		return NULL;
	map_each(&a->by_id, free_one, a);
	map_done(&a->by_id);
	map_done(&a->by_hash);
	free(a);
	return NULL;
}

/* ---- secrets ---- */

struct web_pass *web_access_find(struct web_access *a, struct slice secret, int64_t wall_us)
{
	uint8_t hash[STORE_PASS_HASH];
	web_secret_hash(secret, hash);
	struct map_node *node = map_find(&a->by_hash, map_hash(&a->by_hash, slice_of(hash, sizeof(hash))), has_hash,
					 hash);
	struct web_pass *p = node ? container_of(node, struct web_pass, by_hash) : NULL;
	return p && p->expires_us > wall_us ? p : NULL;
}

void web_secret_draw(struct random *random, char ret[WEB_SECRET_CHARS + 1])
{
	uint8_t bytes[WEB_SECRET_CHARS / 2];
	random_bytes(random, bytes, sizeof(bytes));
	struct writer w = writer_on(ret, WEB_SECRET_CHARS);
	write_hex(&w, bytes, sizeof(bytes));
	ret[w.n] = 0;
	crypto_wipe(bytes, sizeof(bytes));
}

/* Keys that only tell the two uses apart: the secret is random already, and needs no slow hash. */
void web_secret_hash(struct slice secret, uint8_t ret[STORE_PASS_HASH])
{
	crypto_hmac_sha256(SLICE("alto pass"), secret, ret);
}

void web_csrf(struct slice secret, char ret[WEB_CSRF_CHARS + 1])
{
	uint8_t mac[32];
	crypto_hmac_sha256(SLICE("alto csrf"), secret, mac);
	struct writer w = writer_on(ret, WEB_CSRF_CHARS);
	write_hex(&w, mac, WEB_CSRF_CHARS / 2);
	ret[w.n] = 0;
}
