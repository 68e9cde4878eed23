/* base/log_line.c - a line as key=value with escapes, and a limit for each event name */
#include "base/log_line.h"
#include "base/clock.h"

#define COST_US (SECOND_US / LOG_A_SECOND)
#define FULL_US (LOG_BURST * COST_US)
/* Kept free while fields are written: a closing quote, a skipped=2^64, " cut=1" and the newline. */
#define TAIL_MAX 48

static struct log_rate *rate_of(struct log_limiter *l, const char *event, int64_t now_us)
{
	/* Few names, and a line costs a system call anyway: no index needed. */
	for (size_t i = 0; i < l->count; i++) {
		if (l->rates[i].event == event || strcmp(l->rates[i].event, event) == 0)
			return &l->rates[i];
	}
	if (l->count == LOG_EVENTS_MAX)
		return &l->rates[LOG_EVENTS_MAX - 1];
	struct log_rate *rate = &l->rates[l->count++];
	*rate = (struct log_rate){.event = event, .credit_us = FULL_US, .last_us = now_us};
	return rate;
}

bool log_admit(struct log_limiter *l, const char *event, int64_t now_us, uint64_t *ret_skipped)
{
	struct log_rate *rate = rate_of(l, event, now_us);

	if (now_us > rate->last_us) {
		rate->credit_us += MIN(now_us - rate->last_us, FULL_US);
		rate->credit_us = MIN(rate->credit_us, FULL_US);
		rate->last_us = now_us;
	}
	if (rate->credit_us < COST_US) {
		rate->skipped++;
		return false;
	}
	rate->credit_us -= COST_US;
	*ret_skipped = rate->skipped;
	rate->skipped = 0;
	return true;
}

void log_put_back(struct log_limiter *l, const char *event, uint64_t count)
{
	rate_of(l, event, 0)->skipped += count;
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("_.:/@+-", c));
}

static bool is_plain_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_plain(s.p[i]))
			return false;
	}
	return s.n > 0;
}

static bool has_room(const struct writer *w, size_t n)
{
	return w->cap - w->n >= n + TAIL_MAX;
}

/* Text as it is, or in quotes: a reader splits at spaces and quotes alone. False: it did not all fit. */
static bool put_text(struct writer *w, struct slice s)
{
	if (is_plain_text(s) && has_room(w, s.n)) {
		write_slice(w, s);
		return true;
	}
	write_char(w, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!has_room(w, 4)) {
			write_char(w, '"');
			return false;
		}
		if (c == '"' || c == '\\') {
			write_char(w, '\\');
			write_char(w, (char)c);
		} else if (c < 0x20 || c >= 0x7f) {
			/* Also what is no ASCII: a log is read in terminals, and a stranger's UTF-8 may not be any. */
			write_string(w, "\\x");
			write_hex(w, &c, 1);
		} else {
			write_char(w, (char)c);
		}
	}
	write_char(w, '"');
	return true;
}

static bool put_field(struct writer *w, const struct log_field *field)
{
	size_t key = strlen(field->key);
	/* A space, the key, "=", and a number's or the first few of a text's bytes. */
	if (!has_room(w, key + 24))
		return false;
	write_char(w, ' ');
	write_slice(w, slice_of(field->key, key));
	write_char(w, '=');
	if (field->kind == LOG_FIELD_NUMBER) {
		write_i64(w, field->number);
		return true;
	}
	return put_text(w, field->text);
}

void log_format(struct writer *w, int64_t wall_us, enum log_level level, const char *event,
		const struct log_field *fields, size_t n, uint64_t skipped)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char time[28];
	bool whole = true;

	clock_format(wall_us, time);
	write_string(w, time);
	write_char(w, ' ');
	write_string(w, names[level]);
	write_char(w, ' ');
	write_string(w, event);
	for (size_t i = 0; i < n && whole; i++)
		whole = put_field(w, &fields[i]);
	if (skipped) {
		write_string(w, " skipped=");
		write_u64(w, skipped);
	}
	if (!whole)
		write_string(w, " cut=1");
	write_char(w, '\n');
}
