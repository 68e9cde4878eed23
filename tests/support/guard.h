/* support/guard.h - copies that end at an unreadable page, so that reading one byte too far ends the test */
#pragma once
#include "base/slice.h"

/* A copy of p[0..n); p[n] is unreadable. Aborts when there is no memory. n may be 0: then nothing may be read. */
char *guard_copy(const void *p, size_t n);
void guard_free(const void *copy); /* what guard_copy() returned; NULL is fine */

/* The same as a slice; free its p. */
static inline struct slice guard_slice(struct slice s)
{
	return slice_of(guard_copy(s.p, s.n), s.n);
}
