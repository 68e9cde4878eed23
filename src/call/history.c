/*
 * call/history.c - call rows on their way to the store
 *
 * A row that changes several times within a flush is written once. Batches are written one after the other, so an older
 * state of a row never follows a newer one; a batch that the store refuses is tried again until it is taken. Should one
 * row be what it refuses, for good, that row is left out, and counted: the others must not wait for it. A call's memory
 * is free as soon as its last row has been copied.
 */
#include "base/log.h"
#include "call/call.h"

#include <errno.h>

#define RETRY_US SECOND_US

struct row {
	struct store_call call;
	bool refused; /* by the last run */
};

struct batch {
	struct store_job job;
	struct history *history;
	struct batch *next;
	struct arena text;
	bool one_by_one; /* it was refused as a whole: each row by itself, to find out which it is */
	bool row_failed; /* in the last run: what failed was a row, not the commit */
	size_t count;
	struct row rows[];
};

struct history {
	struct switchboard *sb;
	struct call *dirty; /* last in, first out: order between calls does not matter */
	size_t dirty_count;
	struct batch *first, **last; /* waiting; the first is at the store, or about to be tried again */
	bool posted;
	size_t bytes; /* held by batches */
	struct metric dropped;
	struct timer flush_timer, retry_timer;
};

static void post_first(struct history *h);

/* ---- rows ---- */

static bool keep(struct arena *a, struct slice *s)
{
	return arena_dup(a, *s, s);
}

static bool keep_side(struct arena *a, struct store_leg *l)
{
	return keep(a, &l->user) && keep(a, &l->device) && keep(a, &l->trunk) && keep(a, &l->uri) && keep(a, &l->tls) &&
	       keep(a, &l->codec);
}

/* cause, ended_by, transport and suite names are static. */
static bool keep_row(struct arena *a, struct store_call *row)
{
	return keep(a, &row->id) && keep(a, &row->tenant) && keep(a, &row->call_id) && keep(a, &row->trace) &&
	       keep_side(a, &row->caller) && keep_side(a, &row->callee);
}

static bool row_of(struct arena *a, const struct call *c, struct store_call *ret)
{
	*ret = (struct store_call){
		.id = slice_from_string(c->id),
		.tenant = slice_from_string(c->tenant),
		.call_id = text_slice(&c->sip_call_id),
		.started_us = c->started_us,
		.answered_us = c->answered_us,
		.ended_us = c->ended_us,
		.status = c->status,
		.cause = slice_from_string(c->cause),
		.ended_by = slice_from_string(c->ended_by),
		.trace = slice_of(c->trace, c->trace_n),
	};
	side_row(&c->side_a, &ret->caller);
	side_row(&c->side_b, &ret->callee);
	call_hide_callee(c, &ret->callee);
	return keep_row(a, ret);
}

/* The row of the company that is called, from its side: who calls is a number, why the call went so is not its own. */
static bool callee_row_of(struct arena *a, const struct call *c, struct store_call *ret)
{
	if (!row_of(a, c, ret))
		return false;
	ret->id = slice_from_string(c->callee_row);
	ret->tenant = slice_from_string(c->callee_tenant);
	ret->call_id = ret->trace = SLICE_NONE;
	ret->caller = (struct store_leg){.uri = slice_from_string(c->shown_as)};
	side_row(&c->side_b, &ret->callee);
	return keep_row(a, ret);
}

/* The call's row, or both of its rows, behind those that are there. */
static bool add_rows(struct batch *b, const struct call *c)
{
	if (!row_of(&b->text, c, &b->rows[b->count].call))
		return false;
	if (c->callee_tenant[0] && !callee_row_of(&b->text, c, &b->rows[b->count + 1].call))
		return false;
	b->count += c->callee_tenant[0] ? 2 : 1;
	return true;
}

/* ---- batches ---- */

static int row_put(struct db *db, void *row)
{
	return store_call_put(db, row);
}

static int batch_run(struct db *db, struct store_job *job)
{
	struct batch *b = container_of(job, struct batch, job);
	b->row_failed = false;
	for (size_t i = 0; i < b->count; i++) {
		b->rows[i].refused = false;
		int rc = b->one_by_one ? db_attempt(db, row_put, &b->rows[i].call, &b->rows[i].refused)
				       : store_call_put(db, &b->rows[i].call);
		if (rc != DB_OK) {
			b->row_failed = !b->one_by_one && !db_no_memory(db) && (rc == DB_FAILED || rc == DB_CONFLICT);
			return rc;
		}
	}
	return DB_OK;
}

