/* sim/sim.c - the world turns: see sim.h */
#include "sim/phone.h"

#include "call/decision.h"
#include "directory/directory_private.h"
#include "store/instants.h"

#include <errno.h>

/* ---- the store's troubles ---- */

bool sim_store_refuses;
const char *sim_store_bad_agent;
int sim_store_call_error;
const char *sim_store_bad_to;
unsigned sim_store_call_puts;
int64_t sim_store_oldest_wait_us;
int sim_store_instant_error;
char sim_store_instant[512];
unsigned sim_store_instant_jobs, sim_store_instants, sim_store_instants_refused;

int __real_store_post(struct store *s, struct store_job *job);
int __wrap_store_post(struct store *s, struct store_job *job);
int __real_store_binding_put(struct db *db, const struct store_binding *b);
int __wrap_store_binding_put(struct db *db, const struct store_binding *b);
int __real_store_call_put(struct db *db, const struct store_call *c);
int __wrap_store_call_put(struct db *db, const struct store_call *c);
int __real_store_instants_tell(struct db *db, const struct store_instant *m, size_t count, size_t *ret_refused);
int __wrap_store_instants_tell(struct db *db, const struct store_instant *m, size_t count, size_t *ret_refused);
void __real_store_health(const struct store *s, int64_t now_us, struct store_health *ret);
void __wrap_store_health(const struct store *s, int64_t now_us, struct store_health *ret);

int __wrap_store_post(struct store *s, struct store_job *job)
{
	return sim_store_refuses ? -ENOSPC : __real_store_post(s, job);
}

int __wrap_store_binding_put(struct db *db, const struct store_binding *b)
{
	bool bad = sim_store_bad_agent && slice_eq(b->user_agent, slice_from_string(sim_store_bad_agent));
	return bad ? DB_FAILED : __real_store_binding_put(db, b);
}

int __wrap_store_call_put(struct db *db, const struct store_call *c)
{
	sim_store_call_puts++;
	if (sim_store_bad_to && slice_eq(c->callee.uri, slice_from_string(sim_store_bad_to)))
		return DB_FAILED;
	return sim_store_call_error ? sim_store_call_error : __real_store_call_put(db, c);
}

int __wrap_store_instants_tell(struct db *db, const struct store_instant *messages, size_t count, size_t *ret_refused)
{
	const struct store_instant *m = &messages[count - 1];
	sim_store_instant_jobs++;
	*ret_refused += sim_store_instants_refused;
	sim_store_instants += (unsigned)count;
	snprintf(sim_store_instant, sizeof(sim_store_instant), "%.*s (%.*s) > %.*s (%.*s) %.*s %d %d",
		 SLICE_ARG(m->from), SLICE_ARG(m->sender), SLICE_ARG(m->to), SLICE_ARG(m->recipient),
		 SLICE_ARG(m->type), (int)m->bytes, (int)m->status);
	return sim_store_instant_error ? sim_store_instant_error
				       : __real_store_instants_tell(db, messages, count, ret_refused);
}

void __wrap_store_health(const struct store *s, int64_t now_us, struct store_health *ret)
{
	__real_store_health(s, now_us, ret);
	ret->oldest_wait_us = sim_store_oldest_wait_us;
}

/* ---- made and ended ---- */

static void store_wakes(void *arg)
{
	struct sim *s = arg;
	s->store_wanted = true;
}

static void store_changed(void *owner, const struct store_change *change)
{
	struct sim *s = owner;
	if (s->sb)
		switchboard_store_change(s->sb, change);
}

struct job {
	struct store_job job;
	int (*run)(struct db *db, void *arg);
	void *arg;
	bool done;
};

static int job_run(struct db *db, struct store_job *job)
{
	struct job *j = container_of(job, struct job, job);
	return j->run(db, j->arg);
}

static void job_done(struct store_job *job, int result)
{
	struct job *j = container_of(job, struct job, job);
	assert_int_equal(result, DB_OK);
	j->done = true;
}

static void in_store(struct sim *s, int (*run)(struct db *db, void *arg), void *arg)
{
	struct job j = {.job = {.run = job_run, .done = job_done, .bytes = 1}, .run = run, .arg = arg};
	bool stalled = s->store_stalled;
	s->store_stalled = false;
	assert_int_equal(__real_store_post(s->store, &j.job), 0);
	while (!j.done)
		store_collect(s->store);
	s->store_stalled = stalled;
}

static int load(struct db *db, void *arg)
{
	struct sim *s = arg;
	if (store_calls_close_crashed(db, s->wheel.wall_us) < 0)
		return DB_FAILED;
	return directory_load(s->directory, db) == 0 ? DB_OK : DB_FAILED;
}

