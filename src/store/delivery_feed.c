/* store/delivery_feed.c - from changes of calls, and messages that are over, to deliveries */
#include "store/deliveries.h"
#include "store/instants.h"
#include "store/row.h"

#define CALL_EVENTS (STORE_CALL_ENDED + 1)

struct told_call {
	int64_t seq;
	char tenant[STORE_ID_CAP], id[STORE_ID_CAP];
};

struct webhooks {
	size_t count;
	struct {
		char id[STORE_ID_CAP];
		int64_t events, enabled_us;
		bool given; /* something to send */
	} of[STORE_WEBHOOKS_OF_TENANT];
};

/* Events of one company after the other. */
struct feed {
	struct db *db;
	struct random random; /* the switchboard's own is not ours to use on this thread */
	int64_t wall_us;
	struct slice tenant;      /* whose events are told now; empty: nobody's yet */
	struct webhooks webhooks; /* of it */
	int (*wake)(struct feed *f, struct slice webhook);
};

/* ---- the webhooks of a company ---- */

static int read_webhooks(struct db *db, struct slice tenant, struct webhooks *ret)
{
	struct db_rows *rows = db_query(
		db, "SELECT id, events, enabled_us FROM webhooks WHERE tenant_id = $1 AND state = 0 ORDER BY id",
		&DB_T(tenant), 1);
	if (!rows)
		return DB_FAILED;
	int rc;
	*ret = (struct webhooks){0};
	while ((rc = db_next(rows)) == DB_ROW && ret->count < STORE_WEBHOOKS_OF_TENANT) {
		store_keep_id(ret->of[ret->count].id, db_text(rows, 0));
		ret->of[ret->count].events = db_int(rows, 1);
		ret->of[ret->count].enabled_us = db_int(rows, 2);
		ret->count++;
	}
	db_end(rows);
	return MIN(rc, DB_OK);
}

/* Once for all that they were given: to look for what is too much costs more than to add. */
static int wake_given(struct feed *f)
{
	int rc = DB_OK;
	for (size_t i = 0; i < f->webhooks.count && rc == DB_OK; i++) {
		struct slice webhook = slice_from_string(f->webhooks.of[i].id);
		if (!f->webhooks.of[i].given)
			continue;
		rc = store_deliveries_trim(f->db, webhook);
		if (rc == DB_OK)
			rc = f->wake(f, webhook);
	}
	return rc;
}

/* tenant: borrowed until the next one. */
static int turn_to(struct feed *f, struct slice tenant)
{
	if (slice_eq(f->tenant, tenant))
		return DB_OK;
	int rc = wake_given(f);
	f->tenant = tenant;
	return rc == DB_OK ? read_webhooks(f->db, tenant, &f->webhooks) : rc;
}

/* Who was made, or switched on again, in the middle of a call is told of the rest of it. */
static bool wants(const struct feed *f, size_t i, int event, int64_t at_us)
{
	return (f->webhooks.of[i].events & 1 << event) && at_us >= f->webhooks.of[i].enabled_us;
}

static int add_for_all(struct feed *f, int event, struct slice about, int64_t at_us)
{
	for (size_t i = 0; i < f->webhooks.count; i++) {
		char id[STORE_ID_CAP];
		if (!wants(f, i, event, at_us))
			continue;
		store_new_id(&f->random, f->wall_us, id);
		struct store_delivery d = {.id = slice_from_string(id),
					   .webhook = slice_from_string(f->webhooks.of[i].id),
					   .event = event,
					   .about = about,
					   .at_us = at_us,
					   .next_us = f->wall_us};
		int rc = store_delivery_add(f->db, &d);
		if (rc != DB_OK)
			return rc;
		f->webhooks.of[i].given = true;
	}
	return DB_OK;
}

/* ---- calls ---- */

struct call_feed {
	struct feed feed;
	size_t count;
	struct told_call calls[STORE_DELIVERIES_FED];
	void (*fn)(void *arg, struct slice webhook);
	void *arg;
};

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

static int tell_call(struct feed *f, const struct told_call *c)
{
	int64_t at_us[CALL_EVENTS] = {0}, told = 0, now = 0;
	struct slice id = slice_from_string(c->id);
	int rc = read_call(f->db, id, at_us, &told);
	if (rc == DB_OK)
		rc = turn_to(f, slice_from_string(c->tenant));
	for (int event = 0; rc == DB_OK && event < CALL_EVENTS; event++) {
		if (!at_us[event] || told & 1 << event)
			continue;
		now |= 1 << event;
		rc = add_for_all(f, event, id, at_us[event]);
	}
	if (rc == DB_OK && now)
		rc = db_do(f->db, "UPDATE calls SET told = $1 WHERE id = $2", DB_I(told | now), DB_T(id));
	return rc;
}

