/* media/media.c - the switchboard's side of the media workers: commands down, events up */
#include <errno.h>
#include <sys/socket.h>

#include "base/map.h"
#include "crypto/crypto.h"
#include "media/private.h"
#include "media/transcode.h"

void media_entry_release(struct media *m, struct entry *e, bool carried)
{
	ports_give(&m->ports, e->pair, carried, loop_wheel(m->loop)->now_us);
	crypto_wipe(&e->send_key, sizeof(e->send_key));
	crypto_wipe(&e->receive_key, sizeof(e->receive_key));
	free(e->stream.webrtc);
	m->load[e->worker->index]--;
	pool_give(&m->entries, e);
	metric_add(&m->streams, -1);
}

unsigned media_workers(const struct media *m)
{
	return m->worker_count;
}

/* NULL: stale, or told to close. */
static struct entry *entry_get(const struct media *m, pool_handle stream)
{
	struct entry *e = pool_get(&m->entries, stream);
	return e && !e->closing ? e : NULL;
}

unsigned media_worker_of(const struct media *m, pool_handle stream)
{
	const struct entry *e = entry_get(m, stream);
	ASSERT(e);
	return e->worker->index;
}

static struct worker *choose_worker(const struct media *m, pool_handle near)
{
	const struct entry *e = entry_get(m, near);
	unsigned best = 0;

	if (e)
		return e->worker;
	for (unsigned i = 1; i < m->worker_count; i++) {
		if (m->load[i] < m->load[best])
			best = i;
	}
	return m->workers[best];
}

int media_command(struct media *m, struct worker *w, const struct command *c)
{
	int rc = ring_push(w->commands, c);
	if (rc == 0)
		m->left[w->index] = true;
	return rc;
}

/* Something in a ring, which waits for what else is left there soon. */
static void leave_for_later(struct media *m)
{
	if (!timer_running(&m->later))
		timer_start(loop_wheel(m->loop), &m->later, MEDIA_LATER_US);
}

void media_later_due(struct timer *t, void *arg)
{
	struct media *m = arg;
	for (unsigned i = 0; i < m->worker_count; i++)
		m->left[i] = true;
}

static int no_room(struct media *m, int rc)
{
	if (rc == -EMFILE)
		metric_add(&m->ports_exhausted, 1);
	return rc == -ENOSPC ? -EADDRNOTAVAIL : rc;
}

/* NULL: *ret_rc says why. */
static struct entry *take_entry(struct media *m, uint64_t owner, struct worker *w, int *ret_rc)
{
	*ret_rc = m->entries.used == m->config.streams_max ? -EMFILE : -ENOMEM;
	struct entry *e = *ret_rc == -EMFILE ? NULL : pool_take(&m->entries);
	if (!e)
		return NULL;
	e->owner = owner;
	e->worker = w;
	e->stream.handle = pool_handle_of(&m->entries, e);
	return e;
}

/* The stream is whole: its worker gets it. */
static int hand_over(struct media *m, struct entry *e, const struct address *local)
{
	e->local = *local;
	e->stream.family = address_is_v4(local) ? AF_INET : AF_INET6;
	endpoint_from_address(local, e->stream.family, &e->stream.local);
	m->load[e->worker->index]++;
	metric_add(&m->streams, 1);
	struct command c = {.kind = COMMAND_OPEN, .stream = e->stream.handle, .open = &e->stream};
	/* A browser's first check comes as soon as it has our description; of a phone nothing counts before its own. */
	bool waits = !e->stream.webrtc;
	int rc = waits ? ring_push(e->worker->commands, &c) : media_command(m, e->worker, &c);
	if (rc < 0)
		media_entry_release(m, e, false);
	else if (waits)
		leave_for_later(m);
	return rc;
}

int media_open(struct media *m, uint64_t owner, const struct address *local, pool_handle near, pool_handle *ret_stream,
	       struct address *ret_address)
{
	ASSERT_ON(m->thread);
	int rc;
	struct entry *e = take_entry(m, owner, choose_worker(m, near), &rc);
	if (!e)
		return no_room(m, rc);
	rc = ports_take(&m->ports, local, loop_wheel(m->loop)->now_us, &e->pair);
	if (rc < 0) {
		pool_give(&m->entries, e);
		return no_room(m, rc);
	}
	e->stream.rtp.fd = e->pair->rtp_fd;
	e->stream.rtcp.fd = e->pair->rtcp_fd;
	pool_handle handle = e->stream.handle;
	struct address address = e->pair->local;
	rc = hand_over(m, e, &address);
	if (rc < 0)
		return rc;
	*ret_stream = handle;
	*ret_address = address;
	return 0;
}

