/* media/webrtc.c - ICE and DTLS of one stream.   RFC 8445, RFC 7675, RFC 5763, RFC 8842 */
#include <sys/socket.h>

#include "crypto/crypto.h"
#include "media/webrtc.h"
#include "media/worker.h"

static void consent_over(struct timer *t, void *arg);
static void retry_due(struct timer *t, void *arg);

/* ---- where we send ---- */

/*
 * Voice goes there once the stream has a key, be it of the association before; without one it has no address and sends
 * nothing.
 */
static void point_stream(struct webrtc *rtc)
{
	struct media_stream *s = rtc->stream;
	const struct webrtc_pair *pair = rtc->selected;
	if (!pair || !s->send_cipher) {
		s->rtp.current.n = 0;
		return;
	}
	s->rtp.fd = pair->socket->fd;
	s->rtp.current = pair->remote;
	s->local = pair->socket->name;
}

static void begin(struct webrtc *rtc);

static void select_pair(struct webrtc *rtc, struct webrtc_pair *pair)
{
	bool first = !rtc->selected;
	rtc->selected = pair;
	point_stream(rtc);
	if (first)
		begin(rtc);
}

/* RFC 7675 §5.1: whoever asked for voice may be gone, or somebody else have its address. */
static void consent_over(struct timer *t, void *arg)
{
	struct webrtc *rtc = arg;
	rtc->selected = NULL;
	point_stream(rtc);
}

void webrtc_forget(struct webrtc_pair *pair)
{
	struct webrtc *rtc = pair->rtc;
	shared_remove(rtc->stream->worker, pair);
	if (rtc->selected == pair)
		consent_over(&rtc->consent, rtc);
	pair->socket = NULL;
}

/* A free place, or that of the pair that was silent longest; never the selected one. */
static struct webrtc_pair *place(struct webrtc *rtc)
{
	struct webrtc_pair *oldest = NULL;
	for (size_t i = 0; i < MEDIA_PAIRS_MAX; i++) {
		struct webrtc_pair *pair = &rtc->pairs[i];
		if (!pair->socket)
			return pair;
		if (pair != rtc->selected && (!oldest || pair->checked_us < oldest->checked_us))
			oldest = pair;
	}
	webrtc_forget(oldest);
	return oldest;
}

void webrtc_checked(struct webrtc *rtc, const struct shared_socket *socket, const struct endpoint *from, bool nominated)
{
	struct worker *w = rtc->stream->worker;
	struct webrtc_pair *pair = shared_find(w, socket, from);
	if (!pair || pair->rtc != rtc) {
		pair = place(rtc);
		*pair = (struct webrtc_pair){.rtc = rtc, .socket = socket, .remote = *from};
		shared_add(w, pair);
	}
	pair->checked_us = w->wheel.now_us;
	/* §12.1.1: until one is nominated, the first that is good. */
	if ((nominated && rtc->selected != pair) || !rtc->selected)
		select_pair(rtc, pair);
	if (rtc->selected == pair)
		timer_start(&w->wheel, &rtc->consent, ICE_CONSENT_US);
}

/* ---- DTLS ---- */

static void send_datagram(void *arg, const uint8_t *p, size_t n)
{
	struct webrtc *rtc = arg;
	const struct webrtc_pair *to = rtc->selected;
	if (to && sendto(to->socket->fd, p, n, 0, &to->remote.name.any, to->remote.n) < 0)
		rtc->stream->worker->counts.unsent++;
}

static void fail(struct webrtc *rtc)
{
	rtc->failed = true;
	rtc->dtls = dtls_free(rtc->dtls);
	webrtc_tick(rtc);
}

static bool make_ciphers(const struct webrtc *rtc, struct stream_settings *ret, enum srtp_suite *ret_suite)
{
	const struct srtp_ciphers *ciphers = rtc->stream->worker->ciphers;
	struct srtp_key send, receive;
	if (!dtls_keys(rtc->dtls, &send, &receive))
		return false;
	ret->send_cipher = srtp_new(ciphers, &send, SRTP_SEND);
	ret->receive_cipher = srtp_new(ciphers, &receive, SRTP_RECEIVE);
	enum srtp_suite suite = send.suite;
	crypto_wipe(&send, sizeof(send));
	crypto_wipe(&receive, sizeof(receive));
	if (!ret->send_cipher || !ret->receive_cipher) {
		srtp_free(ret->send_cipher);
		srtp_free(ret->receive_cipher);
		return false;
	}
	*ret_suite = suite;
	return true;
}

/* The handshake is over: its keys become the stream's, and voice may pass. */
static void ready(struct webrtc *rtc)
{
	struct media_stream *s = rtc->stream;
	struct stream_settings set = {.new_send = true, .new_receive = true, .fresh_ssrc = true};
	if (!make_ciphers(rtc, &set, &rtc->suite)) {
		fail(rtc);
		return;
	}
	media_stream_rekey(s, &set);
	rtc->ready_us = s->worker->wheel.now_us;
	point_stream(rtc);
	webrtc_tick(rtc);
}

