/* call/trace.c - what people read of a call: its decisions with their reasons, and whom it was for */
#include "call/call.h"

#include <stdarg.h>

void copy_shown(char *to, size_t cap, struct slice from)
{
	size_t used = 0;
	to[0] = 0;
	while (from.n) {
		char escaped[4];
		size_t n = from.p[0] == '%' ? 0 : party_letter(from);
		snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned)(uint8_t)from.p[0]);
		struct slice piece = n ? slice_first(from, n) : slice_from_string(escaped);
		if (piece.n >= cap - used)
			return;
		memcpy(to + used, piece.p, piece.n);
		used += piece.n;
		to[used] = 0;
		from = slice_of(from.p + MAX(n, (size_t)1), from.n - MAX(n, (size_t)1));
	}
}

/*
 * Room for n more bytes. Most calls are told in three lines and live for minutes, so it grows as it is needed. False:
 * the trace is full, or memory is.
 */
static bool trace_room(struct call *c, size_t n)
{
	size_t cap = c->trace_cap ? c->trace_cap : CALL_TRACE_FIRST;
	while (cap - c->trace_n < n && cap < CALL_TRACE_BYTES)
		cap *= 2;
	if (cap - c->trace_n < n)
		return false;
	if (cap == c->trace_cap)
		return true;
	char *grown = realloc(c->trace, cap);
	if (!grown)
		return false;
	c->trace = grown;
	c->trace_cap = (uint16_t)cap;
	return true;
}

void call_trace(struct call *c, const char *format, ...)
{
	char line[160];
	int64_t at_ms = (c->sb->wheel->now_us - c->started_mono_us) / MS_US;
	int n = snprintf(line, sizeof(line), "+%lld.%03lld ", (long long)(at_ms / 1000), (long long)(at_ms % 1000));
	va_list args;
	va_start(args, format);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	size_t length = MIN((size_t)n, sizeof(line) - 1);
	if (!trace_room(c, length + 1))
		return;
	memcpy(c->trace + c->trace_n, line, length);
	c->trace_n += (uint16_t)length;
	c->trace[c->trace_n++] = '\n';
	history_touch(c);
}
