/*
 * watchdog.h - a thread of ours that stands still ends the program, with its stack on standard error
 *
 * Who started the program then starts it again (record 013). The service manager's own watchdog is told that we live
 * as long as every thread answers, so a watchdog that stands still itself is noticed too.
 */
#pragma once
#include "base/common.h"

#define WATCHDOG_STATUS 70 /* how the program exits then: EX_SOFTWARE of sysexits.h */

struct watchdog;
/*
 * Watches every pulse (base/pulse.h) from its own thread. A thread is given half of WATCHDOG_USEC, of 30 s where no
 * manager has set that. 0, -ENOMEM, -EAGAIN.
 */
MUST_USE int watchdog_start(struct watchdog **ret);
struct watchdog *watchdog_stop(struct watchdog *w); /* NULL is fine */
