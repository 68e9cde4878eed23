/* fuzz_framing.c - a stream is cut into the same frames wherever its reads end, and a frame is what the parser reads */
#include "sip/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 64

struct frames {
	enum sip_frame kinds[FRAMES_MAX];
	size_t ends[FRAMES_MAX];
	unsigned count;
};

/* Read the stream in pieces of `step` bytes, the first of `cut`. */
static void cut_stream(struct slice stream, size_t cut, size_t step, struct frames *ret)
{
	struct sip_framer f;
	struct sip_reason reason;
	size_t from = 0, end = MIN(cut, stream.n);
	sip_framer_reset(&f);
	ret->count = 0;
	for (;;) {
		size_t n = 0;
		enum sip_frame frame = sip_framer_scan(&f, slice_of(stream.p + from, end - from), &n, &reason);
		ASSERT(f.seen <= end - from);
		if (frame == SIP_FRAME_MORE) {
			if (end == stream.n)
				return;
			end = MIN(end + step, stream.n);
			continue;
		}
		ASSERT(frame == SIP_FRAME_BAD || (n > 0 && n <= end - from && n <= SIP_MESSAGE_MAX));
		from += n;
		ret->kinds[ret->count] = frame;
		ret->ends[ret->count++] = from;
		if (frame == SIP_FRAME_BAD || ret->count == FRAMES_MAX)
			return;
		sip_framer_reset(&f);
	}
}

/* Framer and parser agree where head and body end. */
static void check_message(struct slice frame)
{
	struct sip_message msg;
	struct sip_reason reason;
	char *bytes = malloc(frame.n);
	if (!bytes)
		return;
	memcpy(bytes, frame.p, frame.n);
	if (sip_message_parse(bytes, frame.n, &msg, &reason) == SIP_OK)
		ASSERT(msg.body.p + msg.body.n == bytes + frame.n);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice stream = slice_of(data, size);
	struct frames whole, parts;
	cut_stream(stream, size, size, &whole);
	for (size_t cut = 0; cut <= size; cut += 1 + size / 512) {
		for (size_t step = 1; step <= 1024; step += 1023) {
			cut_stream(stream, cut, step, &parts);
			ASSERT(parts.count == whole.count);
			ASSERT(memcmp(parts.kinds, whole.kinds, whole.count * sizeof(whole.kinds[0])) == 0);
			ASSERT(memcmp(parts.ends, whole.ends, whole.count * sizeof(whole.ends[0])) == 0);
		}
	}
	for (unsigned i = 0; i < whole.count; i++) {
		size_t from = i ? whole.ends[i - 1] : 0;
		if (whole.kinds[i] == SIP_FRAME_MESSAGE)
			check_message(slice_of(stream.p + from, whole.ends[i] - from));
	}
	return 0;
}
