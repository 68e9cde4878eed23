/*
 * base/reserve.h - memory kept back for the time when none is left
 *
 * Who finds no memory for something new (a call, a connection) spends the reserve: so what is in progress finds some,
 * and so does whoever looks what is wrong. Nothing new begins until the reserve could be taken again. It is address
 * space, not used pages: what limits of the process and strict overcommit count. One for the process, none unless it
 * was taken; the switchboard's thread.
 */
#pragma once
#include "base/common.h"

/* The API's answers and a turn's worth of messages and rows, several times over. */
#define RESERVE_BYTES ((size_t)1024 * 1024)

MUST_USE int reserve_take(void); /* at the start; 0, -ENOMEM */
void reserve_spend(void);
/* May something new begin? A reserve that was spent is taken again first, if it can be had. */
bool reserve_is_whole(void);
void reserve_drop(void); /* at the end */
