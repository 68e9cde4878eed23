/* web/hooks.c - the map of webhooks, and the queue of those that have something to send */
#include "web/hooks_private.h"
#include <errno.h>

#include "base/log.h"
#include "directory/directory.h"
#include "net/loop.h"

static int64_t wall_us(const struct web_hooks *h)
{
	return loop_wheel(h->context->loop)->wall_us;
}

static bool is_on(const struct web_hook *k)
{
	return !k->gone && k->row->webhook.state == STORE_WEBHOOK_ON;
}

/* One more, or one fewer, that is on; `call` wants to know whether a company's are told of messages. */
static void count_on(struct web_hooks *h, const struct web_hook *k, int by)
{
	const struct store_webhook *w = &k->row->webhook;
	if (!is_on(k))
		return;
	h->on += (size_t)by;
	struct directory_tenant *tenant = directory_tenant_by_id(h->context->directory, w->tenant);
	if (tenant && w->events & STORE_MESSAGE_EVENTS) /* it may have gone, and its webhooks with it */
		tenant->hearing = (uint8_t)(tenant->hearing + by);
}

/* ---- who is served ---- */

static bool may_begin(const struct web_hooks *h, const struct web_hook *k)
{
	unsigned of_tenant = 0;
	for (unsigned i = 0; i < h->sending; i++)
		of_tenant += slice_eq(h->on_way[i]->row->webhook.tenant, k->row->webhook.tenant);
	return h->sending < WEB_HOOKS_AT_ONCE && of_tenant < WEB_HOOKS_OF_TENANT &&
	       (!k->row->webhook.failing_us || h->failing < WEB_HOOKS_AT_ONCE / 2);
}

static struct web_hook *take_ready(struct web_hooks *h)
{
	for (struct web_hook **at = &h->first_ready; *at; at = &(*at)->next_ready) {
		struct web_hook *k = *at;
		if (!may_begin(h, k))
			continue;
		*at = k->next_ready;
		if (!*at)
			h->last_ready = at;
		k->ready = false;
		return k;
	}
	return NULL;
}

static void serve(struct web_hooks *h)
{
	struct web_hook *k;
	while (!h->closed && (k = take_ready(h))) {
		if (!is_on(k))
			continue;
		k->again = false;
		k->among_failing = k->row->webhook.failing_us != 0;
		k->sending = web_sending_start(h->context, k);
		if (k->sending) {
			h->on_way[h->sending++] = k;
			h->failing += k->among_failing;
		} else {
			timer_start(loop_wheel(h->context->loop), &k->due, SECOND_US);
		}
	}
}

static void wake(struct web_hook *k)
{
	struct web_hooks *h = k->hooks;
	if (!h->context->http || h->closed || !is_on(k))
		return;
	k->again = k->sending != NULL;
	if (k->sending || k->ready)
		return;
	timer_stop(loop_wheel(h->context->loop), &k->due);
	k->ready = true;
	k->next_ready = NULL;
	*h->last_ready = k;
	h->last_ready = &k->next_ready;
	serve(h);
}

static void due(struct timer *t, void *arg)
{
	wake(arg);
}

static void hook_free(struct web_hook *k)
{
	timer_stop(loop_wheel(k->hooks->context->loop), &k->due);
	web_sending_free(k->sending);
	free(k->row);
	free(k);
}

static void take_off_gone(struct web_hook *k)
{
	struct web_hook **at = &k->hooks->gone;
	while (*at != k)
		at = &(*at)->next_ready;
	*at = k->next_ready;
}

static void leave_way(struct web_hooks *h, const struct web_hook *k)
{
	unsigned i = 0;
	while (h->on_way[i] != k)
		i++;
	h->on_way[i] = h->on_way[--h->sending];
	h->failing -= k->among_failing;
}

void web_hook_rests(struct web_hook *k, int64_t next_us)
{
	struct web_hooks *h = k->hooks;
	k->sending = web_sending_free(k->sending);
	leave_way(h, k);
	if (k->gone) {
		take_off_gone(k);
		hook_free(k);
	} else if (k->again || next_us == 0) {
		wake(k);
	} else if (next_us != INT64_MAX) {
		timer_start(loop_wheel(h->context->loop), &k->due, next_us - wall_us(h));
	}
	serve(h);
}

