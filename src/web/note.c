/* web/note.c - jobs that write one row of the audit trail, and free themselves */
#include "web/note.h"
#include <errno.h>

#include "base/log.h"
#include "directory/directory.h"

#define NOTE_BYTES 4096

struct note {
	struct store_job job;
	struct web_act act;
	struct arena arena; /* the row's texts */
	int64_t once_us;
};

static struct note *note_free(struct note *n)
{
	if (n)
		arena_done(&n->arena);
	free(n);
	return NULL;
}

static int note_run(struct db *db, struct store_job *job)
{
	const struct note *n = container_of(job, struct note, job);
	bool done = false;
	int rc = DB_OK;
	if (n->once_us)
		rc = store_audit_done(db, &n->act.row, n->act.row.at_us - n->once_us, &done);
	return rc == DB_OK && !done ? store_audit_add(db, &n->act.row) : rc;
}

/* Which of a run of failed log-ins are told: the 1st, 10th, 100th ... */
static bool is_told(int64_t failed)
{
	while (failed >= 10 && failed % 10 == 0)
		failed /= 10;
	return failed == 1;
}

static int failed_run(struct db *db, struct store_job *job)
{
	struct note *n = container_of(job, struct note, job);
	struct store_audit *row = &n->act.row;
	/* Whatever session or token came with it: who guesses has not shown who they are, and is told by the address.
	 */
	row->actor_kind = SLICE("nobody");
	row->actor = row->actor_tenant = SLICE_NONE;
	int rc = store_try_failed(db, row->owner, &row->failed);
	return rc == DB_OK && is_told(row->failed) ? store_audit_add(db, row) : rc;
}

static void note_done(struct store_job *job, int result)
{
	struct note *n = container_of(job, struct note, job);
	/* A person who was removed meanwhile is nobody's failed log-in. */
	if (result < 0 && result != DB_CONFLICT)
		log_event(LOG_ERROR, "web.act_not_told", LOG_SLICE("tenant", n->act.row.tenant),
			  LOG_SLICE("act", n->act.row.act), LOG_SLICE("thing", n->act.row.thing));
	note_free(n);
}

static bool keep_texts(struct note *n)
{
	struct store_audit *row = &n->act.row;
	struct slice *texts[] = {&row->tenant, &row->actor,       &row->actor_tenant,
				 &row->object, &row->object_name, &row->owner};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!arena_dup(&n->arena, *texts[i], texts[i]))
			return false;
	return true;
}

static void post(const struct web_request *r, const struct web_note *from, int (*run)(struct db *, struct store_job *))
{
	struct note *n = calloc(1, sizeof(*n));
	int rc = -ENOMEM;
	if (n) {
		arena_init(&n->arena, 512, NOTE_BYTES);
		n->act.row = (struct store_audit){.act = slice_from_string(from->act),
						  .thing = slice_from_string(from->thing),
						  .tenant = from->tenant,
						  .object = from->object,
						  .object_name = from->name,
						  .owner = from->owner};
		web_act_begin(&n->act, r);
		n->once_us = from->once_us;
		n->job = (struct store_job){.run = run, .done = note_done, .bytes = NOTE_BYTES};
		rc = keep_texts(n) ? store_post(r->context->store, &n->job) : -ENOMEM;
	}
	if (rc == 0)
		return;
	note_free(n);
	log_event(LOG_ERROR, "web.act_not_told", LOG_SLICE("tenant", from->tenant), LOG_INT("error", rc));
}

void web_note(const struct web_request *r, const struct web_note *n)
{
	post(r, n, note_run);
}

void web_note_failed(const struct web_request *r, const struct directory_user *u)
{
	if (u)
		post(r,
		     &(struct web_note){.act = "failed", .thing = "session", .tenant = u->tenant->id, .owner = u->id},
		     failed_run);
}
