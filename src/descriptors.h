/* descriptors.h - what the process may have open, shared out at the start: voice, connections, and what is its own */
#pragma once
#include "base/warning.h"

struct descriptors {
	unsigned most; /* that will ever be open, and so the highest number that one of them gets */
	unsigned streams;
	unsigned directs; /* streams that may have a socket of their phone's alone: a third of what is left to
			     connections */
	unsigned connections;
	unsigned pages;         /* live event streams, besides those of WEB_STREAMS_LEAST */
	struct warning trouble; /* there are fewer than was wished; WARNING_NONE: as many */
};

/*
 * Raises the limit as far as the system lets us and divides it: voice may take two for each port of media.ports, but
 * what it takes is never what accepting a connection, or a command, needs. -EMFILE: too few to start with, and *reterr
 * says what to do.
 */
struct descriptors_reason {
	char text[320];
};
MUST_USE int descriptors_share(unsigned ports, struct descriptors *ret, struct descriptors_reason *reterr);