static int read_feed(struct call_feed *f, int64_t after)
{
	static const char sql[] =
		"SELECT seq, tenant, id FROM change WHERE seq > $1 AND kind = $2 AND EXISTS (SELECT 1 FROM webhooks, "
		"calls WHERE webhooks.tenant_id = change.tenant AND webhooks.state = 0 AND calls.id = change.id AND "
		"(ended_us = 0 OR ended_us >= enabled_us)) ORDER BY seq LIMIT $3";
	struct db_rows *rows = db_query(
		f->feed.db, sql, (struct db_value[]){DB_I(after), DB_I(STORE_CALL), DB_I(STORE_DELIVERIES_FED)}, 3);
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

static int tell_caller(struct feed *feed, struct slice webhook)
{
	const struct call_feed *f = container_of(feed, struct call_feed, feed);
	f->fn(f->arg, webhook);
	return DB_OK;
}

int store_deliveries_feed(struct db *db, int64_t wall_us, bool *ret_more, void (*fn)(void *arg, struct slice webhook),
			  void *arg)
{
	static const char set[] = "INSERT INTO webhook_feed (number, seq) VALUES (1, $1) "
				  "ON CONFLICT (number) DO UPDATE SET seq = excluded.seq";
	struct call_feed f = {.feed = {.db = db, .wall_us = wall_us, .wake = tell_caller}, .fn = fn, .arg = arg};
	int64_t after = 0, newest = 0;
	random_init(&f.feed.random);
	int rc = db_number(db, "SELECT seq FROM webhook_feed WHERE number = 1", NULL, 0, &after);
	if (rc == DB_OK)
		rc = db_number(db, "SELECT coalesce(max(seq), 0) FROM change", NULL, 0, &newest);
	if (rc == DB_OK)
		rc = read_feed(&f, after);
	for (size_t i = 0; rc == DB_OK && i < f.count; i++)
		rc = tell_call(&f.feed, &f.calls[i]);
	if (rc == DB_OK)
		rc = wake_given(&f.feed);
	*ret_more = f.count == STORE_DELIVERIES_FED;
	if (*ret_more)
		newest = f.calls[f.count - 1].seq;
	return rc == DB_OK && newest != after ? db_do(db, set, DB_I(newest)) : rc;
}

/* ---- messages ---- */

struct instant_feed {
	struct feed feed;
	const struct store_instant *message;
};

/* The change of a webhook says that it has something to send, as after another try was asked for. */
static int note_webhook(struct feed *f, struct slice webhook)
{
	return store_note_change(f->db, f->tenant, STORE_WEBHOOK, webhook);
}

static int tell_instant(struct db *db, void *arg)
{
	struct instant_feed *f = arg;
	const struct store_instant *m = f->message;
	bool delivered = m->status >= 200 && m->status <= 299, wanted = false;
	int event = delivered ? STORE_MESSAGE_DELIVERED : STORE_MESSAGE_FAILED;
	int64_t told = 0;
	for (size_t i = 0; i < f->feed.webhooks.count; i++)
		wanted |= wants(&f->feed, i, event, m->at_us);
	if (!wanted)
		return DB_OK;
	int rc = db_number(db, "SELECT count(*) FROM instants WHERE id = $1", &DB_T(m->id), 1, &told);
	if (rc != DB_OK || told) /* by a commit whose answer got lost */
		return rc;
	f->feed.wall_us = m->at_us;
	rc = store_instant_put(db, m);
	return rc == DB_OK ? add_for_all(&f->feed, event, m->id, m->at_us) : rc;
}

int store_instants_tell(struct db *db, const struct store_instant *messages, size_t count, size_t *ret_refused)
{
	struct instant_feed f = {.feed = {.db = db, .wake = note_webhook}};
	int rc = DB_OK;
	random_init(&f.feed.random);
	for (size_t i = 0; i < count && rc == DB_OK; i++) {
		bool refused = false;
		f.message = &messages[i];
		rc = turn_to(&f.feed, messages[i].tenant);
		if (rc == DB_OK)
			rc = db_attempt(db, tell_instant, &f, &refused);
		*ret_refused += refused;
	}
	return rc == DB_OK ? wake_given(&f.feed) : rc;
}
