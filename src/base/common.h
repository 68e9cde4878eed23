/* base/common.h - the few words every file uses: attributes, asserts, thread ownership, and what may not be called */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(string_index, first) __attribute__((format(printf, string_index, first)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* A limit in a sentence: what the macro x stands for, as text. */
#define TEXT_OF(x) TEXT_OF_WORDS(x)
#define TEXT_OF_WORDS(x) #x
/* Through uintptr_t, so that it takes a const member too (in match functions); the result is as const as the caller
 * makes it. */
#define container_of(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

#ifndef MIN /* sys/param.h, which libuv brings in, has the same two */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

/* Time is int64_t microseconds everywhere; these make constants readable. */
#define MS_US INT64_C(1000)
#define SECOND_US INT64_C(1000000)

/* A hint: these n bytes will soon be read and written. Nothing waits for them. */
#define CACHE_LINE_BYTES 64
static inline void prefetch(const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += CACHE_LINE_BYTES)
		__builtin_prefetch((const char *)p + at, 1);
}

/*
 * Guards our own logic and stays on in release builds; bytes from strangers can never reach one.
 * Prints file, line and expression to stderr and aborts.
 */
#define ASSERT(expr) ((expr) ? (void)0 : assert_failed(#expr, __FILE__, __LINE__))
_Noreturn void assert_failed(const char *expr, const char *file, int line);

/*
 * Which thread owns an object. thread_owner_take() makes the calling thread the owner; ASSERT_ON() at the head
 * of a function states who may call it. Ownership is handed over by calling thread_owner_take() on the new thread.
 */
struct thread_owner {
	uint32_t id; /* 0: nobody yet */
};
uint32_t thread_self(void); /* small number, never 0, unique in the process's life */
static inline void thread_owner_take(struct thread_owner *o)
{
	o->id = thread_self();
}
#ifdef NDEBUG
#define ASSERT_ON(owner) ((void)(owner))
#else
#define ASSERT_ON(owner) ASSERT((owner).id == thread_self())
#endif

/* These cannot be used safely on bytes from strangers, so they do not compile (libc's headers come in first). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#undef alloca /* macros in glibc; the names are poisoned all the same */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll alloca gets
