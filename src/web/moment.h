/* web/moment.h - moments as clients write them.   RFC 3339 §5.6 */
#pragma once
#include "base/slice.h"

/*
 * "2026-11-27T08:30:00Z", with a fraction or an offset such as +01:00 too; not before 1970. What goes beyond
 * microseconds is passed over; a leap second is the one that follows. False: it is none, ret is untouched.
 */
MUST_USE bool web_moment_parse(struct slice s, int64_t *ret_us);
