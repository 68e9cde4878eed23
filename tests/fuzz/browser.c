/* fuzz/browser.c - see browser.h */
#include "fuzz/browser.h"

#include "media/limits.h"
#include "rtp/packet.h"
#include "support/ciphers.h"

static void send_later(void *arg, const uint8_t *p, size_t n)
{
	struct browser *b = arg;
	ASSERT(n <= sizeof(b->last.bytes));
	if (b->queued == BROWSER_QUEUE_MAX)
		return;
	struct datagram *d = &b->queue[(b->first + b->queued++) % BROWSER_QUEUE_MAX];
	d->n = n;
	memcpy(d->bytes, p, n);
}

void browser_begin(struct browser *b, const struct dtls_context *own, bool client, const struct media_fingerprint *alto)
{
	struct dtls_terms terms = {.client = client, .peer = *alto, .retry_us = DTLS_RETRY_US};
	b->gaps = b->gaps || (b->dtls && b->state != DTLS_READY);
	dtls_free(b->dtls);
	b->queued = 0;
	b->dtls = dtls_new(own, &terms, send_later, b);
	ASSERT(b->dtls);
	b->state = client ? dtls_start(b->dtls) : DTLS_SHAKING;
}

void browser_end(struct browser *b)
{
	dtls_free(b->dtls);
	srtp_free(b->send);
	for (size_t i = 0; i < BROWSER_KEYS_MAX; i++)
		srtp_free(b->receive[i]);
	memset(b, 0, sizeof(*b));
}

static bool now_is(struct browser *b, enum dtls_state state)
{
	struct srtp_key send, receive;
	bool ready = b->state != DTLS_READY && state == DTLS_READY;
	b->state = state;
	if (!ready)
		return false;
	bool ok = dtls_keys(b->dtls, &send, &receive);
	ASSERT(ok);
	srtp_free(b->receive[BROWSER_KEYS_MAX - 1]);
	for (size_t i = BROWSER_KEYS_MAX - 1; i > 0; i--)
		b->receive[i] = b->receive[i - 1];
	srtp_free(b->send);
	b->send = srtp_new(own_ciphers(), &send, SRTP_SEND);
	b->receive[0] = srtp_new(own_ciphers(), &receive, SRTP_RECEIVE);
	ASSERT(b->send && b->receive[0]);
	return true;
}

bool browser_hears(struct browser *b, const uint8_t *p, size_t n)
{
	if (b->dtls && !b->lose)
		return now_is(b, dtls_input(b->dtls, p, n));
	b->gaps = true;
	b->lose -= b->lose > 0;
	return false;
}

bool browser_waits(struct browser *b)
{
	return b->dtls && now_is(b, dtls_timeout(b->dtls));
}

bool browser_says(struct browser *b)
{
	if (!b->queued)
		return false;
	b->last = b->queue[b->first];
	b->first = (b->first + 1) % BROWSER_QUEUE_MAX;
	b->queued--;
	return true;
}

bool browser_opens(struct browser *b, const uint8_t *p, size_t n, struct datagram *ret)
{
	bool rtcp = rtp_is_rtcp(p, n);
	for (size_t i = 0; i < BROWSER_KEYS_MAX && b->receive[i]; i++) {
		memcpy(ret->bytes, p, n);
		if ((rtcp ? srtcp_unprotect : srtp_unprotect)(b->receive[i], ret->bytes, n, &ret->n) == SRTP_OK)
			return true;
	}
	return false;
}

bool browser_seals(struct browser *b, bool rtcp, const uint8_t *p, size_t n)
{
	struct datagram *d = &b->sealed;
	memcpy(d->bytes, p, n);
	if ((rtcp ? srtcp_protect : srtp_protect)(b->send, d->bytes, n, sizeof(d->bytes), &d->n) == SRTP_OK)
		return true;
	d->n = 0;
	return false;
}
