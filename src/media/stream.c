/* media/stream.c - what a stream receives: from whom, with which key, and to whom it goes on   RFC 3550, 3711, 5761 */
#include "media/transcode.h"
#include "media/webrtc.h"
#include "media/worker.h"

static void tick(struct timer *t, void *arg);
static void send_report(struct timer *t, void *arg);

void media_stream_open(struct media_stream *s, struct worker *w)
{
	ASSERT_ON(w->thread);
	s->worker = w;
	s->direct = -1;
	memset(s->map, 0xff, sizeof(s->map));
	s->encrypted = s->webrtc; /* no voice before there are keys */
	s->heard_us = s->expected_us = w->wheel.now_us;
	sender_init(s);
	report_init(s);
	timer_init(&s->tick, tick, s);
	timer_init(&s->report, send_report, s);
	event_init(s);
	timer_start(&w->wheel, &s->tick, w->tuning->figures_us);
	if (s->webrtc)
		webrtc_open(s->webrtc);
}

void media_stream_close(struct media_stream *s)
{
	struct worker *w = s->worker;

	ASSERT_ON(w->thread);
	report_send(s, true);
	report_figures(s, &s->figures_told);
	timer_stop(&w->wheel, &s->tick);
	timer_stop(&w->wheel, &s->report);
	timer_stop(&w->wheel, &s->digits.next);
	if (s->webrtc)
		webrtc_close(s->webrtc);
	direct_close(s);
	s->send_cipher = srtp_free(s->send_cipher);
	s->receive_cipher = srtp_free(s->receive_cipher);
	s->receive_before = srtp_free(s->receive_before);
	s->spent = srtp_free(s->spent);
	s->transcoder = transcoder_free(s->transcoder);
}

/* What is known goes into the sums; whatever comes next is a source anew. */
static void reception_ends(struct media_stream *s)
{
	struct media_figures so_far;

	report_figures(s, &so_far);
	s->figures = so_far;
	s->reception = (struct rtp_reception){0};
	s->resyncs = 0;
}

void media_stream_rekey(struct media_stream *s, const struct stream_settings *set)
{
	s->spent = srtp_free(s->spent);
	if (set->new_send) {
		srtp_free(s->send_cipher);
		s->send_cipher = set->send_cipher;
		if (set->fresh_ssrc)
			sender_init(s);
	}
	if (!set->new_receive)
		return;
	/* The key that has authenticated something stays until the new one does; one in between never did. */
	if (s->receive_before) {
		srtp_free(s->receive_cipher);
	} else {
		s->receive_before = s->receive_cipher;
	}
	s->receive_cipher = set->receive_cipher;
	s->encrypted = set->receive_cipher != NULL;
	if (!s->encrypted)
		s->receive_before = srtp_free(s->receive_before);
}

/* Where it is sent, and whence it may come. */
static void apply_paths(struct media_stream *s, const struct stream_settings *set)
{
	struct worker *w = s->worker;
	struct endpoint remote, before = s->rtp.current;

	if (s->webrtc) {
		webrtc_apply(s->webrtc, &set->webrtc);
		return;
	}
	endpoint_from_address(&set->remote, s->family, &remote);
	path_signal(&s->rtp, &remote);
	if (!endpoint_eq(&before, &s->rtp.current))
		direct_close(s);
	endpoint_from_address(&set->remote_rtcp, s->family, &remote);
	path_signal(&s->rtcp, &remote);
	if (set->learn) {
		path_open_window(&s->rtp, w->wheel.now_us, w->tuning->learn_us);
		path_open_window(&s->rtcp, w->wheel.now_us, w->tuning->learn_us);
		s->started_told = false;
	}
}

void media_stream_apply(struct media_stream *s, const struct stream_settings *set)
{
	struct worker *w = s->worker;
	int64_t now_us = w->wheel.now_us;

	ASSERT_ON(w->thread);
	apply_paths(s, set);
	if (set->receive && !s->receive) /* what was sent into a pause is not lost */
		reception_ends(s);
	/* A phone that holds need not send, in whichever words it says so (RFC 3264 §8.4). */
	bool expected = set->receive && set->send;
	if (expected && !s->expected)
		s->expected_us = now_us;
	s->expected = expected;
	s->rtcp_mux = set->rtcp_mux;
	s->send = set->send;
	s->receive = set->receive;
	/* After a pause the sequence goes on without a gap, as with a new source. */
	if (!s->send)
		s->sender.source = 0;
	memcpy(s->rate_khz, set->rate_khz, sizeof(s->rate_khz));
	media_stream_rekey(s, set);
	if (!timer_running(&s->report))
		timer_start(&w->wheel, &s->report, w->tuning->report_us / 2);
}

