/* A stream cut into messages: the same at every place where a read may end. */
#include "sip/framing.h"
#include "support/guard.h"
#include "support/test.h"

#define MESSAGE "OPTIONS sip:a@b SIP/2.0\r\nX: content-length: 9\r\nContent-Length: 4\r\n\r\nbody"

/* Scan what comes in reads that end at `cut` and then at every step bytes; the answer and its numbers. */
struct outcome {
	enum sip_frame frame;
	size_t n;
	struct sip_reason reason;
};

static struct outcome scan(struct slice text, size_t cut, size_t step)
{
	struct sip_framer f;
	struct outcome o = {.frame = SIP_FRAME_MORE};
	sip_framer_reset(&f);
	for (size_t end = cut; o.frame == SIP_FRAME_MORE; end += step) {
		size_t n = MIN(end, text.n);
		char *copy = guard_copy(text.p, n);
		o.frame = sip_framer_scan(&f, slice_of(copy, n), &o.n, &o.reason);
		assert_true(f.seen <= n);
		guard_free(copy);
		if (n == text.n)
			break;
	}
	return o;
}

static void assert_frame(struct slice text, enum sip_frame frame, size_t n, const char *why)
{
	for (size_t cut = 0; cut <= text.n; cut++) {
		for (size_t step = 1; step < text.n + 2; step += text.n + 1) {
			struct outcome o = scan(text, cut, step);
			if (o.frame != frame || o.n != n || (why && strcmp(o.reason.text, why) != 0))
				fail_msg("frame %d of %zu bytes (%s), wanted %d of %zu (%s), cut %zu:\n%.*s", o.frame,
					 o.n, o.reason.text ? o.reason.text : "", frame, n, why ? why : "", cut,
					 SLICE_ARG(text));
		}
	}
}

static void messages(void **state)
{
	assert_frame(SLICE(MESSAGE), SIP_FRAME_MESSAGE, sizeof(MESSAGE) - 1, NULL);
	assert_frame(SLICE(MESSAGE MESSAGE), SIP_FRAME_MESSAGE, sizeof(MESSAGE) - 1, NULL);
	assert_frame(SLICE("A b c\r\nL: 0\r\n\r\n\r\n\r\n"), SIP_FRAME_MESSAGE, 15, NULL);
	assert_frame(SLICE("A b c\r\nl:\t00 \r\n\r\n"), SIP_FRAME_MESSAGE, 17, NULL);
	assert_frame(SLICE("A b c\r\nCONTENT-LENGTH \t: 1 \r\n\r\nx"), SIP_FRAME_MESSAGE, 32, NULL);
	assert_frame(SLICE("A b c\r\nContent-Length:\r\n 2\r\n\r\nxy"), SIP_FRAME_MESSAGE, 32, NULL);
	assert_frame(SLICE("A b c\r\nl: 2\r\n \r\n\r\nxy"), SIP_FRAME_MESSAGE, 20, NULL);
	assert_frame(SLICE("A b c\r\nX: \r\n l: 9\r\nll: 8\r\nContent-Lengths: 7\r\nContent-Len: 6\r\nl:1\r\n\r\ny"),
		     SIP_FRAME_MESSAGE, 70, NULL);
}

static void unfinished(void **state)
{
	for (size_t n = 0; n < sizeof(MESSAGE) - 1; n++)
		assert_frame(slice_of(MESSAGE, n), SIP_FRAME_MORE, 0, NULL);
}

static void between_messages(void **state)
{
	assert_frame(SLICE("\r\n\r\n" MESSAGE), SIP_FRAME_PING, 4, NULL);
	assert_frame(SLICE("\r\n" MESSAGE), SIP_FRAME_SKIP, 2, NULL);
	assert_frame(SLICE("\r\n\r"), SIP_FRAME_MORE, 0, NULL);
	assert_frame(SLICE("\r\nx"), SIP_FRAME_SKIP, 2, NULL);
	assert_frame(SLICE("\n"), SIP_FRAME_BAD, 0, "Not SIP");
	assert_frame(SLICE("\rx"), SIP_FRAME_BAD, 0, "Not SIP");
	assert_frame(SLICE("\r\n\rx"), SIP_FRAME_BAD, 0, "Not SIP");
	assert_frame(SLICE("\x16\x03\x01"), SIP_FRAME_BAD, 0, "Not SIP");
}

