/* call/messages.c - finds whose a message is, copies it into a batch; a batch becomes a row for each call in it */
#include "call/messages.h"
#include "call/leg.h"
#include "store/messages.h"

#include <errno.h>

struct followed {
	struct map_node by_secret;
	uint64_t secret;            /* of the leg's tag */
	struct followed *next_left; /* of those whose leg is gone */
	int64_t until_us;
	uint16_t count; /* messages kept */
	bool callee;
	char call[STORE_ID_CAP];
};

/* In a batch, each followed by the bytes of its message, the next one aligned. */
struct record {
	struct address remote;
	int64_t at_us;
	uint32_t n;
	uint8_t transport;
	bool sent, callee;
	bool follows; /* another one of its call */
	char call[STORE_ID_CAP];
	struct record *next; /* of its call */
};
#define ALIGNED(n) (((n) + 7) & ~(size_t)7)
_Static_assert(MESSAGES_BATCH_BYTES / sizeof(struct record) < STORE_MESSAGES_A_ROW,
	       "a batch of one call fits in a row");

struct batch {
	struct store_job job;
	struct messages *messages;
	size_t count, used, cap;
	_Alignas(8) char bytes[];
};

struct messages {
	struct switchboard *sb;
	bool keep;
	int64_t kept_us; /* the age at which they go */
	struct pool followed;
	struct map by_secret;                     /* keyed by the secret itself: 64 bits of our own making */
	struct followed *first_left, **last_left; /* in order of until_us */
	struct batch *open;                       /* being filled */
	const struct sip_message *unclaimed;      /* received, being handled, and nobody's yet */
	const struct sip_flow *unclaimed_flow;
	size_t waiting_bytes;    /* of batches at the store */
	int64_t paused_until_us; /* the store refused a batch: its room is for rows of calls */
	struct timer flush_timer, left_timer, trim_timer;
	struct store_job trim;
	int64_t trim_before_us;
	bool trim_more;
	struct metric kept, dropped;
};

/* ---- whom we follow ---- */

static bool match_secret(const struct map_node *node, const void *key)
{
	return container_of(node, const struct followed, by_secret)->secret == *(const uint64_t *)key;
}

static struct followed *find(const struct messages *m, uint64_t secret)
{
	struct map_node *n = map_find(&m->by_secret, secret, match_secret, &secret);
	return n ? container_of(n, struct followed, by_secret) : NULL;
}

void messages_follow(struct leg *leg, const char *call, bool callee)
{
	struct messages *m = leg->sb->messages;
	if (!m->keep)
		return;
	struct followed *f = pool_take(&m->followed);
	if (!f) {
		metric_add(&m->dropped, 1);
		return;
	}
	f->secret = leg->name.secret;
	f->callee = callee;
	snprintf(f->call, sizeof(f->call), "%s", call);
	if (map_insert(&m->by_secret, &f->by_secret, f->secret) < 0)
		pool_give(&m->followed, f);
	else
		leg->followed = f;
}

void messages_move(struct leg *leg, const char *call, bool callee)
{
	struct followed *f = leg->followed;
	if (!f)
		return;
	f->callee = callee;
	snprintf(f->call, sizeof(f->call), "%s", call);
}

static void forget(struct messages *m, struct followed *f)
{
	map_remove(&m->by_secret, &f->by_secret);
	pool_give(&m->followed, f);
}

static void left_due(struct timer *t, void *arg)
{
	struct messages *m = arg;
	while (m->first_left && m->first_left->until_us <= m->sb->wheel->now_us) {
		struct followed *f = m->first_left;
		m->first_left = f->next_left;
		forget(m, f);
	}
	if (m->first_left)
		timer_start(m->sb->wheel, t, m->first_left->until_us - m->sb->wheel->now_us);
	else
		m->last_left = &m->first_left;
}

