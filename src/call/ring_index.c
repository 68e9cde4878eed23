/* call/ring_index.c - who is being rung, so that a phone that registers finds the calls it may join */
#include "call/ringing.h"

struct rung {
	struct map_node by_user;
	char user_id[STORE_ID_CAP];
	struct ringing *first;
};

void rings_init(struct switchboard *sb)
{
	uint32_t max = sb->config.calls_max * (1 + REDIRECTS_MAX);
	pool_init(&sb->rings, sizeof(struct ringing), max);
	pool_init(&sb->rung, sizeof(struct rung), max);
}

void rings_done(struct switchboard *sb)
{
	map_done(&sb->rung_by_user);
	pool_done(&sb->rung);
	pool_done(&sb->rings);
}

static bool match_user(const struct map_node *node, const void *key)
{
	const struct rung *u = container_of(node, const struct rung, by_user);
	return slice_eq(slice_from_string(u->user_id), *(const struct slice *)key);
}

static struct rung *rung_find(struct switchboard *sb, struct slice user_id)
{
	struct map_node *n = map_find(&sb->rung_by_user, map_hash(&sb->rung_by_user, user_id), match_user, &user_id);
	return n ? container_of(n, struct rung, by_user) : NULL;
}

static struct rung *rung_get(struct switchboard *sb, struct slice user_id)
{
	struct rung *u = rung_find(sb, user_id);
	if (u || !(u = pool_take(&sb->rung)))
		return u;
	struct writer w = writer_on(u->user_id, STORE_ID_CAP - 1);
	write_slice(&w, user_id);
	if (map_insert(&sb->rung_by_user, &u->by_user, map_hash(&sb->rung_by_user, user_id)) == 0)
		return u;
	pool_give(&sb->rung, u);
	return NULL;
}

struct ringing *ringing_new(struct call *c, const struct directory_user *user, struct slice from, const char *diverted,
			    uint64_t instance)
{
	struct switchboard *sb = c->sb;
	struct ringing *r = pool_take(&sb->rings);
	if (!r)
		return NULL;
	r->rung = rung_get(sb, user->id);
	if (!r->rung) {
		pool_give(&sb->rings, r);
		return NULL;
	}
	r->call = c;
	r->instance = instance;
	slice_to_string(from, r->from, sizeof(r->from));
	snprintf(r->diverted, sizeof(r->diverted), "%s", diverted);
	r->next_of_call = c->rings;
	c->rings = r;
	r->next = r->rung->first;
	r->prev = &r->rung->first;
	if (r->next)
		r->next->prev = &r->next;
	r->rung->first = r;
	timer_init(&r->review, ring_review_due, r);
	timer_init(&r->patience, ring_review_due, r);
	return r;
}

static void ringing_free(struct ringing *r)
{
	struct switchboard *sb = r->call->sb;
	timer_stop(sb->wheel, &r->review);
	timer_stop(sb->wheel, &r->patience);
	*r->prev = r->next;
	if (r->next)
		r->next->prev = r->prev;
	if (!r->rung->first) {
		map_remove(&sb->rung_by_user, &r->rung->by_user);
		pool_give(&sb->rung, r->rung);
	}
	pool_give(&sb->rings, r);
}

void rings_free(struct call *c)
{
	while (c->rings) {
		struct ringing *r = c->rings;
		c->rings = r->next_of_call;
		ringing_free(r);
	}
}

struct directory_user *ring_callee(const struct ringing *r)
{
	return directory_user_by_id(r->call->sb->config.directory, slice_from_string(r->rung->user_id));
}

/* A flow that registers anew has not failed yet. */
static void forgive(struct ringing *r, uint64_t phone, uint64_t flow)
{
	struct ring_phone *p = ring_phone_find(r, phone);
	for (uint8_t i = 0; p && i < p->failed_count; i++)
		if (p->failed[i] == flow)
			p->failed[i--] = p->failed[--p->failed_count];
}

void ring_new_way(struct switchboard *sb, const struct directory_binding *b)
{
	struct rung *u = rung_find(sb, b->device->user->id);
	for (struct ringing *r = u ? u->first : NULL; r; r = r->next) {
		forgive(r, ring_phone_id(sb, b), ring_hash(sb, directory_binding_text(b, BINDING_ID)));
		timer_start(sb->wheel, &r->review, 0);
	}
}

void ring_way_left(struct switchboard *sb, const struct directory_binding *b)
{
	struct rung *u = rung_find(sb, b->device->user->id);
	for (struct ringing *r = u ? u->first : NULL; r; r = r->next)
		timer_start(sb->wheel, &r->review, 0);
}
