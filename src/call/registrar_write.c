/*
 * call/registrar_write.c - bindings on their way to the disk: refreshes many in one job, and the end of those not
 * refreshed
 */
#include "base/log.h"
#include "call/register_job.h"

/* ---- refreshed bindings ---- */

struct write_row {
	struct store_binding binding;
	int result;
	bool refused; /* for good: the others are written without it */
};

struct write_job {
	struct store_job job;
	struct registrar *registrar;
	struct arena text;
	size_t count;
	struct write_row rows[];
};

void binding_mark_dirty(struct registrar *r, struct directory_binding *b)
{
	if (b->dirty || b->device->browser)
		return;
	if (r->dirty.count == r->dirty.cap) {
		size_t cap = r->dirty.cap ? r->dirty.cap * 2 : 64;
		void *ids = realloc(r->dirty.ids, cap * sizeof(r->dirty.ids[0]));
		if (!ids)
			return; /* written at its next refresh */
		r->dirty.ids = ids;
		r->dirty.cap = cap;
	}
	struct writer w = writer_on(r->dirty.ids[r->dirty.count], STORE_ID_CAP - 1);
	write_slice(&w, directory_binding_text(b, BINDING_ID));
	r->dirty.ids[r->dirty.count++][w.n] = 0;
	b->dirty = true;
	if (r->dirty.count == REGISTER_WRITE_MANY)
		timer_start(r->sb->wheel, &r->write_timer, REGISTER_WRITE_MANY_US);
	else if (!timer_running(&r->write_timer))
		timer_start(r->sb->wheel, &r->write_timer, REGISTER_WRITE_US);
}

static int put_row(struct db *db, void *arg)
{
	struct write_row *row = arg;
	return row->result = store_binding_put(db, &row->binding);
}

/* A row that is refused is not the affair of the others. */
static int write_one(struct db *db, struct write_row *row)
{
	int rc = db_attempt(db, put_row, row, &row->refused);
	if (rc == DB_OK && row->refused && row->result == DB_FAILED) /* else its device was removed meanwhile */
		log_event(LOG_ERROR, "registrar.row_dropped", LOG_SLICE("binding", row->binding.id),
			  LOG_STR("why", db_message(db)));
	return rc;
}

static int write_run(struct db *db, struct store_job *job)
{
	struct write_job *wj = container_of(job, struct write_job, job);
	int rc = DB_OK;
	for (size_t i = 0; rc == DB_OK && i < wj->count; i++)
		rc = write_one(db, &wj->rows[i]);
	return rc;
}

static void write_done(struct store_job *job, int result)
{
	struct write_job *wj = container_of(job, struct write_job, job);
	if (result != DB_OK || wj->count) /* that nothing can be written shows nothing */
		wj->registrar->failing = result != DB_OK;
	for (size_t i = 0; i < wj->count; i++) {
		const struct write_row *row = &wj->rows[i];
		struct directory_binding *b = directory_binding_by_id(wj->registrar->sb->config.directory,
								      row->binding.id);
		if (!b)
			continue;
		if (result != DB_OK) {
			binding_mark_dirty(wj->registrar, b);
			continue;
		}
		b->unsaved = row->refused; /* tried again with its phone's next REGISTER */
		if (!row->refused)
			b->stored_until_us = row->binding.expires_us;
	}
	arena_done(&wj->text);
	free(wj);
}

void registrar_flush(struct registrar *r)
{
	ASSERT_ON(r->sb->thread);
	struct dirty d = r->dirty;
	if (!d.count)
		return;
	struct write_job *wj = calloc(1, sizeof(*wj) + d.count * sizeof(wj->rows[0]));
	if (!wj)
		return; /* stays dirty; the next refresh or stop tries again */
	r->dirty = (struct dirty){0};
	wj->registrar = r;
	wj->job = (struct store_job){.run = write_run, .done = write_done, .bytes = d.count * sizeof(wj->rows[0])};
	arena_init(&wj->text, 16384, STORE_QUEUE_BYTES_MAX);
	for (size_t i = 0; i < d.count; i++) {
		struct directory_binding *b = directory_binding_by_id(r->sb->config.directory,
								      slice_from_string(d.ids[i]));
		if (!b)
			continue;
		b->dirty = false;
		/* Is it being removed? Written behind that, its row would come back. */
		if (register_job_find(r, b->device->id))
			binding_mark_dirty(r, b);
		else if (binding_row(r->sb, &wj->text, b, &wj->rows[wj->count].binding))
			wj->count++;
	}
	free(d.ids);
	if (store_post(r->sb->config.store, &wj->job) < 0)
		write_done(&wj->job, DB_BUSY); /* marks them dirty again, for the next round */
}