void messages_leave(struct leg *leg)
{
	struct messages *m = leg->sb->messages;
	struct followed *f = leg->followed;
	if (!f)
		return;
	leg->followed = NULL;
	f->until_us = m->sb->wheel->now_us + MESSAGES_LINGER_US;
	*m->last_left = f;
	m->last_left = &f->next_left;
	if (!timer_running(&m->left_timer))
		timer_start(m->sb->wheel, &m->left_timer, MESSAGES_LINGER_US);
}

/* ---- batches ---- */

static struct record *record_at(struct batch *b, size_t at)
{
	return at < b->used ? (struct record *)(void *)(b->bytes + at) : NULL;
}

static void place(const struct record *r, struct writer *w)
{
	char remote[64];
	struct writer address = writer_on(remote, sizeof(remote));
	write_address_with_port(&address, &r->remote);
	store_frame_write(w, &(struct store_message){.at_us = r->at_us,
						     .sent = r->sent,
						     .callee = r->callee,
						     .transport = sip_transport_name(r->transport),
						     .remote = writer_slice(&address),
						     .text = slice_of(r + 1, r->n)});
}

/* The records of one call. */
struct row {
	struct record *first, *last;
};

/* In a table twice as long as there are records. */
static struct row *row_of(struct row *rows, size_t size, const char *call)
{
	static const uint8_t no_key[16]; /* the ids are our own */
	size_t i = siphash13(no_key, call, strlen(call)) & (size - 1);
	while (rows[i].first && strcmp(rows[i].first->call, call) != 0)
		i = (i + 1) & (size - 1);
	return &rows[i];
}

/* Each record is led to the next one of its call: looking for them anew for each call took 3 % of a call's time. */
static int link_calls(struct batch *b)
{
	size_t size = 2;
	while (size < 2 * b->count)
		size *= 2;
	struct row *rows = calloc(size, sizeof(rows[0]));
	if (!rows)
		return DB_FAILED;
	struct record *r;
	for (size_t at = 0; (r = record_at(b, at)); at += ALIGNED(sizeof(*r) + r->n)) {
		struct row *row = row_of(rows, size, r->call);
		r->follows = row->first;
		r->next = NULL;
		*(row->first ? &row->last->next : &row->first) = r;
		row->last = r;
	}
	free(rows);
	return DB_OK;
}

static int put_row(struct db *db, const struct record *first, int64_t id, struct writer *w)
{
	w->n = 0;
	for (const struct record *r = first; r; r = r->next)
		place(r, w);
	ASSERT(!w->overflow);
	return store_messages_put(db, id, slice_from_string(first->call), first->at_us, writer_slice(w));
}

static int put_rows(struct db *db, struct batch *b, struct writer *w)
{
	int64_t id = 0;
	int rc = store_messages_next_id(db, &id);
	const struct record *r;
	for (size_t at = 0; rc == DB_OK && (r = record_at(b, at)); at += ALIGNED(sizeof(*r) + r->n))
		if (!r->follows)
			rc = put_row(db, r, id++, w);
	return rc;
}

static int batch_run(struct db *db, struct store_job *job)
{
	struct batch *b = container_of(job, struct batch, job);
	size_t cap = b->used + b->count * STORE_FRAME_GROWTH;
	char *frames = malloc(cap);
	struct writer w = writer_on(frames, cap);
	int rc = frames ? link_calls(b) : DB_FAILED; /* dropped and counted, like what the store refuses */
	if (rc == DB_OK)
		rc = put_rows(db, b, &w);
	free(frames);
	return rc;
}

static void drop(struct batch *b)
{
	metric_add(&b->messages->dropped, (int64_t)b->count);
	free(b);
}

static void batch_done(struct store_job *job, int result)
{
	struct batch *b = container_of(job, struct batch, job);
	struct messages *m = b->messages;
	m->waiting_bytes -= b->job.bytes;
	if (result != DB_OK) {
		m->paused_until_us = m->sb->wheel->now_us + MESSAGES_PAUSE_US;
		drop(b);
		return;
	}
	metric_add(&m->kept, (int64_t)b->count);
	free(b);
}

