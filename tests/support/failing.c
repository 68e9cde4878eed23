/* support/failing.c - the allocation functions' stand-ins, entered by the linker's --wrap */
#include <errno.h>
#include <stdarg.h>

#include "support/failing.h"

#define ALLOCATIONS_MAX 100000 /* a test that makes more than this in one pass takes for ever */

static _Thread_local unsigned countdown; /* 0: nothing is going to fail */
static _Thread_local bool failed;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void failing_start(unsigned nth)
{
	failed = false;
	countdown = nth;
}

bool failing_stop(void)
{
	countdown = 0;
	return failed;
}

void failing_each(int (*fn)(void *arg), void *arg)
{
	for (unsigned nth = 1;; nth++) {
		ASSERT(nth < ALLOCATIONS_MAX);
		failing_start(nth);
		int rc = fn(arg);
		bool injected = failing_stop();
		if (rc != 0 && !(injected && rc == -ENOMEM)) {
			fprintf(stderr, "allocation %u %s: returned %d\n", nth, injected ? "failed" : "succeeded", rc);
			abort();
		}
		if (!injected)
			return;
	}
}

/* The names are the linker's. */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
int __real_posix_memalign(void **ret, size_t align, size_t n);
int __wrap_posix_memalign(void **ret, size_t align, size_t n);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
void *__real_reallocarray(void *p, size_t count, size_t n);
void *__wrap_reallocarray(void *p, size_t count, size_t n);
int __wrap_asprintf(char **ret, const char *format, ...) PRINTF_LIKE(2, 3);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...) PRINTF_LIKE(3, 4);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args) PRINTF_LIKE(3, 0);
int __real_vasprintf(char **ret, const char *format, va_list args) PRINTF_LIKE(2, 0);
int __wrap_vasprintf(char **ret, const char *format, va_list args) PRINTF_LIKE(2, 0);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
	return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t count, size_t n)
{
	return fails() ? NULL : __real_reallocarray(p, count, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(align, n);
}

int __wrap_posix_memalign(void **ret, size_t align, size_t n)
{
	return fails() ? ENOMEM : __real_posix_memalign(ret, align, n);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(ret, format, args);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return n;
}

/* What glibc's headers make of the two with _FORTIFY_SOURCE; the flag asks for checks that a test can do without. */
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(ret, format, args);
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	int n = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return n;
}