static void media_stream_refuse(struct media_stream *s, enum packet_refusal why)
{
	s->figures.refused_packets++;
	s->worker->counts.refused[why]++;
}

static enum srtp_result unprotect(struct srtp *cipher, uint8_t *p, size_t n, bool rtcp, size_t *ret_n)
{
	return rtcp ? srtcp_unprotect(cipher, p, n, ret_n) : srtp_unprotect(cipher, p, n, ret_n);
}

static bool refuse_result(struct media_stream *s, enum srtp_result result)
{
	media_stream_refuse(s, result == SRTP_MALFORMED  ? REFUSED_MALFORMED
			       : result == SRTP_REPLAYED ? REFUSED_REPLAY
							 : REFUSED_AUTH);
	return false;
}

/* In place, with the present key, or with the one before while the present one has not been used. */
static bool media_stream_decrypt(struct media_stream *s, uint8_t *p, size_t n, bool rtcp, size_t *ret_n)
{
	if (!s->receive_cipher)
		return refuse_result(s, SRTP_AUTH_FAILED);
	if (!s->receive_before) {
		enum srtp_result result = unprotect(s->receive_cipher, p, n, rtcp, ret_n);
		return result == SRTP_OK || refuse_result(s, result);
	}
	/* Two keys: the first try may already have turned the bytes into something else. */
	memcpy(s->worker->spare, p, n);
	enum srtp_result result = unprotect(s->receive_cipher, p, n, rtcp, ret_n);
	if (result == SRTP_OK) {
		/* `spent` is free: settings, the only ones to set a key before this one, have emptied it. */
		s->spent = s->receive_before;
		s->receive_before = NULL;
		return true;
	}
	memcpy(p, s->worker->spare, n);
	result = unprotect(s->receive_before, p, n, rtcp, ret_n);
	return result == SRTP_OK || refuse_result(s, result);
}

static void source_begins(struct media_stream *s, const struct rtp_packet *packet)
{
	s->reception.rate = s->rate_khz[packet->payload_type] * 1000u;
	s->epoch++;
}

/* Numbers that jump are believed when a second packet follows the first (RFC 3550 A.1): until then it waits for nobody.
 */
static bool is_stray(const struct rtp_reception *r, const struct rtp_packet *packet)
{
	return r->highest != packet->sequence && r->suspect == (uint16_t)(packet->sequence + 1);
}

bool media_stream_tell(struct media_stream *s, enum media_event_kind kind)
{
	struct worker_event event = {.stream = s->handle, .kind = kind};

	if (s->rtp.current.n && !address_from_sockaddr(&s->rtp.current.name, &event.remote))
		ASSERT(!"a path's address came from the kernel or from an address");
	report_figures(s, &event.figures);
	event.suite = s->webrtc ? s->webrtc->suite : SRTP_NONE;
	if (!worker_tell(s->worker, &event))
		return false;
	if (kind == MEDIA_FIGURES)
		s->figures_told = event.figures;
	return true;
}

static void tell(struct media_stream *s, enum media_event_kind kind)
{
	bool told = media_stream_tell(s, kind);
	if (kind == MEDIA_STARTED)
		s->owes_started = !told;
	else if (kind == MEDIA_SILENT)
		s->owes_silent = !told;
}

static void pass_on(struct media_stream *s, const struct rtp_packet *packet, uint8_t *p)
{
	struct worker *w = s->worker;
	struct relay_packet relay = {
		.from = s->handle,
		.to = s->joined,
		.epoch = s->epoch,
		.timestamp = packet->timestamp,
		.sequence = packet->sequence,
		.bytes = packet->payload_bytes,
		.came_as = packet->payload_type,
		.payload = s->map[packet->payload_type],
		.rate_khz = s->rate_khz[packet->payload_type],
		.marker = packet->marker,
		.at = p + packet->header_bytes,
	};

	if (!s->joined)
		return;
	if (relay.payload > 127 && relay.payload != MEDIA_ANEW) {
		media_stream_refuse(s, REFUSED_MAPPING);
		return;
	}
	if (s->joined_worker == w) {
		struct media_stream *to = worker_stream(w, s->joined);
		if (to)
			relay_send(to, &relay);
		return;
	}
	w->cross.packet = relay;
	memcpy(w->cross.bytes + RTP_HEADER_MIN, relay.at, relay.bytes);
	worker_cross(w, s->joined_worker);
}

