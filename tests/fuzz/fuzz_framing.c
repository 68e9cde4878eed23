/*
 * fuzz_framing.c - a stream is cut into the same frames wherever its reads end, and a frame is what the parser reads
 *
 * Then the same stream comes on a connection, and on one whose messages come in pieces, as WebSockets bring them: what
 * is handed out does not depend on where its reads end, and nothing of it is left. A REGISTER makes a device of whoever
 * sent it, a BYE a guest again.
 */
#include "sip/framing.h"
#include "transport/transport_private.h"

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

static void check_cut(struct slice stream, size_t cut, size_t step, const struct frames *whole)
{
	struct frames parts;
	cut_stream(stream, cut, step, &parts);
	ASSERT(parts.count == whole->count);
	ASSERT(memcmp(parts.kinds, whole->kinds, whole->count * sizeof(whole->kinds[0])) == 0);
	ASSERT(memcmp(parts.ends, whole->ends, whole->count * sizeof(whole->ends[0])) == 0);
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

/* ---- on a connection ---- */

#define SEEN_MAX 128
#define HALF_OPEN 2 /* connections of the same host that do not finish their handshake: as many as it may have */

struct seen {
	uint64_t messages[SEEN_MAX]; /* a hash of each */
	unsigned count, pongs, refused;
	bool closed, ended;
};

static struct {
	struct loop *loop; /* of all runs */
	struct transport *transport;
	struct connection *current;
	struct seen seen;
	uint16_t number;
} r;

static void on_message(void *owner, const struct sip_flow *flow, char *bytes, size_t n)
{
	static const uint8_t key[16];
	ASSERT(n > 0 && n <= SIP_MESSAGE_MAX && !r.seen.closed);
	if (r.seen.count < SEEN_MAX)
		r.seen.messages[r.seen.count] = siphash24(key, bytes, n);
	r.seen.count++;
	if (slice_starts(slice_of(bytes, n), SLICE("REGISTER ")))
		transport_set_tag(r.transport, flow, 7);
	else if (slice_starts(slice_of(bytes, n), SLICE("BYE ")))
		transport_set_tag(r.transport, flow, 0);
}

static void on_refused(void *owner, const struct sip_flow *flow, char *head, size_t n, const struct sip_reason *why)
{
	ASSERT(n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0 && why->status >= 400 && !r.seen.closed);
	r.seen.refused++;
}

static void on_closed(void *owner, const struct sip_flow *flow, uint64_t tag)
{
	r.seen.ended = true;
}

static int send_back(struct connection *c, struct slice bytes)
{
	ASSERT(slice_eq(bytes, SLICE("\r\n")) && !r.seen.closed);
	r.seen.pongs++;
	return 0;
}

static void bound_output(struct connection *c, size_t most) {}

static void close_asked(struct connection *c)
{
	r.seen.closed |= c == r.current;
}

static const struct connection_ops ops = {send_back, bound_output, close_asked, close_asked, NULL, NULL};

static void prepare(void)
{
	static const struct transport_events events = {on_message, on_refused, on_closed, NULL};
	struct transport_listen listen = {.transport = SIP_WSS};
	if (r.loop)
		return;
	int rc = loop_new(&r.loop);
	if (rc == 0)
		rc = transport_new(r.loop, &events, NULL, &r.transport);
	if (rc == 0)
		rc = carrier_listen(r.transport, &listen, &r.number);
	ASSERT(rc == 0);
	r.transport->limits.guests_per_host = HALF_OPEN;
	wheel_init(loop_wheel(r.loop), 1000 * SECOND_US, 1800000000 * SECOND_US);
}

/* A piece alone in its memory, so that a read behind it is seen. */
static void give(struct connection *c, bool whole_messages, struct slice piece, bool last)
{
	char *bytes = malloc(piece.n + !piece.n);
	ASSERT(bytes);
	memcpy(bytes, piece.p, piece.n);
	if (whole_messages) {
		carrier_alive(c);
		carrier_input(c, bytes, piece.n, last);
	} else {
		connection_stream_events.input(c, NULL, bytes, piece.n);
	}
	free(bytes);
}

static struct connection *come(const struct sip_flow *flow, bool whole_messages)
{
	struct connection *c = whole_messages ? carrier_begin(r.transport, &ops, &r, flow)
					      : connection_new(r.transport, &ops, &r, flow);
	ASSERT(c && carrier_of(c) == &r);
	return c;
}

/* By turns: nothing comes for as long as anybody may be silent; too much waits for it; the peer ends it. */
static void go(struct connection *c, bool whole_messages, size_t how)
{
	struct wheel *wheel = loop_wheel(r.loop);
	for (unsigned i = 0; i < 2 && how == 0; i++)
		wheel_turn(wheel, wheel->now_us + r.transport->limits.idle_us, wheel->wall_us);
	if (how == 1 && whole_messages)
		carrier_overflow(c);
	ASSERT(r.seen.closed || how == 2 || !whole_messages);
	if (whole_messages)
		carrier_gone(c);
	else
		connection_stream_events.closed(c, NULL, how == 1 ? STREAM_CLOSED_OVERFLOW : STREAM_CLOSED_BY_PEER);
}

/* The stream in pieces of `step` bytes, the first of `cut`. A stream's connection finds its host's places taken. */
static void play(struct slice stream, bool whole_messages, size_t cut, size_t step, struct seen *ret)
{
	const struct sip_flow flow = {
		.transport = SIP_WSS, .listener = r.number, .remote = {.ip = {[15] = 1}, .port = 7000}};
	struct connection *others[HALF_OPEN];
	r.seen = (struct seen){0};
	r.current = NULL;
	for (size_t i = 0; i < HALF_OPEN && !whole_messages; i++)
		others[i] = come(&flow, false);
	struct connection *c = r.current = come(&flow, whole_messages);
	if (!whole_messages)
		connection_stream_events.opened(c, NULL);
	for (size_t from = 0, end = MIN(cut, stream.n);; from = end, end = MIN(end + step, stream.n)) {
		give(c, whole_messages, slice_of(stream.p + from, end - from), end == stream.n);
		if (end == stream.n)
			break;
	}
	*ret = r.seen;
	go(c, whole_messages, stream.n % 3);
	ASSERT(r.seen.ended && r.seen.count == ret->count);
	for (size_t i = 0; i < HALF_OPEN && !whole_messages; i++)
		connection_stream_events.closed(others[i], NULL, STREAM_CLOSED_HANDSHAKE);
	ASSERT(r.transport->connections.used == 0 && r.transport->guests == 0 && r.transport->guest_bytes == 0 &&
	       loop_wheel(r.loop)->running == 0);
}

/* Of what cannot be cut the head is told only if it is there already. */
static void check_same(const struct seen *a, const struct seen *b)
{
	ASSERT(a->count == b->count && a->pongs == b->pongs && a->closed == b->closed);
	ASSERT(memcmp(a->messages, b->messages, sizeof(a->messages)) == 0);
	ASSERT(a->refused <= 1 && b->refused <= 1);
}

static void on_connections(struct slice stream)
{
	struct seen whole, parts;
	prepare();
	for (unsigned kind = 0; kind < 2; kind++) {
		play(stream, kind, stream.n, 1, &whole);
		for (size_t cut = 0; cut <= stream.n; cut += 1 + stream.n / 16) {
			play(stream, kind, cut, stream.n + 1, &parts);
			check_same(&whole, &parts);
		}
		play(stream, kind, 1, 1, &parts);
		check_same(&whole, &parts);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice stream = slice_of(data, size);
	struct frames whole;
	cut_stream(stream, size, size, &whole);
	/* Wherever the first read ends; and byte by byte, where it ends at some places. */
	for (size_t cut = 0; cut <= size; cut += 1 + size / 512)
		check_cut(stream, cut, 1024, &whole);
	for (size_t cut = 0; cut <= size; cut += 1 + size / 8)
		check_cut(stream, cut, 1, &whole);
	for (unsigned i = 0; i < whole.count; i++) {
		size_t from = i ? whole.ends[i - 1] : 0;
		if (whole.kinds[i] == SIP_FRAME_MESSAGE)
			check_message(slice_of(stream.p + from, whole.ends[i] - from));
	}
	on_connections(stream);
	return 0;
}
