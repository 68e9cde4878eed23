/* web/crowd.h - how many connections may be inside that have not come to stay, who of them makes room, who waits for it
 */
#pragma once
#include "web/peer.h"

/*
 * May one more come in on this plane from there? Where the plane or the address has no room somebody else goes for it:
 * the oldest that is idle or unknown, of the address itself, or of the one that holds most. False: everybody who could
 * go is at work. Not from a callback of the library.
 */
MUST_USE bool web_crowd_admit(struct web *w, enum web_plane plane, const struct address *from);

/*
 * One that web_crowd_admit() has just turned away waits for its turn, WEB_DOOR_US at most. Takes fd then, which enter()
 * gets, from the loop. False: as many wait already as may.
 */
MUST_USE bool web_crowd_wait(struct web *w, struct web_listener *l, int fd, const struct address *from,
			     web_enter_fn enter);
/* Closes those that wait. */
void web_crowd_send_home(struct web *w);
