/* transport/reach.c - connections that we make: used again, and kept open while they are in use */
#include <errno.h>

#include "transport/target_private.h"

int reach_flow(struct transport *t, const struct target *target, const char *name, const struct listener *l,
	       const struct address *local, struct sip_flow *ret)
{
	return -EHOSTUNREACH;
}
