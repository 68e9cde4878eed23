/* descriptors.h - what the process may have open, shared out at the start: voice, connections, and what is its own */
#pragma once
#include "base/common.h"

struct descriptors {
	unsigned most; /* that will ever be open, and so the highest number that one of them gets */
	unsigned streams;
	unsigned directs; /* streams that may have a socket of their phone's alone: a third of what is left to
			     connections */
	unsigned connections;
	unsigned pages;    /* live event streams, besides those of WEB_STREAMS_LEAST */
	char trouble[320]; /* why there are fewer than was wished, or too few to start; a sentence, or empty */
};

/*
 * Raises the limit as far as the system lets us and divides it: voice may take two for each port of media.ports, but
 * what it takes is never what accepting a connection, or a command, needs. -EMFILE: too few to start with.
 */
MUST_USE int descriptors_share(unsigned ports, struct descriptors *ret);
