/* media/shared.c - the datagrams of a worker's shared port, told apart.   RFC 7983 §7, RFC 8445 §7.3 */
#include <errno.h>
#include <sys/socket.h>

#include "media/webrtc.h"
#include "media/worker.h"

int shared_init(struct shared *h, const uint8_t key[16], uint32_t streams_max)
{
	map_init(&h->by_ufrag, key);
	map_init(&h->by_address, key);
	/* All of it now, so that none of the inserts takes memory for a table. */
	map_reserve(&h->by_ufrag, streams_max);
	map_reserve(&h->by_address, streams_max);
	h->shakes = calloc(MEDIA_SHAKES_MAX, sizeof(*h->shakes));
	h->packets = calloc(MEDIA_SHARED_BATCH, sizeof(*h->packets));
	return h->by_ufrag.table && h->by_address.table && h->shakes && h->packets ? 0 : -ENOMEM;
}

void shared_done(struct shared *h)
{
	map_done(&h->by_ufrag);
	map_done(&h->by_address);
	free(h->shakes);
	free(h->packets);
}

/* ---- by name ---- */

static bool ufrag_matches(const struct map_node *node, const void *key)
{
	const struct webrtc *rtc = container_of(node, struct webrtc, by_ufrag);
	return slice_eq(slice_of(rtc->ice.local.ufrag, ICE_UFRAG_CHARS), *(const struct slice *)key);
}

static struct webrtc *find_asked(const struct worker *w, const struct stun_message *check)
{
	struct slice ufrag = ice_addressee(check);
	const struct map *m = &w->shared->by_ufrag;
	struct map_node *node = map_find(m, map_hash(m, ufrag), ufrag_matches, &ufrag);
	return node ? container_of(node, struct webrtc, by_ufrag) : NULL;
}

void shared_list(struct worker *w, struct webrtc *rtc)
{
	struct map *m = &w->shared->by_ufrag;
	int rc = map_insert(m, &rtc->by_ufrag, map_hash(m, slice_of(rtc->ice.local.ufrag, ICE_UFRAG_CHARS)));
	ASSERT(rc == 0);
	rtc->listed = true;
}

void shared_unlist(struct worker *w, struct webrtc *rtc)
{
	if (rtc->listed)
		map_remove(&w->shared->by_ufrag, &rtc->by_ufrag);
	rtc->listed = false;
}

/* ---- by address ---- */

struct way {
	const struct shared_socket *socket;
	const struct endpoint *from;
};

static bool way_matches(const struct map_node *node, const void *key)
{
	const struct webrtc_pair *pair = container_of(node, struct webrtc_pair, node);
	const struct way *way = key;
	return pair->socket == way->socket && endpoint_eq(&pair->remote, way->from);
}

static uint64_t way_hash(const struct map *m, const struct endpoint *from)
{
	return map_hash(m, slice_of(&from->name, from->n));
}

struct webrtc_pair *shared_find(const struct worker *w, const struct shared_socket *socket, const struct endpoint *from)
{
	struct way way = {socket, from};
	const struct map *m = &w->shared->by_address;
	struct map_node *node = map_find(m, way_hash(m, from), way_matches, &way);
	return node ? container_of(node, struct webrtc_pair, node) : NULL;
}

void shared_add(struct worker *w, struct webrtc_pair *pair)
{
	struct map *m = &w->shared->by_address;
	struct webrtc_pair *before = shared_find(w, pair->socket, &pair->remote);
	if (before)
		webrtc_forget(before);
	int rc = map_insert(m, &pair->node, way_hash(m, &pair->remote));
	ASSERT(rc == 0);
}

void shared_remove(struct worker *w, struct webrtc_pair *pair)
{
	map_remove(&w->shared->by_address, &pair->node);
}

/* ---- what comes ---- */

static void take_check(struct worker *w, const struct shared_socket *socket, const struct endpoint *from,
		       const uint8_t *p, size_t n)
{
	struct stun_message check;
	struct address address;
	uint8_t answer[ICE_ANSWER_MAX];
	size_t answer_n;

	if (!stun_parse(p, n, &check) || !address_from_sockaddr(&from->name, &address)) {
		w->counts.refused[REFUSED_MALFORMED]++;
		return;
	}
	struct webrtc *rtc = find_asked(w, &check);
	enum ice_result result = ice_answer(rtc ? &rtc->ice : NULL, p, n, &check, &address, answer, &answer_n);
	if (answer_n && sendto(socket->fd, answer, answer_n, 0, &from->name.any, from->n) < 0)
		w->counts.unsent++;
	if (result != ICE_REFUSED)
		webrtc_checked(rtc, socket, from, result == ICE_NOMINATED);
	else if (check.class == STUN_REQUEST)
		w->counts.refused[REFUSED_AUTH]++;
}

static void queue_shake(struct worker *w, struct webrtc_pair *pair, const uint8_t *p, size_t n)
{
	struct shared *h = w->shared;
	if (h->waiting == MEDIA_SHAKES_MAX || n > RTP_PACKET_MAX)
		return;
	struct shared_shake *shake = &h->shakes[(h->first + h->waiting++) % MEDIA_SHAKES_MAX];
	shake->pair = pair;
	shake->stream = pair->rtc->stream->handle;
	shake->n = (uint16_t)n;
	memcpy(shake->bytes, p, n);
}

void shared_shake(struct worker *w)
{
	struct shared *h = w->shared;
	if (!h->waiting)
		return;
	const struct shared_shake *shake = &h->shakes[h->first];
	h->first = (h->first + 1) % MEDIA_SHAKES_MAX;
	h->waiting--;
	/* The pair may have been given up since. */
	if (worker_stream(w, shake->stream) && shake->pair->socket)
		webrtc_shake(shake->pair, shake->bytes, shake->n);
}

static void take(struct worker *w, const struct shared_socket *socket, const struct endpoint *from, uint8_t *p,
		 size_t n)
{
	if (stun_is(p, n)) {
		take_check(w, socket, from, p, n);
		return;
	}
	struct webrtc_pair *pair = shared_find(w, socket, from);
	if (!pair)
		w->counts.refused[REFUSED_SOURCE]++;
	else if (p[0] >= 20 && p[0] <= 63)
		queue_shake(w, pair, p, n);
	else
		media_stream_take(pair->rtc->stream, false, from, p, n);
}

void shared_readable(struct worker *w, const struct shared_socket *socket)
{
	struct mmsghdr messages[MEDIA_SHARED_BATCH];
	struct iovec parts[MEDIA_SHARED_BATCH];
	struct shared *h = w->shared;

	for (size_t i = 0; i < MEDIA_SHARED_BATCH; i++) {
		parts[i] = (struct iovec){.iov_base = h->packets[i], .iov_len = RTP_PACKET_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_name = &h->from[i].name,
						      .msg_namelen = sizeof(h->from[i].name),
						      .msg_iov = &parts[i],
						      .msg_iovlen = 1};
	}
	int got = recvmmsg(socket->fd, messages, MEDIA_SHARED_BATCH, 0, NULL);
	for (int i = 0; i < got; i++) {
		h->from[i].n = messages[i].msg_hdr.msg_namelen;
		if (messages[i].msg_len < 2 || messages[i].msg_hdr.msg_flags & MSG_TRUNC)
			w->counts.refused[REFUSED_MALFORMED]++;
		else
			take(w, socket, &h->from[i], h->packets[i], messages[i].msg_len);
	}
}