static void refused(void **state)
{
	assert_frame(SLICE("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), SIP_FRAME_BAD, 0, "Missing Content-Length");
	assert_frame(SLICE("A b c\r\nl: 1\r\nContent-Length: 1\r\n\r\nx"), SIP_FRAME_BAD, 0,
		     "Header Field Given Twice");
	assert_frame(SLICE("A b c\r\nl: -1\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl: 1;x\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl: 1 0\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl: 1\r\n 0\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl:\r\nX: 1\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl:\r\n\r\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\nl: 65536\r\n\r\n"), SIP_FRAME_BAD, 0, "Message Too Large");
	assert_frame(SLICE("A b c\r\nl: 99999999999999999999999\r\n\r\n"), SIP_FRAME_BAD, 0, "Message Too Large");
	assert_frame(SLICE("A b c\nl: 1\r\n"), SIP_FRAME_BAD, 0, "Line Not Ended By CRLF");
	assert_frame(SLICE("A b c\r\nl: 1\n\n"), SIP_FRAME_BAD, 0, "Bad Content-Length");
	assert_frame(SLICE("A b c\r\n\nl: 1\r\n"), SIP_FRAME_BAD, 0, "Line Not Ended By CRLF");
	assert_frame(SLICE("A b c\r\nContent\rLength: 1\r\n"), SIP_FRAME_BAD, 0, "Line Not Ended By CRLF");
	assert_frame(SLICE("A b c\r\n\rX"), SIP_FRAME_BAD, 0, "Line Not Ended By CRLF");
}

/* A message of exactly n bytes: a long line, and then its body. */
static void fill(char *text, size_t n, size_t body_n)
{
	char tail[64];
	int tail_n = snprintf(tail, sizeof(tail), "\r\nl: %zu\r\n\r\n", body_n);
	memset(text, 'A', n);
	memcpy(text + n - body_n - (size_t)tail_n, tail, (size_t)tail_n);
}

static void largest(void **state)
{
	static char text[SIP_MESSAGE_MAX + 1];
	static const size_t bodies[] = {0, 1, 60000};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		for (size_t cut = 1; cut <= SIP_MESSAGE_MAX; cut += SIP_MESSAGE_MAX / 2) {
			fill(text, SIP_MESSAGE_MAX, bodies[i]);
			struct outcome o = scan(slice_of(text, SIP_MESSAGE_MAX), cut, SIP_MESSAGE_MAX);
			assert_int_equal(o.frame, SIP_FRAME_MESSAGE);
			assert_int_equal(o.n, SIP_MESSAGE_MAX);
			fill(text, SIP_MESSAGE_MAX + 1, bodies[i]);
			o = scan(slice_of(text, SIP_MESSAGE_MAX + 1), cut, SIP_MESSAGE_MAX);
			assert_int_equal(o.frame, SIP_FRAME_BAD);
			assert_int_equal(o.reason.status, 513);
		}
	}
}

/* The whole stream, message after message, as a connection reads it. */
static void stream(void **state)
{
	static const char text[] = "\r\n\r\n" MESSAGE "\r\n" MESSAGE "\r\n\r\n";
	static const enum sip_frame frames[] = {SIP_FRAME_PING, SIP_FRAME_MESSAGE, SIP_FRAME_SKIP, SIP_FRAME_MESSAGE,
						SIP_FRAME_PING};
	struct sip_framer f = {0};
	struct sip_reason reason;
	size_t from = 0, got = 0;
	for (size_t end = 0; end < sizeof(text); end++) {
		size_t n;
		enum sip_frame frame;
		while ((frame = sip_framer_scan(&f, slice_of(text + from, end - from), &n, &reason)) !=
		       SIP_FRAME_MORE) {
			assert_true(got < ARRAY_LEN(frames));
			assert_int_equal(frame, frames[got++]);
			from += n;
			sip_framer_reset(&f);
		}
		assert_int_equal(f.seen, end - from); /* all there was has been looked at, and so is not again */
	}
	assert_int_equal(got, ARRAY_LEN(frames));
	assert_int_equal(from, sizeof(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages), cmocka_unit_test(unfinished), cmocka_unit_test(between_messages),
		cmocka_unit_test(refused),  cmocka_unit_test(largest),    cmocka_unit_test(stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
