/* call/instant_tell.c - what came of instant messages, a batch after the other: see instant_tell.h */
#include "base/log.h"
#include "call/instant.h"

#define RETRY_US SECOND_US

struct instant_telling {
	struct instant_telling *next;
	int64_t at_us;
	unsigned status;
	struct instant_story story;
};

static struct directory_tenant *tenant_of(const struct switchboard *sb, const struct instant_story *story)
{
	return directory_tenant_by_id(sb->config.directory, slice_from_string(story->tenant));
}

static struct store_instant row_of(const struct instant_telling *t)
{
	const struct instant_story *m = &t->story;
	return (struct store_instant){
		.id = slice_from_string(m->id),
		.tenant = slice_from_string(m->tenant),
		.sender = slice_from_string(m->sender),
		.from = slice_from_string(m->from),
		.recipient = slice_from_string(m->recipient),
		.to = slice_from_string(m->to),
		.type = slice_from_string(m->type),
		.bytes = (int64_t)m->bytes,
		.status = t->status,
		.at_us = t->at_us,
	};
}

static int tell_run(struct db *db, struct store_job *job)
{
	struct instant_tellings *tellings = container_of(job, struct instant_tellings, job);
	struct store_instant rows[INSTANTS_TOLD_AT_ONCE];
	for (size_t i = 0; i < tellings->posted; i++)
		rows[i] = row_of(tellings->batch[i]);
	tellings->refused = 0;
	return store_instants_tell(db, rows, tellings->posted, &tellings->refused);
}

static void post(struct switchboard *sb)
{
	struct instant_tellings *tellings = &sb->tellings;
	if (tellings->posted || !tellings->first)
		return;
	for (struct instant_telling *t = tellings->first; t && tellings->posted < INSTANTS_TOLD_AT_ONCE; t = t->next)
		tellings->batch[tellings->posted++] = t;
	tellings->job.bytes = tellings->posted * sizeof(struct instant_telling);
	if (store_post(sb->config.store, &tellings->job) == 0)
		return;
	tellings->posted = 0;
	timer_start(sb->wheel, &tellings->retry, RETRY_US);
}

static void drop_first(struct switchboard *sb)
{
	struct instant_tellings *tellings = &sb->tellings;
	struct instant_telling *t = tellings->first;
	struct directory_tenant *tenant = tenant_of(sb, &t->story);
	if (tenant && tenant->telling) /* one that was removed and made anew has told nothing */
		tenant->telling--;
	tellings->first = t->next;
	if (!tellings->first)
		tellings->last = &tellings->first;
	tellings->count--;
	free(t);
}

static void tell_done(struct store_job *job, int result)
{
	struct switchboard *sb = container_of(job, struct switchboard, tellings.job);
	struct instant_tellings *tellings = &sb->tellings;
	size_t n = tellings->posted;
	tellings->posted = 0;
	if (result != DB_OK) {
		timer_start(sb->wheel, &tellings->retry, RETRY_US);
		return;
	}
	metric_add(&sb->instants_untold, tellings->refused);
	while (n--)
		drop_first(sb);
	post(sb);
}

static void retry(struct timer *t, void *arg)
{
	post(arg);
}

void instant_tell(const struct instant *m, unsigned status)
{
	struct switchboard *sb = m->sb;
	struct directory_tenant *tenant = tenant_of(sb, &m->story);
	if (!tenant || !tenant->hearing)
		return;
	struct instant_telling *t = calloc(1, sizeof(*t));
	if (!t) {
		metric_add(&sb->instants_untold, 1);
		return;
	}
	t->at_us = sb->wheel->wall_us;
	t->status = status;
	t->story = m->story;
	*sb->tellings.last = t;
	sb->tellings.last = &t->next;
	sb->tellings.count++;
	tenant->telling++;
	if (!timer_running(&sb->tellings.retry))
		post(sb);
}

bool instant_tellings_have_room(const struct switchboard *sb, const struct directory_tenant *tenant)
{
	return !tenant->hearing ||
	       (tenant->telling < INSTANTS_TELLING_OF_TENANT && sb->tellings.count < INSTANTS_TELLING_MAX);
}

void instant_tellings_init(struct switchboard *sb)
{
	sb->tellings.last = &sb->tellings.first;
	sb->tellings.job = (struct store_job){.run = tell_run, .done = tell_done};
	timer_init(&sb->tellings.retry, retry, sb);
}

void instant_tellings_done(struct switchboard *sb)
{
	timer_stop(sb->wheel, &sb->tellings.retry);
	if (sb->tellings.count) /* the database could not be written until the end */
		log_event(LOG_ERROR, "instants.lost", LOG_INT("count", (int64_t)sb->tellings.count));
	while (sb->tellings.first)
		drop_first(sb);
}
