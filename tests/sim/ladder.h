/* sim/ladder.h - the messages that are kept of a call, as a line of text; no secret is in one */
#pragma once
#include "sim/sim.h"
#include "store/messages.h"

/* "> INVITE| < 401|": the ladder of a call, '>' and '<' as seen from the phone, the callee's side with a '2'. */
struct ladder {
	struct store_job job;
	char call[64];
	char text[2048];
	size_t n;
	bool secret;
};

static inline bool ladder_take(void *arg, const struct store_message *m)
{
	struct ladder *l = arg;
	struct slice rest = m->text, line = slice_cut(&rest, '\r');
	bool response = slice_starts(line, SLICE("SIP/2.0 "));
	struct slice word = response ? slice_first(slice_from(line, 8), 3) : slice_cut(&line, ' ');
	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s%s%.*s ", m->callee ? "2" : "",
				 m->sent ? "<" : ">", SLICE_ARG(word));
	l->secret |= memmem(m->text.p, m->text.n, "inline:", 7) && !memmem(m->text.p, m->text.n, "inline:*\r\n", 9);
	return true;
}

static inline int ladder_run(struct db *db, struct store_job *job)
{
	struct ladder *l = container_of(job, struct ladder, job);
	return store_messages_list(db, slice_from_string(l->call), 0, ladder_take, l);
}

static inline void ladder_done(struct store_job *job, int result)
{
	assert_int_equal(result, DB_OK);
}

static inline const char *ladder(struct sim *s, const char *call)
{
	static struct ladder l;
	l = (struct ladder){.job = {.run = ladder_run, .done = ladder_done}};
	snprintf(l.call, sizeof(l.call), "%s", call);
	sim_run(s, SECOND_US);
	switchboard_flush_messages(s->sb);
	assert_int_equal(store_post(s->store, &l.job), 0);
	store_wait(s->store);
	assert_false(l.secret);
	return l.text;
}