static void start(struct sim *s)
{
	struct store_reason why;
	struct store_config config = {.directory = s->directory_path,
				      .database = "sqlite",
				      .wake = store_wakes,
				      .wake_arg = s,
				      .threadless = true,
				      .on_change = store_changed,
				      .owner = s};
	if (!s->store)
		assert_int_equal(store_open(&config, &s->store, &why), 0);
	assert_int_equal(directory_new(&s->alto_random, &s->directory), 0);
	s->bans = bans_new(&s->wheel, &s->alto_random);
	assert_non_null(s->bans);
	struct switchboard_config sc = {.wheel = &s->wheel,
					.random = &s->alto_random,
					.transport = s->transport,
					.bans = s->bans,
					.media = s->media,
					.store = s->store,
					.directory = s->directory,
					.node = 1,
					.plain_rtp = s->plain_rtp,
					.keep_messages = true,
					.keep_days = 3};
	assert_int_equal(switchboard_new(&sc, &s->sb), 0);
	in_store(s, load, s);
}

static int add_tenants(struct db *db, void *arg)
{
	struct store_tenant a = {.id = SLICE("acme"), .name = SLICE("acme"), .domain = SLICE("acme.example")};
	struct store_tenant b = {.id = SLICE("other"), .name = SLICE("other"), .domain = SLICE("other.example")};
	int rc = store_tenant_put(db, &a);
	return rc == DB_OK ? store_tenant_put(db, &b) : rc;
}

static struct sim *sim_make(uint64_t seed, const char *directory, bool plain_rtp)
{
	struct sim *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	sim_store_refuses = false;
	sim_store_call_error = sim_store_instant_error = DB_OK;
	sim_store_instant[0] = 0;
	sim_store_instant_jobs = sim_store_instants = sim_store_instants_refused = 0;
	sim_store_bad_agent = sim_store_bad_to = NULL;
	sim_store_call_puts = 0;
	sim_store_oldest_wait_us = 0;
	wheel_init(&s->wheel, 1000 * SECOND_US, SIM_WALL_US);
	random_init_seeded(&s->alto_random, seed);
	random_init_seeded(&s->dice, seed + 1000000);
	s->weather = (struct sim_weather){.least_us = 5 * MS_US, .most_us = 5 * MS_US};
	s->directory_path = directory;
	s->plain_rtp = plain_rtp;
	s->transport = network_new(s);
	s->media = voice_new(s);
	start(s);
	in_store(s, add_tenants, NULL);
	return s;
}

struct sim *sim_new(uint64_t seed)
{
	return sim_make(seed, ":memory:", false);
}

struct sim *sim_new_plain(uint64_t seed)
{
	return sim_make(seed, ":memory:", true);
}

struct sim *sim_new_in(uint64_t seed, const char *directory)
{
	return sim_make(seed, directory, false);
}

void sim_restart(struct sim *s, bool crash)
{
	if (!crash)
		sim_run(s, 10 * SECOND_US);
	for (struct sim_phone *p = s->phones; p; p = p->next)
		network_close(p);
	struct switchboard *sb = s->sb;
	s->store = store_close(s->store);
	s->sb = NULL;
	switchboard_free(sb);
	bans_free(s->bans);
	directory_free(s->directory);
	voice_free(s->media);
	s->media = voice_new(s);
	start(s);
}

static void stopped(void *arg)
{
	struct sim *s = arg;
	s->stopped = true;
}

void sim_stop(struct sim *s, int64_t patience_us)
{
	switchboard_stop(s->sb, patience_us, stopped, s);
}

void sim_free(struct sim *s)
{
	s->store = store_close(s->store);
	switchboard_free(s->sb);
	s->sb = NULL;
	bans_free(s->bans);
	directory_free(s->directory);
	phones_free(s);
	voice_free(s->media);
	network_free(s->transport);
	free(s);
}

/* ---- time ---- */

static void turn(struct sim *s, int64_t now_us)
{
	int64_t wall_us = SIM_WALL_US + now_us - 1000 * SECOND_US + s->clock_set_us;
	wheel_turn(&s->wheel, now_us, wall_us);
	while (s->store_wanted && !s->store_stalled) {
		s->store_wanted = false;
		store_collect(s->store);
	}
}

bool sim_step(struct sim *s, int64_t end_us)
{
	int64_t next_us = wheel_next_us(&s->wheel);
	if (s->store_wanted && !s->store_stalled)
		next_us = s->wheel.now_us;
	turn(s, MAX(s->wheel.now_us, MIN(next_us, end_us)));
	return s->wheel.now_us < end_us;
}

