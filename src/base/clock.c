/* base/clock.c - the system's clocks, and the one way a time is written in logs */
#include <time.h>

#include "base/clock.h"

#define SECONDS_A_DAY 86400

static int64_t read_us(clockid_t id)
{
	struct timespec t;
	int rc = clock_gettime(id, &t);
	ASSERT(rc == 0);
	return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

static void put_digits(char *at, int width, int64_t value)
{
	for (int i = width; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
}

void clock_format(int64_t wall_us, char ret[28])
{
	/* Years of four digits; a clock outside them is shown at the nearest end. */
	const int64_t last = INT64_C(253402300799) * SECOND_US + 999999;
	wall_us = MAX(INT64_C(0), MIN(wall_us, last));

	int64_t second = wall_us / SECOND_US % SECONDS_A_DAY;
	int64_t days = wall_us / SECOND_US / SECONDS_A_DAY;
	/*
	 * Days to a date, in years that begin on 1 March so that the leap day is the last: 146097 days an era of 400
	 * years, 719468 days from 0000-03-01 to 1970-01-01.
	 */
	days += 719468;
	int64_t era = days / 146097, day = days % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	int64_t month = (5 * day + 2) / 153;
	day = day - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year += era * 400 + (month <= 2);

	memcpy(ret, "0000-00-00T00:00:00.000000Z", 28);
	put_digits(ret, 4, year);
	put_digits(ret + 5, 2, month);
	put_digits(ret + 8, 2, day);
	put_digits(ret + 11, 2, second / 3600);
	put_digits(ret + 14, 2, second / 60 % 60);
	put_digits(ret + 17, 2, second % 60);
	put_digits(ret + 20, 6, wall_us % SECOND_US);
}
