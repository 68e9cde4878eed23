/* rtp/srtp.c - SRTP packets: indexes, replay, SSRCs.   RFC 3711 §3.2, §3.3 */
#include "crypto/crypto.h"
#include "rtp/bytes.h"
#include "rtp/packet.h"
#include "rtp/replay.h"
#include "rtp/srtp_cipher.h"

#define RTP_INDEX_END (UINT64_C(1) << 48) /* RFC 3711 §9.2: no key lasts longer */
#define RTCP_INDEX_END (UINT32_C(1) << 31)
#define ROC_STEP UINT64_C(0x10000)

#define RTCP_CLEAR_BYTES 8 /* first word and SSRC stay clear, §3.4 */
#define RTCP_WORD_BYTES 4
#define RTCP_ENCRYPTED UINT32_C(0x80000000)

#define SOURCES_MAX 2

struct source { /* one SSRC: RFC 3711 §3.2.3's cryptographic context, but for the keys */
	uint32_t ssrc;
	bool used;
	bool synced; /* the ROC is known: an RTP packet was sent, or has authenticated */
	struct replay rtp, rtcp;
};

struct srtp {
	enum srtp_direction direction;
	uint8_t current; /* source of the last RTP packet; a new SSRC takes the other place */
	struct source sources[SOURCES_MAX];
	struct srtp_cipher cipher;
};

struct srtp *srtp_new(const struct srtp_ciphers *ciphers, const struct srtp_key *key, enum srtp_direction direction)
{
	struct srtp *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->direction = direction;
	if (srtp_cipher_init(&s->cipher, ciphers, key, direction) < 0)
		return srtp_free(s);
	return s;
}

struct srtp *srtp_free(struct srtp *s)
{
	if (!s)
		return NULL;
	srtp_cipher_done(&s->cipher);
	crypto_wipe(s, sizeof(*s));
	free(s);
	return NULL;
}

void srtp_prefetch(const struct srtp *s)
{
	/* Not RTCP's keys, which come last. */
	prefetch(s, offsetof(struct srtp, cipher.keys[SRTP_USE_RTCP]));
}

static struct source *source_find(struct srtp *s, uint32_t ssrc)
{
	for (size_t i = 0; i < SOURCES_MAX; i++) {
		struct source *source = &s->sources[s->current ^ i];
		if (source->used && source->ssrc == ssrc)
			return source;
	}
	return NULL;
}

/* Where the state of a new SSRC goes. */
static struct source *source_place(struct srtp *s)
{
	return &s->sources[s->sources[s->current].used ? s->current ^ 1 : s->current];
}

/* ---- sending ---- */

/* The one source of a sender, taken by its first packet; NULL: another SSRC. */
static struct source *sender_source(struct srtp *s, uint32_t ssrc)
{
	struct source *source = &s->sources[0];
	if (!source->used)
		*source = (struct source){.ssrc = ssrc, .used = true};
	return source->ssrc == ssrc ? source : NULL;
}

enum srtp_result srtp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n)
{
	ASSERT(s->direction == SRTP_SEND);
	size_t head = rtp_header_length(p, n);
	size_t tag_bytes = s->cipher.tag_bytes[SRTP_USE_RTP];
	if (head == 0 || n > cap || cap - n < tag_bytes)
		return SRTP_MALFORMED;
	struct source *source = sender_source(s, read_be32(p + 8));
	if (!source)
		return SRTP_MALFORMED;

	uint16_t sequence = read_be16(p + 2);
	uint64_t index = sequence;
	if (source->synced) {
		uint64_t highest = source->rtp.next - 1;
		int16_t step = (int16_t)(sequence - (uint16_t)highest);
		if (step < 0 && (uint64_t)-step > highest)
			return SRTP_REPLAYED;
		index = highest + (uint64_t)(int64_t)step;
	}
	if (index >= RTP_INDEX_END)
		return SRTP_KEY_EXHAUSTED;
	if (!replay_fresh(&source->rtp, index))
		return SRTP_REPLAYED;

