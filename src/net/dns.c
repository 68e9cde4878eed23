/* net/dns.c - questions, and what is remembered of their answers. How they reach the servers is in dns_channel.c */
#include <errno.h>

#include "base/map.h"
#include "base/random.h"
#include "net/dns_private.h"

/* ---- what is remembered ---- */

struct key {
	const char *name;
	enum dns_type type;
};

static bool same_question(const struct map_node *node, const void *key)
{
	const struct dns_entry *e = container_of(node, struct dns_entry, node);
	const struct key *k = key;
	return e->type == k->type && strcmp(e->name, k->name) == 0;
}

static uint64_t hash_of(const struct dns *d, const struct key *k)
{
	return map_hash_with(&d->entries, (uint64_t)k->type, slice_from_string(k->name));
}

static void list_remove(struct dns *d, struct dns_entry *e)
{
	if (e->newer)
		e->newer->older = e->older;
	else
		d->newest = e->older;
	if (e->older)
		e->older->newer = e->newer;
	else
		d->oldest = e->newer;
}

static void list_add(struct dns *d, struct dns_entry *e)
{
	e->newer = NULL;
	e->older = d->newest;
	if (e->older)
		e->older->newer = e;
	else
		d->oldest = e;
	d->newest = e;
}

static void entry_free(struct dns_entry *e)
{
	struct dns *d = e->dns;

	timer_stop(loop_wheel(d->loop), &e->deadline);
	map_remove(&d->entries, &e->node);
	list_remove(d, e);
	free(e->answer);
	free(e);
}

/* A place for one more: of those that nobody waits for, the one not asked for longest gives its own. */
static bool make_room(struct dns *d)
{
	if (d->entries.count < DNS_ENTRIES_MAX)
		return true;
	struct dns_entry *e = d->oldest;
	while (e && (e->asked || e->waiting))
		e = e->newer;
	if (!e)
		return false;
	entry_free(e);
	return true;
}

/*
 * Nobody answered. Those who wait are told, or given what was true before; c-ares goes on by itself, and what it still
 * brings is kept for the next.
 */
static void deadline_passed(struct timer *timer, void *arg)
{
	dns_failed(arg, -ETIMEDOUT);
}

static int entry_get(struct dns *d, const struct key *k, struct dns_entry **ret)
{
	uint64_t hash = hash_of(d, k);
	struct map_node *node = map_find(&d->entries, hash, same_question, k);
	struct dns_entry *e = node ? container_of(node, struct dns_entry, node) : NULL;

	if (e) {
		list_remove(d, e);
		list_add(d, e);
		*ret = e;
		return 0;
	}
	if (!make_room(d))
		return -ENOBUFS;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->dns = d;
	e->type = k->type;
	snprintf(e->name, sizeof(e->name), "%s", k->name);
	timer_init(&e->deadline, deadline_passed, e);
	if (map_insert(&d->entries, &e->node, hash) < 0) {
		free(e);
		return -ENOMEM;
	}
	list_add(d, e);
	*ret = e;
	return 0;
}

/* ---- who waits ---- */

static void query_end(struct dns_query *q)
{
	*q->prev = q->next;
	if (q->next)
		q->next->prev = q->prev;
	q->entry = NULL;
}

static void tell(struct timer *timer, void *arg)
{
	struct dns_query *q = arg;
	struct dns_entry *e = q->entry;
	int status = e->status;

	/* fn may ask for the same again, which may move or end what the answer lies in: never before this one is read.
	 */
	query_end(q);
	q->fn(q->arg, status, status == 0 ? e->answer : NULL);
}

/* In the next turn: never from inside a call of ours, nor of c-ares. */
static void wake(struct dns_entry *e)
{
	struct wheel *w = loop_wheel(e->dns->loop);

	timer_stop(w, &e->deadline);
	for (struct dns_query *q = e->waiting; q; q = q->next)
		timer_start(w, &q->told, 0);
}

void dns_failed(struct dns_entry *e, int status)
{
	int64_t now_us = loop_wheel(e->dns->loop)->now_us;

	metric_add(&e->dns->failures, 1);
	if (status == -ETIMEDOUT && !e->dns->silent_since_us)
		e->dns->silent_since_us = loop_wheel(e->dns->loop)->wall_us;
	e->status = e->answer && now_us < e->stale_until_us ? 0 : status;
	e->until_us = now_us + DNS_FAILED_US;
	wake(e);
}

