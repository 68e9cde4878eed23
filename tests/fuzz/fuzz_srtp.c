/*
 * fuzz_srtp.c - SRTP between a sender and a receiver: what the sender made is opened once, and nothing else ever
 *
 * The first byte chooses the suite. Then come packets: two bytes of control, the length, and the bytes of a plain RTP
 * or RTCP packet, which is protected, or thrown at the receiver as it is.
 */
#include "rtp/packet.h"
#include "rtp/srtp.h"
#include "support/ciphers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RAW = 1, CONTROL = 2, SPOIL = 4, REPLAY = 8, HAND_OVER = 16 };

struct pair {
	struct srtp_key key;
	struct srtp *send, *receive;
};

static enum srtp_result protect(struct pair *pair, bool control, uint8_t *p, size_t n, size_t *ret_n)
{
	const size_t cap = RTP_PACKET_MAX + SRTP_TRAILER_MAX;
	return control ? srtcp_protect(pair->send, p, n, cap, ret_n) : srtp_protect(pair->send, p, n, cap, ret_n);
}

static enum srtp_result unprotect(struct pair *pair, bool control, uint8_t *p, size_t n, size_t *ret_n)
{
	return control ? srtcp_unprotect(pair->receive, p, n, ret_n) : srtp_unprotect(pair->receive, p, n, ret_n);
}

/* Nothing of it authenticates, so nothing changes. */
static void throw_at(struct pair *pair, bool control, uint8_t *p, size_t n)
{
	struct srtp_state before, after;
	size_t plain_n = 77;
	srtp_get_state(pair->receive, &before);
	ASSERT(unprotect(pair, control, p, n, &plain_n) != SRTP_OK && plain_n == 77);
	srtp_get_state(pair->receive, &after);
	ASSERT(before.ssrc == after.ssrc && before.roc == after.roc && before.sequence == after.sequence);
	ASSERT(before.rtcp_index == after.rtcp_index && before.started == after.started);
}

static void hand_over(struct pair *pair)
{
	struct srtp_state state;
	srtp_get_state(pair->receive, &state);
	pair->receive = srtp_free(pair->receive);
	pair->receive = srtp_new(own_ciphers(), &pair->key, SRTP_RECEIVE);
	ASSERT(pair->receive);
	if (state.started || state.rtcp_index > 0)
		srtp_set_state(pair->receive, &state);
}

static void packet(struct pair *pair, uint8_t control, uint8_t where, const uint8_t *plain, size_t n)
{
	uint8_t p[RTP_PACKET_MAX + SRTP_TRAILER_MAX], copy[sizeof(p)];
	bool rtcp = control & CONTROL;
	size_t sealed = 0, opened = 0;
	if (control & HAND_OVER)
		hand_over(pair);
	memcpy(p, plain, n);
	if (control & RAW) {
		throw_at(pair, rtcp, p, n);
		return;
	}
	if (protect(pair, rtcp, p, n, &sealed) != SRTP_OK) {
		ASSERT(sealed == 0 && memcmp(p, plain, n) == 0);
		return;
	}
	ASSERT(sealed > n && sealed - n <= SRTP_TRAILER_MAX);
	if (control & SPOIL) {
		memcpy(copy, p, sealed);
		copy[where % sealed] ^= (uint8_t)(1 << (control >> 5));
		throw_at(pair, rtcp, copy, sealed);
	}
	memcpy(copy, p, sealed);
	/* It may be older than what a new receiver was told, or its ROC too far from it; else it is what went in. */
	if (unprotect(pair, rtcp, copy, sealed, &opened) != SRTP_OK)
		return;
	ASSERT(opened == n && memcmp(copy, plain, n) == 0);
	if (control & REPLAY)
		throw_at(pair, rtcp, p, sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct pair pair = {.key = {.suite = SRTP_NONE + 1 + data[0] % (SRTP_SUITE_COUNT - 1), .bytes = {1, 2, 3}}};
	pair.send = srtp_new(own_ciphers(), &pair.key, SRTP_SEND);
	pair.receive = srtp_new(own_ciphers(), &pair.key, SRTP_RECEIVE);
	ASSERT(pair.send && pair.receive);
	for (data++, size--; size >= 3;) {
		uint8_t control = data[0], where = data[1];
		size_t n = MIN((size_t)data[2], size - 3);
		packet(&pair, control, where, data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
	srtp_free(pair.send);
	srtp_free(pair.receive);
	return 0;
}