/* Everything that makes the packet ours to use has been checked. */
static void receive_voice(struct media_stream *s, const struct endpoint *from, enum path_verdict verdict,
			  const struct rtp_packet *packet, uint8_t *p)
{
	int64_t now_us = s->worker->wheel.now_us;

	if (!s->reception.started || packet->ssrc != s->reception.ssrc)
		source_begins(s, packet);
	bool newest = !s->reception.started || (int16_t)(packet->sequence - s->reception.highest) > 0;
	if (!rtp_reception_update(&s->reception, packet, now_us))
		return;
	if (s->reception.resyncs != s->resyncs) {
		/* The numbers jumped: for whoever hears us this is another source. */
		s->resyncs = s->reception.resyncs;
		s->epoch++;
		newest = true;
	}
	s->worker->counts.received++;
	s->heard_us = now_us;
	/* An authentic packet, held back by somebody and sent from elsewhere, moves nothing. Who is heard in clear has
	 * been judged by source alone: numbers of his own choice must not keep the phone from its place. */
	if (!s->webrtc && (verdict == PATH_CURRENT || newest || !s->encrypted)) {
		if (verdict != PATH_CURRENT)
			direct_close(s);
		else if (s->unmoved < MEDIA_DIRECT_AFTER)
			s->unmoved++;
		path_take(&s->rtp, from, now_us);
	}
	if (!s->started_told) {
		s->started_told = true;
		tell(s, MEDIA_STARTED);
	}
	if (!is_stray(&s->reception, packet))
		pass_on(s, packet, p);
}

/*
 * Our own voice come back (RFC 3550 §8.2): two descriptions that name each other's ports of ours would make one packet
 * go round for ever. DEVIATION: a phone that happens to have our SSRC is not answered by a new one of ours, as §8.2
 * wants: each side of a relay has SSRCs of its own, and nobody mixes them. Looked at where a source begins, so that it
 * costs a stream in progress nothing.
 */
static bool is_loop(const struct media_stream *s, const struct endpoint *from, const struct rtp_packet *packet)
{
	if (s->reception.started && packet->ssrc == s->reception.ssrc)
		return false;
	return endpoint_same_host(from, &s->local) && sender_ssrc_is_ours(s->worker, packet->ssrc);
}

static void receive_rtp(struct media_stream *s, const struct endpoint *from, uint8_t *p, size_t n)
{
	struct rtp_packet packet;
	enum path_verdict verdict;

	if (s->encrypted) {
		/* During a pause too: the cipher must see the sequence numbers wrap. */
		if (!media_stream_decrypt(s, p, n, false, &n) || !s->receive)
			return;
		verdict = endpoint_eq(from, &s->rtp.current) ? PATH_CURRENT : PATH_MOVES;
	} else if (!s->receive) {
		return;
	} else {
		verdict = path_judge(&s->rtp, from, s->worker->wheel.now_us, s->worker->tuning->learn_quiet_us);
		if (verdict == PATH_REFUSED) {
			media_stream_refuse(s, REFUSED_SOURCE);
			return;
		}
	}
	if (!rtp_parse(p, n, &packet)) {
		media_stream_refuse(s, REFUSED_MALFORMED);
		return;
	}
	if (s->rate_khz[packet.payload_type] == 0) {
		media_stream_refuse(s, REFUSED_PAYLOAD);
		return;
	}
	if (is_loop(s, from, &packet)) {
		media_stream_refuse(s, REFUSED_SOURCE);
		return;
	}
	receive_voice(s, from, verdict, &packet, p);
}

/* The port of RTCP is learned like that of RTP, and from the host that the voice comes from also after the window. */
static bool rtcp_source_fits(const struct media_stream *s, const struct path *path, const struct endpoint *from)
{
	const struct worker *w = s->worker;
	if (path_judge(path, from, w->wheel.now_us, w->tuning->learn_quiet_us) != PATH_REFUSED)
		return true;
	return path == &s->rtcp && !path->locked && s->rtp.locked && endpoint_same_host(from, &s->rtp.current);
}

static void receive_rtcp(struct media_stream *s, struct path *path, const struct endpoint *from, uint8_t *p, size_t n)
{
	if (s->encrypted) {
		if (!media_stream_decrypt(s, p, n, true, &n))
			return;
	} else if (!rtcp_source_fits(s, path, from)) {
		media_stream_refuse(s, REFUSED_SOURCE);
		return;
	}
	if (!report_receive(s, p, n)) {
		media_stream_refuse(s, REFUSED_MALFORMED);
		return;
	}
	s->heard_us = s->worker->wheel.now_us;
	/* Where voice goes is decided by voice: a report on the shared port moves nothing. */
	if (path == &s->rtcp)
		path_take(path, from, s->heard_us);
}

