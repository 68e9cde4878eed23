/* support/test.h - cmocka with the headers it wants in front of it, and comparing slices */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

/* A slice and a C string hold the same bytes. */
#define assert_slice(slice, text) assert_slice_at((slice), (text), __FILE__, __LINE__)
static inline void assert_slice_at(struct slice s, const char *text, const char *file, int line)
{
	if (slice_eq(s, slice_from_string(text)))
		return;
	print_error("\"%.*s\" is not \"%s\"\n", SLICE_ARG(s), text);
	_fail(file, line);
}
