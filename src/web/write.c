/* web/write.c - jobs that change rows, and their answers */
#include "web/write.h"
#include <errno.h>

#include "net/loop.h"

/* What a row, its change and its bookkeeping hold at most: every field is bounded by web/check.c. */
#define WRITE_BYTES 2048

static int run(struct db *db, struct store_job *job)
{
	struct web_write *w = container_of(job, struct web_write, job);
	return w->run(db, w);
}

static void done(struct store_job *job, int result)
{
	struct web_write *w = container_of(job, struct web_write, job);
	struct web_problem p;
	if (result == DB_OK)
		w->committed(w);
	else if (result == DB_CONFLICT && w->explain && w->explain(w, &p))
		web_problem_given(w->request, &p);
	else
		web_problem_store(w->request, result);
}

void web_write_post(struct web_write *w, struct web_request *r)
{
	w->request = r;
	w->job = (struct store_job){.run = run, .done = done, .bytes = WRITE_BYTES};
	int rc = store_post(r->context->store, &w->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

struct removal {
	struct web_write write;
	struct slice id;
	int (*remove)(struct db *db, struct slice id);
};

static int removal_run(struct db *db, struct web_write *w)
{
	struct removal *r = container_of(w, struct removal, write);
	return r->remove(db, r->id);
}

static void removal_committed(struct web_write *w)
{
	web_answer_empty(w->request);
}

void web_remove(struct web_request *r, struct slice id, int (*remove)(struct db *db, struct slice id))
{
	struct removal *w = web_alloc(r, sizeof(*w));
	if (!w || !web_keep(r, id, &w->id))
		return;
	w->remove = remove;
	w->write.run = removal_run;
	w->write.committed = removal_committed;
	web_write_post(&w->write, r);
}

bool web_new_id(struct web_request *r, struct slice *ret)
{
	char *id = web_alloc(r, STORE_ID_CAP);
	if (!id)
		return false;
	store_new_id(r->context->random, loop_wheel(r->context->loop)->wall_us, id);
	*ret = slice_of(id, STORE_ID_CAP - 1);
	return true;
}
