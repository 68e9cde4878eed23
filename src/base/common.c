/* base/common.c - failed asserts and thread numbers */
#include <stdatomic.h>

#include "base/common.h"

_Noreturn void assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expr);
	abort();
}

uint32_t thread_self(void)
{
	static _Atomic uint32_t last;
	static _Thread_local uint32_t self;

	if (!self)
		self = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	return self;
}
