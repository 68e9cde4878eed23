/* base/reserve.c - see reserve.h. By mmap: malloc would keep what is given back, and change its own habits by it. */
#include <errno.h>
#include <sys/mman.h>

#include "base/reserve.h"

static void *block;
static bool wanted;

int reserve_take(void)
{
	ASSERT(!block);
	void *at = mmap(NULL, RESERVE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	block = at;
	wanted = true;
	return 0;
}

void reserve_spend(void)
{
	if (block)
		(void)munmap(block, RESERVE_BYTES);
	block = NULL;
}

bool reserve_is_whole(void)
{
	return block || !wanted || reserve_take() == 0;
}

void reserve_drop(void)
{
	reserve_spend();
	wanted = false;
}
