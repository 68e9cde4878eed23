/* fuzz/edit.h - the meddler on the wires of fuzz/world.h */
#pragma once
#include "fuzz/world.h"

/* For struct sim_wire: the edits that wait for this phone, done. */
size_t world_meddle(void *arg, struct sim_phone *from, char *bytes, size_t n, size_t cap);
