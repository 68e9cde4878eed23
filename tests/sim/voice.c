/* sim/voice.c - media/media.h without sockets: what each stream was told, and with whom it was joined */
#include "sim/sim.h"

#include <errno.h>

struct media {
	struct sim *sim;
	struct pool streams;
	uint16_t next_port;
	int open_error, set_error;
	unsigned busy;
};

struct media *voice_new(struct sim *s)
{
	struct media *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	m->sim = s;
	m->next_port = 16384;
	pool_init(&m->streams, sizeof(struct voice_stream), 100000);
	return m;
}

void voice_free(struct media *m)
{
	uint32_t cursor = 0;
	for (struct voice_stream *v = pool_next(&m->streams, &cursor); v; v = pool_next(&m->streams, &cursor))
		timer_stop(&m->sim->wheel, &v->closed);
	pool_done(&m->streams);
	free(m);
}

size_t voice_open(const struct media *m)
{
	return m->streams.used;
}

struct voice_stream *voice_at(struct media *m, uint16_t port)
{
	uint32_t cursor = 0;
	struct voice_stream *v = pool_next(&m->streams, &cursor);
	while (v && v->port != port)
		v = pool_next(&m->streams, &cursor);
	return v;
}

void voice_refuse_open(struct media *m, int error)
{
	m->open_error = error;
}

void voice_refuse_set(struct media *m, int error)
{
	m->set_error = error;
}

void voice_busy(struct media *m, unsigned sets_to_come)
{
	m->busy = sets_to_come;
}

static bool busy(struct media *m)
{
	if (!m->busy)
		return false;
	m->busy--;
	return true;
}

void voice_silent(struct media *m, uint16_t port)
{
	struct voice_stream *v = voice_at(m, port);
	assert_non_null(v);
	switchboard_media_event(m->sim->sb,
				&(struct media_event){.stream = v->handle, .owner = v->owner, .kind = MEDIA_SILENT});
}

void voice_secured(struct media *m, uint16_t port, enum srtp_suite suite)
{
	struct voice_stream *v = voice_at(m, port);
	assert_non_null(v);
	switchboard_media_event(m->sim->sb, &(struct media_event){.stream = v->handle,
								  .owner = v->owner,
								  .kind = suite ? MEDIA_SECURED : MEDIA_UNSECURED,
								  .suite = suite});
}

/* ---- media.h ---- */

static void closed(struct timer *t, void *arg)
{
	struct voice_stream *v = arg;
	struct media *m = v->media;
	struct media_event e = {.stream = v->handle, .owner = v->owner, .kind = MEDIA_CLOSED};
	e.figures.received_packets = 50;
	pool_give(&m->streams, v);
	if (m->sim->sb)
		switchboard_media_event(m->sim->sb, &e);
}

int media_open(struct media *m, uint64_t owner, const struct address *local, pool_handle near, pool_handle *ret_stream,
	       struct address *ret_address)
{
	if (m->open_error)
		return m->open_error;
	struct voice_stream *v = pool_take(&m->streams);
	if (!v)
		return -ENOMEM;
	v->handle = pool_handle_of(&m->streams, v);
	v->owner = owner;
	v->media = m;
	v->port = m->next_port;
	m->next_port = m->next_port >= 65000 ? 16384 : (uint16_t)(m->next_port + 2);
	timer_init(&v->closed, closed, v);
	*ret_stream = v->handle;
	*ret_address = *local;
	ret_address->port = v->port;
	v->local = *ret_address;
	return 0;
}

int media_open_shared(struct media *m, uint64_t owner, const struct address *local, pool_handle near,
		      const struct ice_credentials *ice, pool_handle *ret_stream, struct address *ret_address)
{
	int rc = media_open(m, owner, local, near, ret_stream, ret_address);
	if (rc == 0) {
		struct voice_stream *v = pool_get(&m->streams, *ret_stream);
		v->shared = true;
		v->settings.webrtc.ice = *ice;
	}
	return rc;
}

size_t media_candidates(const struct media *m, pool_handle stream, struct address ret[MEDIA_CANDIDATES_MAX])
{
	/* More of this host: one that anybody may know, and some of internal networks. */
	static const char *const more[] = {"198.51.100.200", "10.0.0.200", "10.0.0.201", "10.1.0.200"};
	const struct voice_stream *v = pool_get(&m->streams, stream);
	ret[0] = v->local;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		assert_true(address_parse(slice_from_string(more[i]), &ret[i + 1]));
		ret[i + 1].port = v->port;
	}
	return 1 + ARRAY_LEN(more);
}

struct slice media_fingerprint(const struct media *m)
{
	return SLICE(VOICE_FINGERPRINT);
}

bool media_is_ours(const struct media *m, const struct address *a)
{
	uint32_t cursor = 0;
	for (const struct voice_stream *v = pool_next(&m->streams, &cursor); v; v = pool_next(&m->streams, &cursor))
		if (address_same_host(&v->local, a) && (a->port == v->port || a->port == v->port + 1))
			return true;
	return false;
}

int media_set(struct media *m, pool_handle stream, const struct media_settings *settings)
{
	struct voice_stream *v = pool_get(&m->streams, stream);
	if (!v || v->closing)
		return -ENOENT;
	if (busy(m))
		return -EAGAIN;
	if (m->set_error)
		return m->set_error;
	v->settings = *settings;
	v->sets++;
	return 0;
}

int media_join(struct media *m, pool_handle a, pool_handle b, const struct media_way *ab, const struct media_way *ba)
{
	struct voice_stream *va = pool_get(&m->streams, a), *vb = pool_get(&m->streams, b);
	if (!va || !vb || va->closing || vb->closing)
		return -ENOENT;
	if (busy(m))
		return -EAGAIN;
	va->peer = b;
	vb->peer = a;
	va->way = *ab;
	vb->way = *ba;
	va->joins++;
	vb->joins++;
	return 0;
}

int media_split(struct media *m, pool_handle stream)
{
	struct voice_stream *v = pool_get(&m->streams, stream);
	if (!v || v->closing)
		return -ENOENT;
	if (busy(m))
		return -EAGAIN;
	v->peer = 0;
	return 0;
}

int media_send_digit(struct media *m, pool_handle stream, const struct media_digit *digit)
{
	struct voice_stream *v = pool_get(&m->streams, stream);
	if (!v || v->closing)
		return -ENOENT;
	if (busy(m))
		return -EAGAIN;
	assert_true(v->digit_count < ARRAY_LEN(v->digits));
	v->digits[v->digit_count++] = *digit;
	return 0;
}

void media_close(struct media *m, pool_handle stream)
{
	struct voice_stream *v = pool_get(&m->streams, stream);
	if (!v || v->closing)
		return;
	struct voice_stream *other = pool_get(&m->streams, v->peer);
	if (other && other->peer == stream) /* else it is another's by now */
		other->peer = 0;
	v->closing = true;
	timer_start(&m->sim->wheel, &v->closed, MS_US);
}
