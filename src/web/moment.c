/* web/moment.c - RFC 3339 read */
#include "web/moment.h"
#include <time.h>

#include "base/clock.h"

/* n digits from the front. */
static bool digits(struct slice *s, size_t n, unsigned max, int *ret)
{
	uint64_t value;
	if (s->n < n || !slice_u64(slice_first(*s, n), max, &value))
		return false;
	*ret = (int)value;
	*s = slice_from(*s, n);
	return true;
}

static bool mark(struct slice *s, char a, char b)
{
	if (slice_empty(*s) || (s->p[0] != a && s->p[0] != b))
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static bool fraction(struct slice *s, int64_t *ret_us)
{
	int64_t us = 0, unit = 100000;
	size_t n = 0;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10)
		us += (s->p[n] - '0') * unit;
	*s = slice_from(*s, n);
	*ret_us = us;
	return n > 0;
}

static bool offset(struct slice *s, int64_t *ret_s)
{
	int hours, minutes;
	*ret_s = 0;
	if (mark(s, 'Z', 'z'))
		return true;
	bool west = slice_starts(*s, SLICE("-"));
	if (!mark(s, '+', '-') || !digits(s, 2, 23, &hours) || !mark(s, ':', ':') || !digits(s, 2, 59, &minutes))
		return false;
	*ret_s = (west ? -1 : 1) * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

bool web_moment_parse(struct slice s, int64_t *ret_us)
{
	struct tm t = {0};
	int64_t us = 0, east_s;
	if (!digits(&s, 4, 9999, &t.tm_year) || !mark(&s, '-', '-') || !digits(&s, 2, 12, &t.tm_mon) ||
	    !mark(&s, '-', '-') || !digits(&s, 2, 31, &t.tm_mday) || !mark(&s, 'T', 't') ||
	    !digits(&s, 2, 23, &t.tm_hour) || !mark(&s, ':', ':') || !digits(&s, 2, 59, &t.tm_min) ||
	    !mark(&s, ':', ':') || !digits(&s, 2, 60, &t.tm_sec))
		return false;
	if ((mark(&s, '.', '.') && !fraction(&s, &us)) || !offset(&s, &east_s) || !slice_empty(s))
		return false;
	int day = t.tm_mday, month = t.tm_mon;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	bool leap = t.tm_sec == 60;
	t.tm_sec -= leap;
	int64_t seconds = timegm(&t);
	/* The 31st of a month that has none became the 1st of the next. */
	if (t.tm_mday != day || t.tm_mon + 1 != month || seconds - east_s < 0)
		return false;
	*ret_us = (seconds + leap - east_s) * SECOND_US + us;
	return true;
}