void sim_run(struct sim *s, int64_t for_us)
{
	int64_t end_us = s->wheel.now_us + for_us;
	while (sim_step(s, end_us))
		;
}

static bool count_timers(struct map_node *node, void *arg)
{
	const struct directory_binding *b = container_of(node, const struct directory_binding, by_id);
	*(size_t *)arg += sip_transport_reliable(b->transport) ? 1 : 2;
	return true;
}

/* Every binding has its expiry, and over UDP its keep-alive. */
static size_t binding_timers(struct sim *s)
{
	size_t n = 0;
	map_each(&s->directory->bindings_by_id, count_timers, &n);
	return n;
}

static bool count_speaking(struct map_node *node, void *arg)
{
	*(size_t *)arg += container_of(node, const struct directory_user, by_id)->speaking;
	return true;
}

size_t sim_speaking(struct sim *s)
{
	size_t n = 0;
	map_each(&s->directory->users_by_id, count_speaking, &n);
	return n;
}

void sim_assert_empty(struct sim *s)
{
	s->weather.least_us = s->weather.most_us = MS_US; /* no keep-alive is on its way for long */
	sim_run(s, 200 * SECOND_US);
	assert_int_equal(s->sb->calls.used, 0);
	assert_int_equal(s->sb->legs.used, 0);
	assert_int_equal(s->sb->instants.used, 0);
	assert_int_equal(s->sb->calls_ringing, 0);
	assert_int_equal(sim_speaking(s), 0);
	assert_int_equal(voice_open(s->media), 0);
	/*
	 * Every binding has its timers, and old messages are looked for each minute; a keep-alive may be on its way.
	 * Nothing else waits for anything: no transaction, no repetition.
	 */
	assert_int_equal(s->wheel.running, binding_timers(s) + 1 + network_travelling(s->transport));
}

/* ---- people ---- */

struct device_job {
	struct sim *sim;
	const struct sim_person *person;
	char username[64], user_id[64];
	uint8_t ha1[SIP_HA1_BYTES];
};

static int put_device(struct db *db, void *arg)
{
	struct device_job *j = arg;
	const struct sim_person *p = j->person;
	struct store_user u = {.id = slice_from_string(j->user_id),
			       .tenant = slice_from_string(p->tenant),
			       .login = slice_from_string(j->user_id),
			       .extension = slice_from_string(p->extension),
			       .name = SLICE("Ann \"A\" Example"),
			       .role = SLICE("user")};
	struct store_device d = {.id = slice_from_string(j->username),
				 .tenant = u.tenant,
				 .user = u.id,
				 .name = slice_from_string(p->device),
				 .username = slice_from_string(j->username),
				 .digest = p->digest,
				 .ha1 = slice_of(j->ha1, p->digest == SIP_DIGEST_SHA256 ? 32 : 16),
				 .keepalive = p->keepalive,
				 .srtp = p->dtls        ? STORE_SRTP_DTLS
					 : p->plain_rtp ? STORE_SRTP_OFF
							: STORE_SRTP_SDES};
	int rc = store_user_put(db, &u);
	return rc == DB_OK ? store_device_put(db, &d) : rc;
}

void sim_add_device(struct sim *s, const struct sim_person *p)
{
	struct device_job j = {.sim = s, .person = p};
	snprintf(j.user_id, sizeof(j.user_id), "%s-%s", p->tenant, p->extension);
	snprintf(j.username, sizeof(j.username), "%s-%s-%s", p->tenant, p->extension, p->device);
	sip_digest_ha1(s->sb->hasher, (enum sip_digest_algorithm)p->digest, slice_from_string(j.username),
		       SLICE(SWITCHBOARD_REALM), slice_from_string(p->password), j.ha1);
	in_store(s, put_device, &j);
}

struct lines_job {
	const char *tenant;
	int64_t lines;
};

static int put_lines(struct db *db, void *arg)
{
	const struct lines_job *j = arg;
	char domain[64];
	snprintf(domain, sizeof(domain), "%s.example", j->tenant);
	struct store_tenant t = {.id = slice_from_string(j->tenant),
				 .name = slice_from_string(j->tenant),
				 .domain = slice_from_string(domain),
				 .lines = j->lines};
	return store_tenant_put(db, &t);
}

void sim_set_lines(struct sim *s, const char *tenant, int64_t lines)
{
	struct lines_job j = {.tenant = tenant, .lines = lines};
	in_store(s, put_lines, &j);
}

static int remove_device(struct db *db, void *arg)
{
	return store_device_remove(db, slice_from_string(arg));
}

void sim_remove_device(struct sim *s, const char *username)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", username);
	in_store(s, remove_device, name);
}

/* ---- the outside ---- */

