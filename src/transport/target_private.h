/* transport/target_private.h - between target.c, target_find.c and made.c */
#pragma once
#include "transport/target.h"
#include "transport/transport_private.h"

/* target.c: the listener that a target is spoken to from, NULL: none fits. wanted: its number, or -1. */
const struct listener *target_listener(const struct transport *t, const struct target *target, int wanted);
/* ... and the address that the target sees us at, with the listener's port. -EHOSTUNREACH: no listener, no route. */
MUST_USE int target_local(const struct transport *t, const struct target *target, int wanted,
			  const struct listener **ret, struct address *ret_local);
/* target_find.c */
extern const size_t target_search_bytes;
bool target_has_failed(const struct transport *t, const struct target *target);
/* made.c: its certificate has been looked at. */
void target_judged(struct transport *t, const struct target *target, enum tls_distrust distrust);

/* made.c: the flow of a connection to this target, open or begun now. */
MUST_USE int made_flow(struct transport *t, const struct target *target, const char *name, const struct listener *l,
		       const struct address *local, struct sip_flow *ret);