/* ---- the read model ---- */

static bool has_id(const struct map_node *node, const void *key)
{
	return slice_eq(container_of(node, struct web_hook, by_id)->row->webhook.id, *(const struct slice *)key);
}

static struct web_hook *find(const struct web_hooks *h, struct slice id)
{
	struct map_node *node = map_find(&h->by_id, map_hash(&h->by_id, id), has_id, &id);
	return node ? container_of(node, struct web_hook, by_id) : NULL;
}

const struct store_webhook *web_hooks_find(const struct web_hooks *h, struct slice id)
{
	const struct web_hook *k = find(h, id);
	return k ? &k->row->webhook : NULL;
}

static void keep(char **at, struct slice *s)
{
	if (s->n)
		memcpy(*at, s->p, s->n);
	s->p = *at;
	*at += s->n;
}

static struct web_hook_row *row_new(const struct store_webhook *w)
{
	struct web_hook_row *row = calloc(1, sizeof(*row) + w->id.n + w->tenant.n + w->name.n + w->url.n + w->secret.n);
	if (!row)
		return NULL;
	char *at = row->text;
	row->webhook = *w;
	keep(&at, &row->webhook.id);
	keep(&at, &row->webhook.tenant);
	keep(&at, &row->webhook.name);
	keep(&at, &row->webhook.url);
	keep(&at, &row->webhook.secret);
	return row;
}

static int add(struct web_hooks *h, struct web_hook_row *row)
{
	struct web_hook *k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->hooks = h;
	k->row = row;
	timer_init(&k->due, due, k);
	if (map_insert(&h->by_id, &k->by_id, map_hash(&h->by_id, row->webhook.id)) < 0) {
		free(k);
		return -ENOMEM;
	}
	count_on(h, k, 1);
	wake(k);
	return 0;
}

static int set(struct web_hooks *h, const struct store_webhook *w)
{
	struct web_hook_row *row = row_new(w);
	if (!row)
		return -ENOMEM;
	struct web_hook *k = find(h, w->id);
	if (!k) {
		int rc = add(h, row);
		if (rc < 0)
			free(row);
		return rc;
	}
	count_on(h, k, -1);
	free(k->row);
	k->row = row;
	count_on(h, k, 1);
	wake(k);
	return 0;
}

static void take_off_ready(struct web_hooks *h, const struct web_hook *k)
{
	for (struct web_hook **at = &h->first_ready; *at; at = &(*at)->next_ready) {
		if (*at != k)
			continue;
		*at = k->next_ready;
		if (!*at)
			h->last_ready = at;
		return;
	}
}

static void drop(struct web_hooks *h, struct web_hook *k)
{
	count_on(h, k, -1);
	map_remove(&h->by_id, &k->by_id);
	if (k->ready)
		take_off_ready(h, k);
	if (!k->sending) {
		hook_free(k);
		return;
	}
	k->gone = true;
	k->next_ready = h->gone;
	h->gone = k;
}

struct search {
	struct slice tenant, name;
	size_t count;
	const struct store_webhook *found;
};

static bool look_at(struct map_node *node, void *arg)
{
	struct search *s = arg;
	const struct store_webhook *w = &container_of(node, struct web_hook, by_id)->row->webhook;
	if (slice_eq(w->tenant, s->tenant)) {
		s->count++;
		if (slice_eq(w->name, s->name))
			s->found = w;
	}
	return true;
}

const struct store_webhook *web_hooks_of(struct web_hooks *h, struct slice tenant, struct slice name, size_t *ret_count)
{
	struct search s = {.tenant = tenant, .name = name};
	map_each(&h->by_id, look_at, &s);
	*ret_count = s.count;
	return s.found;
}

void web_hooks_wake(struct web_hooks *h, struct slice id)
{
	struct web_hook *k = find(h, id);
	if (k)
		wake(k);
}

