/* sdp/format.h - the codecs known by number, and what the files of this room share. Private to the room.   RFC 3551
 */
#pragma once
#include "sdp/sdp.h"

/* Fill in name, rate and channels of a static payload type; a dynamic one is left as it is. */
void sdp_format_static(struct sdp_format *f);
bool sdp_format_is_noise(const struct sdp_format *f); /* CN: comfort noise, not a codec by itself */

/*
 * transport.c: an attribute of ICE or DTLS, taken into *t; of one that comes twice the first counts. False: it is none
 * of those. *ret_bad: what is wrong with it, a constant; untouched if nothing is.
 */
bool sdp_transport_attribute(struct sdp_transport *t, struct slice name, struct slice value, const char **ret_bad);
/* What the media line leaves open, the session says. */
void sdp_transport_inherit(struct sdp_transport *t, const struct sdp_transport *session);
/* write.c: name and value, and the line's end. */
void sdp_write_line(struct writer *w, const char *name, struct slice value);
void sdp_transport_write(struct writer *w, const struct sdp_local_transport *t, bool offer);

struct slice sdp_direction_name(enum sdp_direction d); /* "sendrecv" */