void registrar_write_due(struct timer *t, void *arg)
{
	registrar_flush(arg);
}

/* ---- the bindings' own lives ---- */

struct expire_job {
	struct store_job job;
	char id[STORE_ID_CAP];
};

static int expire_run(struct db *db, struct store_job *job)
{
	struct expire_job *ej = container_of(job, struct expire_job, job);
	return store_binding_remove(db, slice_from_string(ej->id));
}

static void expire_done(struct store_job *job, int result)
{
	/* A row that could not be removed is past its expiry: the next start drops it. */
	free(container_of(job, struct expire_job, job));
}

static void binding_expired(struct timer *t, void *arg)
{
	struct directory_binding *b = container_of(t, struct directory_binding, expiry);
	struct registrar *r = arg;
	struct expire_job *ej = b->device->browser ? NULL : calloc(1, sizeof(*ej));
	if (ej) {
		ej->job = (struct store_job){.run = expire_run, .done = expire_done, .bytes = sizeof(*ej)};
		struct writer w = writer_on(ej->id, sizeof(ej->id) - 1);
		write_slice(&w, directory_binding_text(b, BINDING_ID));
		if (store_post(r->sb->config.store, &ej->job) < 0)
			free(ej);
	}
	directory_binding_remove(r->sb->config.directory, b);
}

void binding_added(void *arg, struct directory_binding *b, const struct store_binding *row)
{
	struct registrar *r = arg;
	binding_find_listener(r->sb, b, row->listener);
	guest_is_device(r->sb, &b->remote, b->device->username); /* also of one that a restart brings back */
	timer_stop(r->sb->wheel, &b->expiry);                    /* a changed binding comes this way too */
	timer_init(&b->expiry, binding_expired, r);
	/* The clock may have been set back while we were away: nobody was heard later than now, for longer than is
	 * given. */
	int64_t wall_us = r->sb->wheel->wall_us;
	b->updated_us = MIN(b->updated_us, wall_us);
	b->expires_us = MIN(b->expires_us, wall_us + REGISTER_EXPIRES_MAX_S * SECOND_US);
	int64_t left_us = b->expires_us - wall_us;
	if (left_us <= 0) /* while we were away, and with it perhaps all the others */
		left_us = random_below(r->sb->random, REGISTER_LATE_US);
	timer_start(r->sb->wheel, &b->expiry, left_us);
	keepalive_start(r, b);
	registrar_review(r->sb, b->device);
}

struct clock_set {
	struct registrar *registrar;
	int64_t by_us;
};

static void move_times(void *arg, struct directory_binding *b)
{
	const struct clock_set *set = arg;
	b->expires_us += set->by_us;
	b->updated_us += set->by_us;
	binding_mark_dirty(set->registrar, b);
}

/*
 * A few 10 ms for 100,000 of them, on the rare day that it happens. A row that is at the store in this very moment has
 * the old time: its phone mends it with its next REGISTER.
 */
void registrar_clock_set(struct registrar *r, int64_t by_us)
{
	struct clock_set set = {.registrar = r, .by_us = by_us};
	directory_bindings_each(r->sb->config.directory, move_times, &set);
}

void binding_removed(void *arg, struct directory_binding *b)
{
	struct registrar *r = arg;
	timer_stop(r->sb->wheel, &b->expiry);
	keepalive_stop(r, b);
	binding_leave_connection(r, b);
	registrar_review(r->sb, b->device);
	ring_way_left(r->sb, b);
}

void binding_left(void *arg, struct directory_binding *b)
{
	timer_stop(arg, &b->expiry);
	timer_stop(arg, &b->keepalive);
	b->watched = false;
}
