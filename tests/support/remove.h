/* support/remove.h - takes a test's directory away again, with all that is in it */
#pragma once
#include <ftw.h>
#include <stdio.h>

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* 0, or -1 with errno. */
static inline int remove_all(const char *directory)
{
	return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