	struct srtp_frame f = {SRTP_USE_RTP, p, head, n - head, source->ssrc, index, {0}};
	write_be32(f.tail, (uint32_t)(index >> 16));
	srtp_cipher_seal(&s->cipher, &f, p + n);
	replay_mark(&source->rtp, index);
	source->synced = true;
	*ret_n = n + tag_bytes;
	return SRTP_OK;
}

enum srtp_result srtcp_protect(struct srtp *s, uint8_t *p, size_t n, size_t cap, size_t *ret_n)
{
	ASSERT(s->direction == SRTP_SEND);
	size_t tag_bytes = s->cipher.tag_bytes[SRTP_USE_RTCP];
	if (n < RTCP_CLEAR_BYTES || n > RTP_PACKET_MAX || p[0] >> 6 != 2 || n > cap ||
	    cap - n < tag_bytes + RTCP_WORD_BYTES)
		return SRTP_MALFORMED;
	struct source *source = sender_source(s, read_be32(p + 4));
	if (!source)
		return SRTP_MALFORMED;
	uint64_t index = source->rtcp.next;
	if (index >= RTCP_INDEX_END)
		return SRTP_KEY_EXHAUSTED;

	struct srtp_frame f = {SRTP_USE_RTCP, p, RTCP_CLEAR_BYTES, n - RTCP_CLEAR_BYTES, source->ssrc, index, {0}};
	write_be32(f.tail, RTCP_ENCRYPTED | (uint32_t)index);
	/* RFC 7714 §9.2 puts the tag before the index word, RFC 3711 §3.4 after it. */
	size_t tag_at = s->cipher.aead ? n : n + RTCP_WORD_BYTES;
	size_t word_at = s->cipher.aead ? n + tag_bytes : n;
	srtp_cipher_seal(&s->cipher, &f, p + tag_at);
	memcpy(p + word_at, f.tail, RTCP_WORD_BYTES);
	replay_mark(&source->rtcp, index);
	*ret_n = n + tag_bytes + RTCP_WORD_BYTES;
	return SRTP_OK;
}

/* ---- receiving ---- */

/* RFC 3711 §3.3.1 and appendix A: the index nearest to the highest one seen. */
static uint64_t index_guess(uint64_t highest, uint16_t sequence)
{
	uint64_t index = (highest & ~(ROC_STEP - 1)) | sequence;
	if (index > highest && index - highest > ROC_STEP / 2 && index >= ROC_STEP)
		return index - ROC_STEP;
	if (highest > index && highest - index > ROC_STEP / 2)
		return index + ROC_STEP;
	return index;
}

static bool rtp_open(struct srtp *s, const struct source *source, uint8_t *p, size_t head, size_t text, uint64_t index)
{
	struct srtp_frame f = {SRTP_USE_RTP, p, head, text, source->ssrc, index, {0}};
	write_be32(f.tail, (uint32_t)(index >> 16));
	return srtp_cipher_open(&s->cipher, &f, p + head + text);
}

/*
 * The first packet of an SSRC, or after srtp_set_state(): the ROC is not certain. The first two indexes above what was
 * seen are tried: a sender may have wrapped before its first packet reached us, or while the state was on its way. GCM
 * spoils the text of a failed try, so each has its copy.
 */
static bool rtp_open_unsynced(struct srtp *s, const struct source *source, uint8_t *p, size_t head, size_t text,
			      uint64_t *index)
{
	uint8_t copy[RTP_PACKET_MAX];
	size_t n = head + text + s->cipher.tag_bytes[SRTP_USE_RTP];
	for (size_t i = 0; i < 2 && *index < RTP_INDEX_END; i++, *index += ROC_STEP) {
		memcpy(copy, p, n);
		if (rtp_open(s, source, copy, head, text, *index)) {
			memcpy(p, copy, n);
			return true;
		}
	}
	return false;
}

enum srtp_result srtp_unprotect(struct srtp *s, uint8_t *p, size_t n, size_t *ret_n)
{
	ASSERT(s->direction == SRTP_RECEIVE);
	size_t head = rtp_header_length(p, n);
	size_t tag_bytes = s->cipher.tag_bytes[SRTP_USE_RTP];
	if (head == 0 || n - head < tag_bytes)
		return SRTP_MALFORMED;
	size_t text = n - head - tag_bytes;