int media_open_shared(struct media *m, uint64_t owner, const struct address *local, pool_handle near,
		      const struct ice_credentials *ice, pool_handle *ret_stream, struct address *ret_address)
{
	ASSERT_ON(m->thread);
	struct worker *w = choose_worker(m, near);
	const struct shared_socket *socket = NULL;
	if (!m->dtls)
		return -ENOTSUP;
	int rc = shared_port_reach(m, w, local, &socket);
	struct entry *e = rc < 0 ? NULL : take_entry(m, owner, w, &rc);
	if (!e)
		return no_room(m, rc);
	struct webrtc *rtc = calloc(1, sizeof(*rtc));
	if (!rtc) {
		pool_give(&m->entries, e);
		return -ENOMEM;
	}
	rtc->stream = &e->stream;
	rtc->context = m->dtls;
	ice_init(&rtc->ice, ice);
	e->stream.webrtc = rtc;
	e->stream.rtp.fd = e->stream.rtcp.fd = -1;
	pool_handle handle = e->stream.handle;
	rc = hand_over(m, e, &socket->local);
	if (rc < 0)
		return rc;
	*ret_stream = handle;
	*ret_address = socket->local;
	return 0;
}

size_t media_candidates(const struct media *m, pool_handle stream, struct address ret[MEDIA_CANDIDATES_MAX])
{
	ASSERT_ON(m->thread);
	const struct entry *e = entry_get(m, stream);
	return e ? shared_port_addresses(m, e->worker, &e->local, ret, MEDIA_CANDIDATES_MAX) : 0;
}

struct slice media_fingerprint(const struct media *m)
{
	return slice_from_string(m->fingerprint);
}

static bool key_eq(const struct srtp_key *a, const struct srtp_key *b)
{
	return a->suite == b->suite &&
	       (a->suite == SRTP_NONE || crypto_equal(a->bytes, b->bytes, srtp_suite_key_bytes(a->suite)));
}

/* Makes the cipher that a changed key wants. */
static int change_key(const struct worker *w, const struct srtp_key *present, const struct srtp_key *wanted,
		      enum srtp_direction direction, bool *ret_new, struct srtp **ret_cipher)
{
	if (key_eq(present, wanted))
		return 0;
	if (wanted->suite != SRTP_NONE) {
		struct srtp *cipher = srtp_new(w->ciphers, wanted, direction);
		if (!cipher)
			return -ENOMEM;
		*ret_cipher = cipher;
	}
	*ret_new = true;
	return 0;
}

static uint64_t key_hash(const struct media *m, const struct srtp_key *key)
{
	return siphash24(m->hash_key, key->bytes, srtp_suite_key_bytes(key->suite));
}

static bool was_sent_with(const struct entry *e, uint64_t hash)
{
	for (size_t i = 0; i < MEDIA_KEYS_REMEMBERED; i++) {
		if (e->keys_sent[i] == hash)
			return true;
	}
	return false;
}

static void remember_sent_with(struct entry *e, uint64_t hash)
{
	memmove(e->keys_sent + 1, e->keys_sent, sizeof(e->keys_sent) - sizeof(e->keys_sent[0]));
	e->keys_sent[0] = hash;
}

int media_set(struct media *m, pool_handle stream, const struct media_settings *settings)
{
	ASSERT_ON(m->thread);
	struct entry *e = entry_get(m, stream);
	struct command c = {.kind = COMMAND_SET, .stream = stream};
	struct stream_settings *set = &c.set;
	uint64_t hash = 0;

	if (!e)
		return -ENOENT;
	set->remote = settings->remote;
	set->remote_rtcp = settings->remote_rtcp;
	set->rtcp_mux = settings->rtcp_mux;
	set->send = settings->send;
	set->receive = settings->receive;
	set->learn = settings->learn;
	set->webrtc = settings->webrtc;
	memcpy(set->rate_khz, settings->rate_khz, sizeof(set->rate_khz));
	int rc = change_key(e->worker, &e->send_key, &settings->send_key, SRTP_SEND, &set->new_send, &set->send_cipher);
	if (rc == 0)
		rc = change_key(e->worker, &e->receive_key, &settings->receive_key, SRTP_RECEIVE, &set->new_receive,
				&set->receive_cipher);
	if (set->send_cipher) {
		hash = key_hash(m, &settings->send_key);
		set->fresh_ssrc = was_sent_with(e, hash);
	}
	if (rc == 0)
		rc = media_command(m, e->worker, &c);
	if (rc < 0) {
		srtp_free(set->send_cipher);
		srtp_free(set->receive_cipher);
		return rc;
	}
	if (set->send_cipher)
		remember_sent_with(e, hash);
	e->send_key = settings->send_key;
	e->receive_key = settings->receive_key;
	return 0;
}