void messages_flush(struct messages *m)
{
	struct batch *b = m->open;
	if (!b)
		return;
	m->open = NULL;
	b->job = (struct store_job){.run = batch_run, .done = batch_done, .bytes = sizeof(*b) + b->cap};
	if (store_post(m->sb->config.store, &b->job) < 0)
		drop(b);
	else
		m->waiting_bytes += b->job.bytes;
}

static void flush_due(struct timer *t, void *arg)
{
	messages_flush(arg);
}

/* Room for n bytes in the open batch; NULL: the store is behind, or out of memory. */
static void *take(struct messages *m, size_t n)
{
	if (m->open && n > m->open->cap - m->open->used)
		messages_flush(m);
	if (!m->open) {
		size_t cap = MAX(n, (size_t)MESSAGES_BATCH_BYTES);
		if (m->waiting_bytes + cap > MESSAGES_WAITING_MAX || m->sb->wheel->now_us < m->paused_until_us)
			return NULL;
		struct batch *b = malloc(sizeof(*b) + cap);
		if (!b)
			return NULL;
		*b = (struct batch){.messages = m, .cap = cap};
		m->open = b;
		if (!timer_running(&m->flush_timer))
			timer_start(m->sb->wheel, &m->flush_timer, MESSAGES_FLUSH_US);
	}
	void *p = m->open->bytes + m->open->used;
	m->open->used += n;
	m->open->count++;
	return p;
}

static void keep(struct messages *m, struct followed *f, bool sent, const struct sip_flow *flow, struct slice bytes)
{
	struct record *r = NULL;
	if (f->count < MESSAGES_A_LEG_MAX)
		r = take(m, ALIGNED(sizeof(*r) + bytes.n));
	if (!r) {
		metric_add(&m->dropped, 1);
		return;
	}
	f->count++;
	*r = (struct record){.remote = flow->remote,
			     .at_us = m->sb->wheel->wall_us,
			     .n = (uint32_t)bytes.n,
			     .transport = (uint8_t)flow->transport,
			     .sent = sent,
			     .callee = f->callee};
	memcpy(r->call, f->call, sizeof(r->call));
	memcpy(r + 1, bytes.p, bytes.n);
}

/* ---- whose a message is ---- */

/* By the last tag of a From or To: what stands before it may be a name that somebody chose. */
static struct followed *by_tag(const struct messages *m, struct slice value)
{
	for (size_t at = value.n; at-- > 0;) {
		if (value.p[at] != ';' || !slice_casestarts(slice_from(value, at), SLICE(";tag=")))
			continue;
		struct slice tag = slice_from(value, at + SLICE(";tag=").n);
		struct sip_name name;
		uint16_t node;
		return sip_name_parse(slice_cut(&tag, ';'), &node, &name) ? find(m, name.secret) : NULL;
	}
	return NULL;
}

/* In what we have written ourselves: names in full, one space, no folds. */
static struct slice written_value(struct slice bytes, struct slice begin)
{
	const char *p = memmem(bytes.p, bytes.n, begin.p, begin.n);
	if (!p)
		return SLICE_NONE;
	struct slice rest = slice_from(bytes, (size_t)(p - bytes.p) + begin.n);
	return slice_cut(&rest, '\r');
}

static void claim(struct messages *m, struct followed *f)
{
	if (m->unclaimed)
		keep(m, f, false, m->unclaimed_flow, m->unclaimed->bytes);
	m->unclaimed = NULL;
}

void messages_sent(struct switchboard *sb, const struct sip_flow *flow, struct slice bytes)
{
	struct messages *m = sb->messages;
	if (!m->by_secret.count)
		return;
	bool response = slice_starts(bytes, SLICE("SIP/2.0 "));
	struct followed *f = by_tag(m, written_value(bytes, response ? SLICE("\r\nTo: ") : SLICE("\r\nFrom: ")));
	if (!f)
		return;
	if (response)
		claim(m, f);
	keep(m, f, true, flow, bytes);
}

