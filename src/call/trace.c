/* call/trace.c - what people read of a call: its decisions with their reasons, and whom it was for */
#include "call/call.h"

#include <stdarg.h>

#include "base/sentence.h"

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

static void append(struct call *c, const char *line, size_t n)
{
	if (!trace_room(c, n + 1))
		return;
	memcpy(c->trace + c->trace_n, line, n);
	c->trace_n += (uint16_t)n;
	c->trace[c->trace_n++] = '\n';
	history_touch(c);
}

static int begin(const struct call *c, enum decision_kind kind, char *line, size_t cap)
{
	int64_t at_ms = (c->sb->wheel->now_us - c->started_mono_us) / MS_US;
	return snprintf(line, cap, "+%lld.%03lld %s", (long long)(at_ms / 1000), (long long)(at_ms % 1000),
			decision_name(kind));
}

void call_trace(struct call *c, enum decision_kind kind)
{
	char line[CALL_TRACE_LINE];
	ASSERT(decision_values(kind) == 0);
	append(c, line, (size_t)begin(c, kind, line, sizeof(line)));
}

void call_trace_with(struct call *c, enum decision_kind kind, const char *values, ...)
{
	char line[CALL_TRACE_LINE];
	ASSERT(decision_values(kind) == sentence_values(values));
	int n = begin(c, kind, line, sizeof(line));
	line[n++] = '\t';
	va_list args;
	va_start(args, values);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, values, args);
	va_end(args);
	append(c, line, MIN((size_t)n, sizeof(line) - 1));
}