void dns_answered(struct dns_entry *e, struct slice bytes)
{
	int64_t now_us = loop_wheel(e->dns->loop)->now_us;
	struct dns_answer *fresh = malloc(sizeof(*fresh));
	e->dns->silent_since_us = 0;

	if (!fresh) {
		dns_failed(e, -ENOMEM);
		return;
	}
	enum dns_parse parsed = dns_message_parse(bytes, slice_from_string(e->name), e->type, fresh);
	if (parsed == DNS_ERROR || parsed == DNS_BAD) {
		free(fresh);
		dns_failed(e, -EIO);
		return;
	}
	e->status = parsed == DNS_OK ? 0 : -ENOENT;
	e->until_us = now_us + fresh->ttl_s * SECOND_US;
	e->stale_until_us = e->until_us + DNS_STALE_US;
	free(e->answer);
	e->answer = fresh;
	if (parsed == DNS_NONE) {
		/* "No such name" does not outlive itself: what was there before is not to come back either. */
		free(e->answer);
		e->answer = NULL;
	}
	wake(e);
}

int dns_query_start(struct dns *d, struct dns_query *q, struct slice name, enum dns_type type, dns_fn fn, void *arg)
{
	struct wheel *w = loop_wheel(d->loop);
	char text[DNS_NAME_CAP];
	struct dns_entry *e;

	ASSERT_ON(d->thread);
	if (!dns_name_parse(name, text))
		return -EINVAL;
	dns_look_at_file(d);
	int rc = entry_get(d, &(struct key){.name = text, .type = type}, &e);
	if (rc < 0)
		return rc;
	*q = (struct dns_query){.next = e->waiting, .prev = &e->waiting, .entry = e, .fn = fn, .arg = arg};
	if (e->waiting)
		e->waiting->prev = &q->next;
	e->waiting = q;
	timer_init(&q->told, tell, q);
	if (now_holds(e, w->now_us)) {
		timer_start(w, &q->told, 0);
		return 0;
	}
	if (!timer_running(&e->deadline))
		timer_start(w, &e->deadline, e->answer ? DNS_STALE_WAIT_US : DNS_WAIT_US);
	if (!e->asked)
		dns_ask(e);
	return 0;
}

void dns_query_cancel(struct dns_query *q)
{
	if (!q->entry)
		return;
	timer_stop(loop_wheel(q->entry->dns->loop), &q->told);
	query_end(q);
}

/* ---- made and ended ---- */

void dns_forget(struct dns *d)
{
	for (struct dns_entry *e = d->newest; e; e = e->older)
		e->until_us = 0;
}

int dns_new(struct loop *l, const char *resolv_path, struct dns **ret)
{
	struct random random;
	uint8_t key[16];
	struct dns *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->loop = l;
	thread_owner_take(&d->thread);
	random_init(&random);
	random_bytes(&random, key, sizeof(key));
	map_init(&d->entries, key);
	d->questions = (struct metric){.name = "alto_net_dns_queries_total", .help = "Questions asked of DNS servers"};
	d->failures = (struct metric){.name = "alto_net_dns_failures_total",
				      .help = "Questions that DNS did not answer, or with an error"};
	int rc = dns_channel_open(d, resolv_path ? resolv_path : "/etc/resolv.conf");
	if (rc < 0) {
		map_done(&d->entries);
		free(d);
		return rc;
	}
	*ret = d;
	return 0;
}

struct dns *dns_free(struct dns *d)
{
	if (!d)
		return NULL;
	ASSERT_ON(d->thread);
	dns_channel_close(d);
	for (struct dns_entry *e = d->newest, *older; e; e = older) {
		older = e->older;
		ASSERT(!e->waiting);
		entry_free(e);
	}
	map_done(&d->entries);
	free(d);
	return NULL;
}

int64_t dns_silent_since_us(const struct dns *d)
{
	return d->silent_since_us;
}

void dns_metrics(struct dns *d, struct metrics *m)
{
	metrics_add(m, &d->questions);
	metrics_add(m, &d->failures);
}
