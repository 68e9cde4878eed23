/* web/write.c - jobs that change rows, and their answers */
#include "web/write.h"
#include <errno.h>

#include "net/loop.h"

/* What a row, its change, what is told of it and the bookkeeping hold at most: every field is bounded by web/check.c.
 */
#define WRITE_BYTES 4096

static int run(struct db *db, struct store_job *job)
{
	struct web_write *w = container_of(job, struct web_write, job);
	int rc = w->run(db, w);
	return rc == DB_OK ? web_act_write(db, &w->act) : rc;
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
	web_act_begin(&w->act, r);
	w->job = (struct store_job){.run = run, .done = done, .bytes = WRITE_BYTES};
	int rc = store_post(r->context->store, &w->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

struct removal {
	struct web_write write;
	struct slice id;
	struct db *db;
	int rc;
};

/* Told while the row is there: its name is looked up, and whose it is. */
static void seen(void *arg, const void *row)
{
	struct removal *r = arg;
	const struct store_pass *p = row;
	struct web_act act = r->write.act;
	act.row.tenant = p->tenant;
	if (p->kind == STORE_SESSION) {
		act.row.act = SLICE("logged-out");
		act.row.owner = p->user;
	} else {
		act.row.object = p->id;
		act.row.object_name = p->name;
	}
	r->rc = web_act_write(r->db, &act);
}

static int removal_run(struct db *db, struct web_write *w)
{
	struct removal *r = container_of(w, struct removal, write);
	r->db = db;
	r->rc = DB_OK;
	int rc = store_get(db, STORE_PASS, r->id, seen, r);
	if (rc == DB_OK)
		rc = r->rc;
	return rc == DB_OK ? store_pass_remove(db, r->id) : rc;
}

static void removal_committed(struct web_write *w)
{
	web_answer_empty(w->request);
}

void web_pass_remove(struct web_request *r, struct slice id)
{
	struct removal *w = web_alloc(r, sizeof(*w));
	if (!w || !web_keep(r, id, &w->id))
		return;
	w->write.run = removal_run;
	w->write.committed = removal_committed;
	web_write_post(&w->write, r);
}

struct leaving {
	struct db *db;
	const struct store_audit *person; /* what is told of the person's removal */
	struct random random;
};

static int token_left(void *arg, const struct store_pass *p)
{
	struct leaving *l = arg;
	char id[STORE_ID_CAP];
	store_new_id(&l->random, l->person->at_us, id);
	return store_audit_add(l->db, &(struct store_audit){.id = slice_of(id, STORE_ID_CAP - 1),
							    .tenant = p->tenant,
							    .at_us = l->person->at_us,
							    .act = SLICE("removed"),
							    .thing = SLICE("token"),
							    .actor_kind = l->person->actor_kind,
							    .actor = l->person->actor,
							    /* Who is of another company is not named there. */
							    .actor_tenant = slice_eq(l->person->actor_tenant, p->tenant)
										    ? p->tenant
										    : SLICE_NONE,
							    .address = l->person->address,
							    .object = p->id,
							    .object_name = p->name});
}

int web_tokens_leave(struct db *db, struct web_change *c)
{
	struct leaving l = {.db = db, .person = &c->act.row};
	random_init(&l.random);
	return store_tokens_remove_of_maker(db, c->id, token_left, &l);
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
