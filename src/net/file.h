/* net/file.h - a small file that is there whole or not at all, for its owner alone: keys and certificates */
#pragma once
#include "base/slice.h"

/*
 * Mode 0600, written under PATH.new, fsynced and renamed; the directory must exist. Blocks on the disk: at the start,
 * or on a helper's thread. Returns 0, or the system's own error; what was there before is then still there.
 */
MUST_USE int file_write_whole(const char *path, struct slice bytes);