static bool wake_one(struct map_node *node, void *arg)
{
	wake(container_of(node, struct web_hook, by_id));
	return true;
}

void web_hooks_wake_all(struct web_hooks *h)
{
	map_each(&h->by_id, wake_one, NULL);
}

/* ---- the change feed ---- */

static bool drop_of_tenant(struct map_node *node, void *arg)
{
	struct web_hook *k = container_of(node, struct web_hook, by_id);
	if (slice_eq(k->row->webhook.tenant, *(const struct slice *)arg))
		drop(k->hooks, k);
	return true;
}

void web_hooks_apply(struct web_hooks *h, const struct store_change *change)
{
	/* They went with it, without changes of their own. */
	if (change->kind == STORE_TENANT && !change->row) {
		struct slice tenant = change->id;
		map_each(&h->by_id, drop_of_tenant, &tenant);
		return;
	}
	if (change->kind == STORE_CALL) {
		web_hooks_feed(h);
		return;
	}
	if (change->kind != STORE_WEBHOOK)
		return;
	struct web_hook *k = change->row ? NULL : find(h, change->id);
	if (k)
		drop(h, k);
	int rc = change->row ? set(h, change->row) : 0;
	if (rc < 0)
		log_event(LOG_ERROR, "web.webhook_lost", LOG_SLICE("id", change->id), LOG_INT("error", rc));
}

/* ---- made and taken down ---- */

struct load {
	struct store_job job;
	struct web_hooks *hooks;
	int rc, result;
};

static void load_row(void *arg, const void *row)
{
	struct load *load = arg;
	if (load->rc == 0)
		load->rc = set(load->hooks, row);
}

static int load_run(struct db *db, struct store_job *job)
{
	return store_list(db, STORE_WEBHOOK, &(struct store_page){0}, load_row, container_of(job, struct load, job));
}

static void load_done(struct store_job *job, int result)
{
	container_of(job, struct load, job)->result = result;
}

static int load_all(struct web_hooks *h)
{
	struct load load = {.job = {.run = load_run, .done = load_done, .bytes = sizeof(load)}, .hooks = h};
	h->closed = true; /* the rows come on the store's thread: nobody is woken yet */
	int rc = store_post(h->context->store, &load.job);
	if (rc < 0)
		return rc;
	store_wait(h->context->store); /* the loop does not run yet: nobody else uses the map meanwhile */
	h->closed = false;
	return load.result == DB_OK ? load.rc : -EIO;
}

int web_hooks_new(const struct web_context *context, struct web_hooks **ret)
{
	uint8_t key[16];
	struct web_hooks *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->context = context;
	h->last_ready = &h->first_ready;
	random_bytes(context->random, key, sizeof(key));
	map_init(&h->by_id, key);
	web_hooks_feed_init(h);
	int rc = load_all(h);
	if (rc < 0) {
		web_hooks_free(h);
		return rc;
	}
	*ret = h;
	return 0;
}

/* What was due when the program ended, and what it had not come to. */
void web_hooks_start(struct web_hooks *h)
{
	web_hooks_wake_all(h);
	web_hooks_feed(h);
	if (h->context->http)
		timer_start(loop_wheel(h->context->loop), &h->upkeep, SECOND_US);
}

void web_hooks_close(struct web_hooks *h)
{
	h->closed = true;
	timer_stop(loop_wheel(h->context->loop), &h->upkeep);
	timer_stop(loop_wheel(h->context->loop), &h->retry);
}

static bool free_one(struct map_node *node, void *arg)
{
	struct web_hooks *h = arg;
	map_remove(&h->by_id, node);
	hook_free(container_of(node, struct web_hook, by_id));
	return true;
}

struct web_hooks *web_hooks_free(struct web_hooks *h)
{
	if (!h)
		return NULL;
	web_hooks_close(h);
	map_each(&h->by_id, free_one, h);
	map_done(&h->by_id);
	while (h->gone) {
		struct web_hook *k = h->gone;
		h->gone = k->next_ready;
		hook_free(k);
	}
	free(h);
	return NULL;
}