void messages_received(struct switchboard *sb, const struct sip_flow *flow, const struct sip_message *msg)
{
	struct messages *m = sb->messages;
	struct followed *f = NULL;
	if (m->by_secret.count)
		f = by_tag(m, sip_field_value(msg, msg->is_request ? SIP_TO : SIP_FROM));
	if (f) {
		keep(m, f, false, flow, msg->bytes);
	} else if (msg->is_request) {
		m->unclaimed = msg;
		m->unclaimed_flow = flow;
	}
}

void messages_claim(const struct leg *leg)
{
	if (leg->followed)
		claim(leg->sb->messages, leg->followed);
}

void messages_handled(struct switchboard *sb)
{
	sb->messages->unclaimed = NULL;
}

/* ---- old ones ---- */

static int trim_run(struct db *db, struct store_job *job)
{
	struct messages *m = container_of(job, struct messages, trim);
	return store_messages_trim(db, m->trim_before_us, &m->trim_more);
}

static void trim_done(struct store_job *job, int result)
{
	struct messages *m = container_of(job, struct messages, trim);
	timer_start(m->sb->wheel, &m->trim_timer, result == DB_OK && m->trim_more ? 0 : MESSAGES_TRIM_US);
}

static void trim_due(struct timer *t, void *arg)
{
	struct messages *m = arg;
	const struct wheel *w = m->sb->wheel;
	/* A clock that was just set forwards may be wrong: what that makes old stays until somebody has had time to
	 * see it. */
	if (w->jump_us > 0 && w->now_us - w->jumped_at_us < CLOCK_DOUBT_US) {
		timer_start(m->sb->wheel, t, MESSAGES_TRIM_US);
		return;
	}
	m->trim = (struct store_job){.run = trim_run, .done = trim_done, .bytes = sizeof(m->trim)};
	m->trim_before_us = w->wall_us - m->kept_us;
	if (store_post(m->sb->config.store, &m->trim) < 0)
		timer_start(m->sb->wheel, t, MESSAGES_TRIM_US);
}

/* ---- made and taken down ---- */

int messages_new(struct switchboard *sb, bool keep, unsigned days, struct messages **ret)
{
	struct messages *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	uint8_t unused_key[16] = {0}; /* the hash is random by itself */
	m->sb = sb;
	m->keep = keep;
	m->kept_us = (int64_t)days * 86400 * SECOND_US;
	m->last_left = &m->first_left;
	pool_init(&m->followed, sizeof(struct followed), MESSAGES_FOLLOWED_MAX);
	map_init(&m->by_secret, unused_key);
	m->kept = (struct metric){
		.name = "alto_trace_messages_total", .help = "SIP messages of calls kept", .kind = METRIC_COUNTER};
	m->dropped = (struct metric){.name = "alto_trace_messages_dropped_total",
				     .help = "SIP messages of calls not kept, for want of room",
				     .kind = METRIC_COUNTER};
	timer_init(&m->flush_timer, flush_due, m);
	timer_init(&m->left_timer, left_due, m);
	timer_init(&m->trim_timer, trim_due, m);
	timer_start(sb->wheel, &m->trim_timer, MESSAGES_TRIM_US);
	*ret = m;
	return 0;
}

void messages_metrics(struct messages *m, struct metrics *metrics)
{
	metrics_add(metrics, &m->kept);
	metrics_add(metrics, &m->dropped);
}

struct messages *messages_free(struct messages *m)
{
	if (!m)
		return NULL;
	timer_stop(m->sb->wheel, &m->flush_timer);
	timer_stop(m->sb->wheel, &m->left_timer);
	timer_stop(m->sb->wheel, &m->trim_timer);
	free(m->open);
	map_done(&m->by_secret);
	pool_done(&m->followed);
	free(m);
	return NULL;
}
