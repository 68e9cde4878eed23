/*
 * privilege.h - what the process may do: as little as it needs, and nobody looks into it
 *
 * In this order, each 0 or -1 after one clear line on standard error: become the configured user before any file is
 * made; lock what there is to read; listen and begin the threads; give up the rights that this took.
 */
#pragma once
#include "base/common.h"

/*
 * user: of the configuration; empty: stay who we are. Only root can become another; of its rights those to ports below
 * 1024 and to put voice before the rest (MEDIA_NICE) are kept until privilege_finish(), by threads until they have
 * begun (base/rights.h). Call it before any thread is made.
 */
MUST_USE int privilege_become(const char *user);
/*
 * No new privileges (a set-user-ID program, file capabilities) by any execve() from here on, no core dump, and no
 * reading of our memory by other processes of the same user: it holds keys and voice.
 */
MUST_USE int privilege_lock(void);
/* Everything listens, and has its threads. */
MUST_USE int privilege_finish(void);
/* Does all of this run as root? Needs no call of the others. */
bool privilege_is_root(void);