void media_stream_take(struct media_stream *s, bool rtcp, const struct endpoint *from, uint8_t *p, size_t n)
{
	if (n < 2 || n > RTP_PACKET_MAX) {
		media_stream_refuse(s, REFUSED_MALFORMED);
		return;
	}
	bool is_rtcp = rtcp || (s->rtcp_mux && rtp_is_rtcp(p, n));
	if (!is_rtcp)
		receive_rtp(s, from, p, n);
	else if (rtcp && s->rtcp_mux)
		media_stream_refuse(s, REFUSED_SOURCE); /* one port was agreed */
	else
		receive_rtcp(s, rtcp ? &s->rtcp : &s->rtp, from, p, n);
}

/* Who will send on what s receives, as far as can be said without looking at it. NULL: nobody, or on another worker. */
static const struct media_stream *probable_sender(const struct media_stream *s)
{
	uint32_t slot = (uint32_t)s->joined;
	return s->joined && s->joined_worker == s->worker && slot < s->worker->streams_max ? s->worker->streams[slot]
											   : NULL;
}

/* Before the kernel is asked for a packet of s: it takes longer than the memory. */
static void fetch_ahead(const struct media_stream *s, const struct media_stream *sender)
{
	prefetch(s, offsetof(struct media_stream, sender));
	if (s->receive_cipher)
		srtp_prefetch(s->receive_cipher);
	if (sender)
		prefetch(&sender->handle,
			 offsetof(struct media_stream, family) - offsetof(struct media_stream, handle));
}

/* One datagram, and from whom: a direct socket hears the phone alone. */
static ssize_t read_from(struct media_stream *s, enum media_socket at, struct endpoint *ret_from)
{
	uint8_t *p = s->worker->packet;

	if (at == SOCKET_DIRECT) {
		*ret_from = s->rtp.current;
		return recv(s->direct, p, RTP_PACKET_MAX, MSG_TRUNC);
	}
	ret_from->n = sizeof(ret_from->name);
	int fd = at == SOCKET_RTCP ? s->rtcp.fd : s->rtp.fd;
	return recvfrom(fd, p, RTP_PACKET_MAX, MSG_TRUNC, &ret_from->name.any, &ret_from->n);
}

void media_stream_readable(struct media_stream *s, enum media_socket at)
{
	struct worker *w = s->worker;
	const struct media_stream *sender = probable_sender(s);
	struct endpoint from;

	fetch_ahead(s, sender);
	/* One read a wake-up: a second would mostly find nothing, and epoll reports again what is left. */
	ssize_t got = read_from(s, at, &from);
	if (got < 0)
		return;
	if (sender && sender->send_cipher)
		srtp_prefetch(sender->send_cipher);
	media_stream_take(s, at == SOCKET_RTCP, &from, w->packet, (size_t)got);
	if (s->unmoved == MEDIA_DIRECT_AFTER && s->direct < 0)
		direct_open(s);
}

static void send_report(struct timer *t, void *arg)
{
	struct media_stream *s = arg;
	struct worker *w = s->worker;
	int64_t base_us = w->tuning->report_us;

	report_send(s, false);
	/* RFC 3550 §6.2: varied between half and one and a half, so that reports of many do not fall together. */
	timer_start(&w->wheel, t, base_us / 2 + random_below(&w->random, (uint32_t)base_us));
}

/* Every 5 s: what is owed to the switchboard, silence, figures, and what the packet path left to be freed. */
static void tick(struct timer *t, void *arg)
{
	struct media_stream *s = arg;
	struct worker *w = s->worker;
	int64_t since_us = w->wheel.now_us - MAX(s->heard_us, s->expected_us);
	struct media_figures now;

	s->spent = srtp_free(s->spent);
	if (s->owes_started)
		tell(s, MEDIA_STARTED);
	if (s->expected && since_us >= w->tuning->silent_us) {
		s->expected_us = w->wheel.now_us; /* who lives but stays silent is asked again, as often */
		s->started_told = false;
		tell(s, MEDIA_SILENT);
	} else if (s->owes_silent) {
		tell(s, MEDIA_SILENT);
	}
	if (s->webrtc)
		webrtc_tick(s->webrtc);
	report_figures(s, &now);
	s->figures.jitter_max_us = now.jitter_max_us;
	if (memcmp(&now, &s->figures_told, sizeof(now)) != 0)
		tell(s, MEDIA_FIGURES);
	timer_start(&w->wheel, t, w->tuning->figures_us);
}
