/*
 * base/log.h - one line an event: time, level, event name, key=value fields, escaped
 *
 * Personal data never stands in a log in clear; the call id leads to it. One thread-safe sink (stderr), never waited
 * for: a line that it cannot take at once is left out. Each event name is rate-limited by itself (bursts of 50, then
 * 10 a second). What was left out is counted in the next line.
 *
 *   log_event(LOG_WARN, "sip.refused", LOG_STR("tenant", tenant), LOG_INT("status", 403));
 */
#pragma once
#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
	const char *key;
	enum { LOG_FIELD_TEXT, LOG_FIELD_NUMBER } kind;
	struct slice text;
	int64_t number;
};
#define LOG_SLICE(k, s) ((struct log_field){.key = (k), .kind = LOG_FIELD_TEXT, .text = (s)})
#define LOG_STR(k, s) LOG_SLICE(k, slice_from_string(s))
#define LOG_INT(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_NUMBER, .number = (int64_t)(v)})
/* event: a string literal, "room.what_happened". */
#define log_event(level, event, ...)                                                                                   \
	log_write(level, event, (struct log_field[]){__VA_ARGS__}, ARRAY_LEN(((struct log_field[]){__VA_ARGS__})))

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);
void log_set_level(enum log_level lowest);
