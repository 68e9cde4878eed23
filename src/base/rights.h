/*
 * base/rights.h - what a process that began as root keeps for its start, and gives up thread by thread
 *
 * To the kernel capabilities are each thread's own: whoever begins a thread hands on what it has, and what it gives up
 * later stays with the other.
 */
#pragma once
#include "base/common.h"

/*
 * The calling thread, which has become another user and kept its permitted set, has these alone from now on: bits by
 * number, (1u << CAP_NET_BIND_SERVICE). 0; -EPERM: they are not there to be kept. Once, before there are other threads.
 */
MUST_USE int rights_keep(uint32_t capabilities);
/* The calling thread has none any more: the first thing that a thread of ours does, and the last of the start. Where
 * nothing was kept it asks the kernel nothing. 0 or -errno. */
MUST_USE int rights_give_up(void);