	struct source fresh = {.ssrc = read_be32(p + 8), .used = true};
	struct source *source = source_find(s, fresh.ssrc);
	const struct source *known = source ? source : &fresh;
	uint16_t sequence = read_be16(p + 2);
	uint64_t index;
	bool ok;
	if (known->synced) {
		index = index_guess(known->rtp.next - 1, sequence);
		if (index >= RTP_INDEX_END)
			return SRTP_KEY_EXHAUSTED;
		if (!replay_fresh(&known->rtp, index))
			return SRTP_REPLAYED;
		ok = rtp_open(s, known, p, head, text, index);
	} else {
		index = (known->rtp.next & ~(ROC_STEP - 1)) | sequence;
		if (index < known->rtp.next)
			index += ROC_STEP;
		ok = rtp_open_unsynced(s, known, p, head, text, &index);
	}
	if (!ok)
		return SRTP_AUTH_FAILED;

	if (!source) {
		source = source_place(s);
		*source = fresh;
	}
	replay_mark(&source->rtp, index);
	source->synced = true;
	s->current = (uint8_t)(source - s->sources);
	*ret_n = head + text;
	return SRTP_OK;
}

enum srtp_result srtcp_unprotect(struct srtp *s, uint8_t *p, size_t n, size_t *ret_n)
{
	ASSERT(s->direction == SRTP_RECEIVE);
	size_t trailer = s->cipher.tag_bytes[SRTP_USE_RTCP] + RTCP_WORD_BYTES;
	if (n > RTP_PACKET_MAX || n < RTCP_CLEAR_BYTES + trailer || p[0] >> 6 != 2)
		return SRTP_MALFORMED;
	size_t plain = n - trailer;
	const uint8_t *tag = s->cipher.aead ? p + plain : p + plain + RTCP_WORD_BYTES;
	const uint8_t *word = s->cipher.aead ? p + n - RTCP_WORD_BYTES : p + plain;
	uint32_t index = read_be32(word);
	if (!(index & RTCP_ENCRYPTED))
		return SRTP_MALFORMED;
	index &= ~RTCP_ENCRYPTED;

	struct source fresh = {.ssrc = read_be32(p + 4), .used = true};
	struct source *source = source_find(s, fresh.ssrc);
	if (source && !replay_fresh(&source->rtcp, index))
		return SRTP_REPLAYED;
	struct srtp_frame f = {SRTP_USE_RTCP, p, RTCP_CLEAR_BYTES, plain - RTCP_CLEAR_BYTES, fresh.ssrc, index, {0}};
	memcpy(f.tail, word, RTCP_WORD_BYTES);
	if (!srtp_cipher_open(&s->cipher, &f, tag))
		return SRTP_AUTH_FAILED;

	if (!source) {
		source = source_place(s);
		*source = fresh;
	}
	replay_mark(&source->rtcp, index);
	*ret_n = plain;
	return SRTP_OK;
}

/* ---- taking over ---- */

void srtp_get_state(const struct srtp *s, struct srtp_state *ret)
{
	const struct source *source = &s->sources[s->current];
	*ret = (struct srtp_state){.ssrc = source->ssrc, .rtcp_index = (uint32_t)source->rtcp.next};
	if (source->rtp.next > 0) {
		ret->started = true;
		ret->roc = (uint32_t)((source->rtp.next - 1) >> 16);
		ret->sequence = (uint16_t)(source->rtp.next - 1);
	}
}

void srtp_set_state(struct srtp *s, const struct srtp_state *state)
{
	struct source *source = &s->sources[0];
	s->current = 0;
	*source = (struct source){.ssrc = state->ssrc, .used = true};
	if (state->started) {
		replay_resume(&source->rtp, ((uint64_t)state->roc << 16 | state->sequence) + 1);
		/* A sender goes on exactly; a receiver may have missed packets, and finds its ROC anew. */
		source->synced = s->direction == SRTP_SEND;
	}
	replay_resume(&source->rtcp, state->rtcp_index);
}