static void look_at(struct webrtc *rtc, enum dtls_state before, enum dtls_state now)
{
	struct wheel *wheel = &rtc->stream->worker->wheel;
	int64_t wait_us = dtls_wait_us(rtc->dtls);
	timer_stop(wheel, &rtc->retry);
	if (wait_us >= 0)
		timer_start(wheel, &rtc->retry, wait_us);
	if (before == now)
		return;
	if (now == DTLS_READY)
		ready(rtc);
	else
		fail(rtc);
}

static void shake(struct webrtc *rtc, const uint8_t *p, size_t n)
{
	/* Answers go to the selected pair; what comes by another one while nothing is selected has no answer. */
	if (!rtc->dtls || !rtc->selected)
		return;
	enum dtls_state before = rtc->suite == SRTP_NONE ? DTLS_SHAKING : DTLS_READY;
	look_at(rtc, before, dtls_input(rtc->dtls, p, n));
}

static void keep_early(struct webrtc *rtc, const uint8_t *p, size_t n)
{
	struct webrtc_early **end = &rtc->early;
	for (size_t i = 0; *end; i++, end = &(*end)->next)
		if (i == MEDIA_EARLY_MAX - 1)
			return;
	*end = malloc(sizeof(**end) + n);
	if (!*end) /* lost, like others on the way */
		return;
	(*end)->next = NULL;
	(*end)->n = n;
	memcpy((*end)->bytes, p, n);
}

static struct webrtc_early *take_early(struct webrtc *rtc)
{
	struct webrtc_early *first = rtc->early;
	if (first)
		rtc->early = first->next;
	return first;
}

/* As soon as there is somebody to talk to, and it is known whom to believe. */
static void begin(struct webrtc *rtc)
{
	if (rtc->dtls || rtc->failed || !rtc->selected || rtc->peer.n == 0 || rtc->suite != SRTP_NONE)
		return;
	struct dtls_terms terms = {
		.client = rtc->client, .peer = rtc->peer, .retry_us = rtc->stream->worker->tuning->dtls_retry_us};
	rtc->dtls = dtls_new(rtc->context, &terms, send_datagram, rtc);
	if (!rtc->dtls)
		fail(rtc);
	else if (rtc->client)
		look_at(rtc, DTLS_SHAKING, dtls_start(rtc->dtls));
	for (struct webrtc_early *e; (e = take_early(rtc)); free(e))
		shake(rtc, e->bytes, e->n);
}

void webrtc_shake(struct webrtc_pair *pair, const uint8_t *p, size_t n)
{
	if (pair->rtc->peer.n == 0)
		keep_early(pair->rtc, p, n);
	else
		shake(pair->rtc, p, n);
}

static void retry_due(struct timer *t, void *arg)
{
	struct webrtc *rtc = arg;
	if (rtc->dtls)
		look_at(rtc, DTLS_SHAKING, dtls_timeout(rtc->dtls));
}

/* ---- the stream's life ---- */

void webrtc_open(struct webrtc *rtc)
{
	timer_init(&rtc->consent, consent_over, rtc);
	timer_init(&rtc->retry, retry_due, rtc);
	shared_list(rtc->stream->worker, rtc);
}

void webrtc_close(struct webrtc *rtc)
{
	struct worker *w = rtc->stream->worker;
	timer_stop(&w->wheel, &rtc->consent);
	timer_stop(&w->wheel, &rtc->retry);
	shared_unlist(w, rtc);
	for (size_t i = 0; i < MEDIA_PAIRS_MAX; i++)
		if (rtc->pairs[i].socket)
			shared_remove(w, &rtc->pairs[i]);
	webrtc_done(rtc);
}

void webrtc_done(struct webrtc *rtc)
{
	for (struct webrtc_early *e; (e = take_early(rtc));)
		free(e);
	rtc->dtls = dtls_free(rtc->dtls);
}

static bool fingerprint_eq(const struct media_fingerprint *a, const struct media_fingerprint *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

void webrtc_apply(struct webrtc *rtc, const struct media_webrtc *settings)
{
	struct worker *w = rtc->stream->worker;
	if (memcmp(&settings->ice, &rtc->ice.local, sizeof(settings->ice)) != 0) {
		/* §9: what was selected stays so until something is by the new names, or consent is over. */
		shared_unlist(w, rtc);
		ice_init(&rtc->ice, &settings->ice);
		shared_list(w, rtc);
	}
	/* RFC 8842 §3.2: then it is another association. The keys of the one before serve until there are new ones. */
	if (!fingerprint_eq(&settings->fingerprint, &rtc->peer) || settings->client != rtc->client) {
		rtc->client = settings->client;
		rtc->peer = settings->fingerprint;
		rtc->dtls = dtls_free(rtc->dtls);
		rtc->failed = rtc->told_failed = rtc->told_secured = false;
		rtc->suite = SRTP_NONE;
	}
	begin(rtc);
}

void webrtc_tick(struct webrtc *rtc)
{
	struct media_stream *s = rtc->stream;
	if (rtc->failed && !rtc->told_failed)
		rtc->told_failed = media_stream_tell(s, MEDIA_UNSECURED);
	if (rtc->suite != SRTP_NONE && !rtc->told_secured)
		rtc->told_secured = media_stream_tell(s, MEDIA_SECURED);
	if (rtc->dtls && rtc->suite != SRTP_NONE && s->worker->wheel.now_us - rtc->ready_us > DTLS_LINGER_US)
		rtc->dtls = dtls_free(rtc->dtls);
}
