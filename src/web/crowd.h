/* web/crowd.h - how many connections may be inside that have not come to stay, and who of them makes room */
#pragma once
#include "web/peer.h"

/*
 * May one more come in on this plane from there? Where the plane or the address has no room somebody else goes for it:
 * the oldest that is idle or unknown, of the address itself, or of the one that holds most. False: everybody who could
 * go is at work. Not from a callback of the library.
 */
MUST_USE bool web_crowd_admit(struct web *w, enum web_plane plane, const struct address *from);