static void count_refused(struct history *h, const struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!b->rows[i].refused)
			continue;
		metric_add(&h->dropped, 1);
		log_event(LOG_ERROR, "history.row_dropped", LOG_SLICE("call", b->rows[i].call.id));
	}
}

static void batch_free(struct batch *b)
{
	b->history->bytes -= b->job.bytes;
	arena_done(&b->text);
	free(b);
}

static void batch_done(struct store_job *job, int result)
{
	struct batch *b = container_of(job, struct batch, job);
	struct history *h = b->history;
	h->posted = false;
	if (result != DB_OK) {
		b->one_by_one |= b->row_failed;
		timer_start(h->sb->wheel, &h->retry_timer, RETRY_US);
		return;
	}
	count_refused(h, b);
	h->first = b->next;
	if (!h->first)
		h->last = &h->first;
	batch_free(b);
	post_first(h);
}

static void post_first(struct history *h)
{
	if (!h->first || h->posted)
		return;
	h->posted = true;
	if (store_post(h->sb->config.store, &h->first->job) == 0)
		return;
	h->posted = false;
	timer_start(h->sb->wheel, &h->retry_timer, RETRY_US);
}

static void retry_due(struct timer *t, void *arg)
{
	post_first(arg);
}

/* ---- what waits ---- */

void history_flush(struct history *h)
{
	if (!h->dirty)
		return;
	struct batch *b = calloc(1, sizeof(*b) + 2 * h->dirty_count * sizeof(b->rows[0]));
	if (!b) {
		timer_start(h->sb->wheel, &h->flush_timer, RETRY_US);
		return;
	}
	b->history = h;
	arena_init(&b->text, 32768, STORE_QUEUE_BYTES_MAX);
	while (h->dirty) {
		struct call *c = h->dirty;
		if (!add_rows(b, c))
			break; /* out of memory: the rest stays for the next round */
		h->dirty = c->next_dirty;
		h->dirty_count--;
		c->row_dirty = false;
		if (c->released)
			call_free(c);
	}
	b->job = (struct store_job){.run = batch_run,
				    .done = batch_done,
				    .bytes = sizeof(*b) + b->count * (sizeof(b->rows[0]) + CALL_TRACE_BYTES)};
	h->bytes += b->job.bytes;
	*h->last = b;
	h->last = &b->next;
	if (h->dirty)
		timer_start(h->sb->wheel, &h->flush_timer, RETRY_US);
	post_first(h);
}

static void flush_due(struct timer *t, void *arg)
{
	history_flush(arg);
}

void history_touch(struct call *c)
{
	struct history *h = c->sb->history;
	if (c->row_dirty)
		return;
	c->row_dirty = true;
	c->next_dirty = h->dirty;
	h->dirty = c;
	h->dirty_count++;
	if (!timer_running(&h->flush_timer))
		timer_start(h->sb->wheel, &h->flush_timer, HISTORY_FLUSH_US);
}

void history_release(struct call *c)
{
	c->released = true;
	history_touch(c);
}

bool history_idle(const struct history *h)
{
	return !h->dirty && !h->first;
}

bool history_stalled(const struct history *h)
{
	return h->bytes > h->sb->config.history_bytes_max;
}

/* ---- made and taken down ---- */

int history_new(struct switchboard *sb, struct history **ret)
{
	struct history *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->sb = sb;
	h->last = &h->first;
	h->dropped = (struct metric){.name = "alto_history_rows_dropped_total",
				     .help = "Call rows that the store refused for good",
				     .kind = METRIC_COUNTER};
	timer_init(&h->flush_timer, flush_due, h);
	timer_init(&h->retry_timer, retry_due, h);
	*ret = h;
	return 0;
}

void history_metrics(struct history *h, struct metrics *m)
{
	metrics_add(m, &h->dropped);
}

/* The store has been closed: nothing of ours is with it any more. */
struct history *history_free(struct history *h)
{
	if (!h)
		return NULL;
	timer_stop(h->sb->wheel, &h->flush_timer);
	timer_stop(h->sb->wheel, &h->retry_timer);
	while (h->first) {
		struct batch *b = h->first;
		h->first = b->next;
		batch_free(b);
	}
	free(h);
	return NULL;
}
