/*
 * support/failing.h - make one allocation of the calling thread fail
 *
 * Covers what our own objects and libraries call (the linker's --wrap): malloc, calloc, realloc, reallocarray,
 * aligned_alloc, posix_memalign, strdup, strndup, asprintf, vasprintf. What happens inside other libraries is not
 * touched.
 */
#pragma once
#include "base/common.h"

/* The nth allocation (1 is the next one) from now on fails, once, with errno ENOMEM. */
void failing_start(unsigned nth);
/* Back to normal. True: an allocation was made to fail since failing_start(). */
bool failing_stop(void);

/*
 * Call fn with its 1st, 2nd, 3rd… allocation failing, until it makes fewer than that. Each time it must return 0 or
 * -ENOMEM, and 0 in the end, when nothing failed; else the program aborts and says which allocation it was. fn makes
 * what it needs, uses it and frees it, also on failure (a sanitizer finds leaks), and checks what must still hold.
 */
void failing_each(int (*fn)(void *arg), void *arg);