/* Both or neither. Each is told what it may be sent, and has what makes the rest of it. */
static int join(struct media *m, const struct entry *ea, const struct entry *eb, struct command *to_a,
		struct command *to_b)
{
	to_a->stream = to_b->join.other = ea->stream.handle;
	to_b->stream = to_a->join.other = eb->stream.handle;
	to_a->join.worker = eb->worker;
	to_b->join.worker = ea->worker;
	int rc = ring_reserve(ea->worker->commands);
	if (rc < 0)
		return rc;
	rc = media_command(m, eb->worker, to_b);
	if (rc < 0) {
		ring_unreserve(ea->worker->commands);
		return rc;
	}
	ring_push_reserved(ea->worker->commands, to_a);
	m->left[ea->worker->index] = true;
	return 0;
}

int media_join(struct media *m, pool_handle a, pool_handle b, const struct media_way *ab, const struct media_way *ba)
{
	ASSERT_ON(m->thread);
	const struct entry *ea = entry_get(m, a), *eb = entry_get(m, b);
	struct command to_a = {.kind = COMMAND_JOIN}, to_b = {.kind = COMMAND_JOIN};

	if (!ea || !eb || ea == eb)
		return -ENOENT;
	memcpy(to_a.join.map, ab->map, sizeof(to_a.join.map));
	memcpy(to_b.join.map, ba->map, sizeof(to_b.join.map));
	int rc = ab->anew ? transcoder_new(&ab->plan, m->tables, &to_b.join.transcoder) : 0;
	if (rc == 0 && ba->anew)
		rc = transcoder_new(&ba->plan, m->tables, &to_a.join.transcoder);
	if (rc == 0)
		rc = join(m, ea, eb, &to_a, &to_b);
	if (rc < 0) {
		transcoder_free(to_a.join.transcoder);
		transcoder_free(to_b.join.transcoder);
	}
	return rc;
}

int media_split(struct media *m, pool_handle stream)
{
	ASSERT_ON(m->thread);
	const struct entry *e = entry_get(m, stream);
	if (!e)
		return -ENOENT;
	return media_command(m, e->worker, &(struct command){.kind = COMMAND_SPLIT, .stream = stream});
}

int media_send_digit(struct media *m, pool_handle stream, const struct media_digit *digit)
{
	ASSERT_ON(m->thread);
	const struct entry *e = entry_get(m, stream);
	ASSERT(digit->payload < 128);
	if (!e)
		return -ENOENT;
	return media_command(m, e->worker, &(struct command){.kind = COMMAND_DIGIT, .stream = stream, .digit = *digit});
}

void media_close(struct media *m, pool_handle stream)
{
	ASSERT_ON(m->thread);
	struct entry *e = entry_get(m, stream);
	if (!e)
		return;
	e->closing = true;
	int rc = ring_push(e->worker->closes, &stream);
	ASSERT(rc == 0);
	/* At once: a call's row waits for its last figures. */
	m->left[e->worker->index] = true;
}

/* Last in each turn: one wake-up for all that the turn left to a worker. */
void media_turn_ends(void *arg)
{
	struct media *m = arg;

	for (unsigned i = 0; i < m->worker_count; i++) {
		if (m->left[i]) {
			m->left[i] = false;
			worker_wake(m->workers[i]);
		}
	}
	ports_refill(&m->ports, loop_wheel(m->loop)->now_us);
	metric_set(&m->pairs, m->ports.open);
}

static void take_event(struct media *m, const struct worker_event *from)
{
	const struct entry *e = entry_get(m, from->stream);
	if (!e)
		return;
	struct media_event event = {.stream = from->stream,
				    .owner = e->owner,
				    .kind = from->kind,
				    .remote = from->remote,
				    .figures = from->figures,
				    .suite = from->suite};
	m->config.on_event(m->config.owner, &event);
}

static void take_closed(struct media *m, const struct media_stream *s)
{
	struct entry *e = pool_get(&m->entries, s->handle);
	ASSERT(e && e->closing);
	struct media_event event = {
		.stream = s->handle, .owner = e->owner, .kind = MEDIA_CLOSED, .figures = s->figures_told};
	if (s->rtp.current.n && !address_from_sockaddr(&s->rtp.current.name, &event.remote))
		ASSERT(!"a path's address came from the kernel or from an address");
	const struct media_figures *f = &event.figures;
	media_entry_release(m, e, f->received_packets || f->sent_packets || f->refused_packets);
	m->config.on_event(m->config.owner, &event);
}

void media_events_came(void *arg)
{
	struct media *m = arg;
	struct worker_event event;
	struct media_stream *closed;

	for (unsigned i = 0; i < m->worker_count; i++) {
		while (ring_pop(m->workers[i]->events, &event))
			take_event(m, &event);
		while (ring_pop(m->workers[i]->closed, &closed))
			take_closed(m, closed);
	}
}

bool media_is_ours(const struct media *m, const struct address *a)
{
	ASSERT_ON(m->thread);
	return ports_has(&m->ports, a);
}
