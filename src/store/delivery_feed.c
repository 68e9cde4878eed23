/* store/delivery_feed.c - from changes of calls, and messages that are over, to deliveries */
#include "store/deliveries.h"
#include "store/instants.h"
#include "store/row.h"

#define CALL_EVENTS (STORE_CALL_ENDED + 1)

struct told_call {
	int64_t seq;
	char tenant[STORE_ID_CAP], id[STORE_ID_CAP];
};

struct feed {
	struct db *db;
	struct random random; /* the switchboard's own is not ours to use on this thread */
	int64_t wall_us;
	size_t count;
	struct told_call calls[STORE_DELIVERIES_FED];
	void (*fn)(void *arg, struct slice webhook);
	void *arg;
};

/* ---- one call ---- */

/* When each event of the call happened; 0: not yet. */
static int read_call(struct db *db, struct slice id, int64_t ret_at_us[CALL_EVENTS], int64_t *ret_told)
{
	struct db_rows *rows = db_query(db, "SELECT told, started_us, answered_us, ended_us FROM calls WHERE id = $1",
					&DB_T(id), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		*ret_told = db_int(rows, 0);
		for (int event = 0; event < CALL_EVENTS; event++)
			ret_at_us[event] = db_int(rows, event + 1);
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}

struct webhooks {
	size_t count;
	struct {
		char id[STORE_ID_CAP];
		int64_t events, enabled_us;
	} of[STORE_WEBHOOKS_OF_TENANT];
};

static int read_webhooks(struct db *db, struct slice tenant, struct webhooks *ret)
{
	struct db_rows *rows = db_query(
		db, "SELECT id, events, enabled_us FROM webhooks WHERE tenant_id = $1 AND state = 0 ORDER BY id",
		&DB_T(tenant), 1);
	if (!rows)
		return DB_FAILED;
	int rc;
	ret->count = 0;
	while ((rc = db_next(rows)) == DB_ROW && ret->count < STORE_WEBHOOKS_OF_TENANT) {
		store_keep_id(ret->of[ret->count].id, db_text(rows, 0));
		ret->of[ret->count].events = db_int(rows, 1);
		ret->of[ret->count].enabled_us = db_int(rows, 2);
		ret->count++;
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}

/* Who was made, or switched on again, in the middle of a call is told of the rest of it. */
static int add_for_all(struct feed *f, const struct webhooks *all, int event, struct slice about, int64_t at_us)
{
	for (size_t i = 0; i < all->count; i++) {
		struct slice webhook = slice_from_string(all->of[i].id);
		char id[STORE_ID_CAP];
		if (!(all->of[i].events & 1 << event) || at_us < all->of[i].enabled_us)
			continue;
		store_new_id(&f->random, f->wall_us, id);
		struct store_delivery d = {.id = slice_from_string(id),
					   .webhook = webhook,
					   .event = event,
					   .about = about,
					   .at_us = at_us,
					   .next_us = f->wall_us};
		int rc = store_delivery_add(f->db, &d);
		if (rc != DB_OK)
			return rc;
		f->fn(f->arg, webhook);
	}
	return DB_OK;
}

static int tell_call(struct feed *f, const struct told_call *c)
{
	int64_t at_us[CALL_EVENTS] = {0}, told = 0, now = 0;
	struct slice id = slice_from_string(c->id);
	struct webhooks all;
	int rc = read_call(f->db, id, at_us, &told);
	if (rc == DB_OK)
		rc = read_webhooks(f->db, slice_from_string(c->tenant), &all);
	for (int event = 0; rc == DB_OK && event < CALL_EVENTS; event++) {
		if (!at_us[event] || told & 1 << event)
			continue;
		now |= 1 << event;
		rc = add_for_all(f, &all, event, id, at_us[event]);
	}
	if (rc == DB_OK && now)
		rc = db_do(f->db, "UPDATE calls SET told = $1 WHERE id = $2", DB_I(told | now), DB_T(id));
	return rc;
}

/* ---- the feed ---- */

static int read_feed(struct feed *f, int64_t after)
{
	static const char sql[] =
		"SELECT seq, tenant, id FROM change WHERE seq > $1 AND kind = $2 AND EXISTS (SELECT 1 FROM webhooks, "
		"calls WHERE webhooks.tenant_id = change.tenant AND webhooks.state = 0 AND calls.id = change.id AND "
		"(ended_us = 0 OR ended_us >= enabled_us)) ORDER BY seq LIMIT $3";
	struct db_rows *rows = db_query(
		f->db, sql, (struct db_value[]){DB_I(after), DB_I(STORE_CALL), DB_I(STORE_DELIVERIES_FED)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		struct told_call *c = &f->calls[f->count++];
		c->seq = db_int(rows, 0);
		store_keep_id(c->tenant, db_text(rows, 1));
		store_keep_id(c->id, db_text(rows, 2));
	}
	db_end(rows);
	return rc;
}

int store_deliveries_feed(struct db *db, int64_t wall_us, bool *ret_more, void (*fn)(void *arg, struct slice webhook),
			  void *arg)
{
	static const char set[] = "INSERT INTO webhook_feed (number, seq) VALUES (1, $1) "
				  "ON CONFLICT (number) DO UPDATE SET seq = excluded.seq";
	struct feed f = {.db = db, .wall_us = wall_us, .fn = fn, .arg = arg};
	int64_t after = 0, newest = 0;
	random_init(&f.random);
	int rc = db_number(db, "SELECT seq FROM webhook_feed WHERE number = 1", NULL, 0, &after);
	if (rc == DB_OK)
		rc = db_number(db, "SELECT coalesce(max(seq), 0) FROM change", NULL, 0, &newest);
	if (rc == DB_OK)
		rc = read_feed(&f, after);
	for (size_t i = 0; rc == DB_OK && i < f.count; i++)
		rc = tell_call(&f, &f.calls[i]);
	*ret_more = f.count == STORE_DELIVERIES_FED;
	if (*ret_more)
		newest = f.calls[f.count - 1].seq;
	return rc == DB_OK && newest != after ? db_do(db, set, DB_I(newest)) : rc;
}

/* ---- messages ---- */

struct hearing {
	struct db *db;
	struct slice tenant;
	int rc;
};

/* It has something to send: the change of its webhook says so, as after another try was asked for. */
static void wake(void *arg, struct slice webhook)
{
	struct hearing *h = arg;
	if (h->rc == DB_OK)
		h->rc = store_note_change(h->db, h->tenant, STORE_WEBHOOK, webhook);
}

int store_instant_tell(struct db *db, const struct store_instant *m)
{
	bool delivered = m->status >= 200 && m->status <= 299;
	int event = delivered ? STORE_MESSAGE_DELIVERED : STORE_MESSAGE_FAILED;
	struct webhooks all;
	struct hearing h = {.db = db, .tenant = m->tenant};
	struct feed f = {.db = db, .wall_us = m->at_us, .fn = wake, .arg = &h};
	int rc = read_webhooks(db, m->tenant, &all);
	bool wanted = false;
	for (size_t i = 0; rc == DB_OK && i < all.count; i++)
		wanted |= (all.of[i].events & 1 << event) && m->at_us >= all.of[i].enabled_us;
	if (rc != DB_OK || !wanted)
		return rc;
	random_init(&f.random);
	rc = store_instant_put(db, m);
	if (rc == DB_OK)
		rc = add_for_all(&f, &all, event, m->id, m->at_us);
	return rc == DB_OK ? h.rc : rc;
}
