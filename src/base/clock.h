/* base/clock.h - the system's clocks. Called by `net/loop.c`, the threads' own loops and tools; everyone else uses the
 * wheel */
#pragma once
#include "base/common.h"

int64_t clock_monotonic_us(void);
int64_t clock_wall_us(void); /* UTC, microseconds since 1970 */
/* "2026-11-24T10:00:00.123456Z", always 27 characters and a NUL. */
void clock_format(int64_t wall_us, char ret[28]);
