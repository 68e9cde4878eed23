/* cli/ladder.c - one rung a message, on its side, pointing to where it went */
#include "cli/ladder.h"

#include "base/slice.h"
#include "cli/table.h"

#define SPAN 34 /* characters between two of the three */

/* The next line of a message, without its end. */
static struct slice next_line(struct slice *text)
{
	return slice_trim(slice_cut(text, '\n'));
}

/* The method that a response answers, from its CSeq. */
static struct slice answered_method(struct slice text)
{
	for (struct slice line = next_line(&text); line.n; line = next_line(&text)) {
		if (!slice_casestarts(line, SLICE("CSeq:")))
			continue;
		struct slice value = slice_trim(slice_from(line, SLICE("CSeq:").n));
		(void)slice_cut(&value, ' ');
		return slice_trim(value);
	}
	return SLICE_NONE;
}

/* "INVITE sip:102@acme.example" or "180 Ringing (INVITE)". */
static void summary(struct slice text, char *ret, size_t cap)
{
	struct slice rest = text, line = next_line(&rest);
	if (slice_starts(line, SLICE("SIP/2.0 "))) {
		snprintf(ret, cap, "%.*s (%.*s)", SLICE_ARG(slice_from(line, SLICE("SIP/2.0 ").n)),
			 SLICE_ARG(answered_method(text)));
		return;
	}
	struct slice method = slice_cut(&line, ' '), uri = slice_cut(&line, ' ');
	snprintf(ret, cap, "%.*s %.*s", SLICE_ARG(method), SLICE_ARG(uri));
}

/* Microseconds of the day in "2026-11-24T10:00:00.123456Z"; a call over midnight is the caller's to mind. */
static int64_t time_of_day_us(const char *time)
{
	uint64_t h = 0, m = 0, s = 0, us = 0;
	struct slice t = slice_from_string(time);
	if (t.n != 27 || !slice_u64(slice_first(slice_from(t, 11), 2), 23, &h) ||
	    !slice_u64(slice_first(slice_from(t, 14), 2), 59, &m) ||
	    !slice_u64(slice_first(slice_from(t, 17), 2), 60, &s) ||
	    !slice_u64(slice_first(slice_from(t, 20), 6), 999999, &us))
		return 0;
	return (int64_t)(((h * 60 + m) * 60 + s) * 1000000 + us);
}

static void put_many(char c, size_t n)
{
	while (n--)
		(void)putchar(c);
}

/* "|<------ 180 Ringing (INVITE) ------" between two posts; a text too long for it is cut. */
static void put_arrow(const char *text, bool rightwards)
{
	char words[SPAN - 5];
	slice_to_string(slice_from_string(text), words, sizeof(words));
	size_t left = SPAN - 4 - strlen(words), before = left / 2;
	(void)putchar(rightwards ? '-' : '<');
	put_many('-', before);
	(void)putchar(' ');
	table_put(words);
	(void)putchar(' ');
	put_many('-', left - before);
	(void)putchar(rightwards ? '>' : '-');
}

static void put_rung(const json_t *message, int64_t started_us)
{
	char text[200];
	bool sent = strcmp(json_string_value(json_object_get(message, "direction")), "sent") == 0;
	bool callee = strcmp(json_string_value(json_object_get(message, "side")), "callee") == 0;
	summary(slice_from_string(json_string_value(json_object_get(message, "text"))), text, sizeof(text));
	int64_t at_us = time_of_day_us(json_string_value(json_object_get(message, "at"))) - started_us;
	if (at_us < 0 && started_us)
		at_us += INT64_C(86400) * SECOND_US; /* over midnight */
	(void)printf("  %+10.3f  |", (double)at_us / (double)SECOND_US);
	if (callee)
		put_many(' ', SPAN);
	else
		put_arrow(text, !sent);
	(void)putchar('|');
	if (callee)
		put_arrow(text, sent);
	else
		put_many(' ', SPAN);
	(void)printf("|\n");
}

static void put_whole(const json_t *message)
{
	char transport[16], remote[80];
	struct slice text = slice_from_string(json_string_value(json_object_get(message, "text")));
	table_text(message, "transport", transport, sizeof(transport));
	table_text(message, "remote", remote, sizeof(remote));
	(void)printf("\n      %s %s\n", transport, remote);
	while (text.n) {
		struct slice line = next_line(&text);
		char *shown = slice_dup(line);
		(void)fputs("      ", stdout);
		table_put(shown ? shown : "");
		(void)putchar('\n');
		free(shown);
	}
	(void)putchar('\n');
}

void ladder_print(const json_t *messages, const char *started, bool full)
{
	int64_t started_us = started ? time_of_day_us(started) : 0;
	size_t count = json_array_size(messages);
	if (count == 0) {
		(void)printf("\nNo SIP message of this call is kept.\n");
		return;
	}
	(void)printf("\n              caller%*sAlto%*scallee\n", SPAN - 7, "", SPAN - 6, "");
	for (size_t i = 0; i < count; i++) {
		const json_t *message = json_array_get(messages, i);
		if (!json_is_string(json_object_get(message, "text")) ||
		    !json_is_string(json_object_get(message, "at")) ||
		    !json_is_string(json_object_get(message, "side")) ||
		    !json_is_string(json_object_get(message, "direction")))
			continue;
		put_rung(message, started_us);
		if (full)
			put_whole(message);
	}
}