static int put_trunk(struct db *db, void *arg)
{
	const struct sim_trunk *t = arg;
	char id[40];
	snprintf(id, sizeof(id), "%s-%s", t->tenant, t->name);
	struct store_trunk row = {.id = slice_from_string(id),
				  .tenant = slice_from_string(t->tenant),
				  .name = slice_from_string(t->name),
				  .host = slice_from_string(t->host),
				  .port = t->port,
				  .sources = slice_from_string(t->from ? t->from : t->host),
				  .listener = slice_from_string(t->listener),
				  .transport = t->transport,
				  .srtp = t->plain_rtp ? STORE_SRTP_OFF : STORE_SRTP_SDES};
	return store_trunk_put(db, &row);
}

void sim_add_trunk(struct sim *s, const struct sim_trunk *trunk)
{
	struct sim_trunk copy = *trunk;
	in_store(s, put_trunk, &copy);
}

static int remove_trunk(struct db *db, void *arg)
{
	return store_trunk_remove(db, slice_from_string(arg));
}

void sim_remove_trunk(struct sim *s, const char *id)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", id);
	in_store(s, remove_trunk, name);
}

struct number_job {
	const char *tenant, *number, *extension;
};

static int put_number(struct db *db, void *arg)
{
	const struct number_job *j = arg;
	char user[64];
	snprintf(user, sizeof(user), "%s-%s", j->tenant, j->extension);
	struct store_number n = {.id = slice_from_string(j->number),
				 .tenant = slice_from_string(j->tenant),
				 .user = slice_from_string(user),
				 .number = slice_from_string(j->number)};
	return store_number_put(db, &n);
}

void sim_set_number(struct sim *s, const char *tenant, const char *number, const char *extension)
{
	struct number_job j = {tenant, number, extension};
	in_store(s, put_number, &j);
}

/* ---- the history ---- */

struct rows_job {
	struct sim_row *rows;
	size_t n, cap;
};

#define KEEP(to, from) slice_to_string(from, to, sizeof(to))

static void keep_row(void *arg, const struct store_call *c)
{
	struct rows_job *j = arg;
	if (j->n == j->cap)
		return;
	struct sim_row *r = &j->rows[j->n++];
	*r = (struct sim_row){.status = c->status,
			      .started_us = c->started_us,
			      .answered_us = c->answered_us,
			      .ended_us = c->ended_us,
			      .a_clear = c->caller.keys_in_clear,
			      .b_clear = c->callee.keys_in_clear};
	KEEP(r->id, c->id);
	KEEP(r->from, c->caller.uri);
	KEEP(r->to, c->callee.uri);
	KEEP(r->cause, c->cause);
	KEEP(r->ended_by, c->ended_by);
	struct writer w = writer_on(r->trace, sizeof(r->trace) - 1);
	struct slice trace = c->trace;
	struct decision d;
	while (decision_next(&trace, &d)) {
		decision_write(&w, &d);
		write_char(&w, '\n');
	}
	KEEP(r->call_id, c->call_id);
	KEEP(r->a_srtp, c->caller.srtp);
	KEEP(r->b_srtp, c->callee.srtp);
	KEEP(r->a_tls, c->caller.tls);
	KEEP(r->b_tls, c->callee.tls);
	KEEP(r->a_codec, c->caller.codec);
	KEEP(r->b_codec, c->callee.codec);
	KEEP(r->a_transport, c->caller.transport);
	KEEP(r->b_transport, c->callee.transport);
	KEEP(r->a_device, c->caller.device);
	KEEP(r->b_device, c->callee.device);
	KEEP(r->a_trunk, c->caller.trunk);
	KEEP(r->b_trunk, c->callee.trunk);
	KEEP(r->tenant, c->tenant);
}

static int list_rows(struct db *db, void *arg)
{
	char more[STORE_ID_CAP];
	return store_calls_list(db, &(struct store_calls_page){.limit = 1000}, keep_row, arg, more);
}

size_t sim_rows(struct sim *s, struct sim_row *ret, size_t cap)
{
	struct rows_job j = {.rows = ret, .cap = cap};
	in_store(s, list_rows, &j);
	return j.n;
}

struct sim_row sim_assert_row(struct sim *s, int64_t status, const char *cause, const char *ended_by)
{
	struct sim_row rows[2];
	sim_run(s, SECOND_US);
	assert_int_equal(sim_rows(s, rows, 2), 1);
	assert_string_equal(rows[0].cause, cause);
	assert_string_equal(rows[0].ended_by, ended_by);
	assert_int_equal(rows[0].status, status);
	assert_true(rows[0].ended_us >= rows[0].started_us);
	assert_true((rows[0].answered_us != 0) == (status == 200));
	return rows[0];
}
