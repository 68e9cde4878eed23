/* support/guard.c - pages: one for the mapping's size, those of the copy, one unreadable */
#include <sys/mman.h>
#include <unistd.h>

#include "support/guard.h"

char *guard_copy(const void *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (n + page - 1) / page;
	size_t size = (pages + 2) * page;

	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(map != MAP_FAILED);
	memcpy(map, &size, sizeof(size));
	char *end = map + size - page;
	char *copy = end - n;
	if (n)
		memcpy(copy, p, n);
	int rc = mprotect(end, page, PROT_NONE);
	ASSERT(rc == 0);
	return copy;
}

void guard_free(const void *copy)
{
	size_t size;

	if (!copy)
		return;
	/* The copy begins in its first page (or, empty, at the unreadable one); the size stands in the page before. */
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *map = (char *)(((uintptr_t)copy & ~(page - 1)) - page);
	memcpy(&size, map, sizeof(size));
	int rc = munmap(map, size);
	ASSERT(rc == 0);
}
