/* sdp/format.h - the codecs known by number, and words that reading and writing share. Private to the room.   RFC 3551
 */
#pragma once
#include "sdp/sdp.h"

/* Fill in name, rate and channels of a static payload type; a dynamic one is left as it is. */
void sdp_format_static(struct sdp_format *f);
bool sdp_format_is_noise(const struct sdp_format *f); /* CN: comfort noise, not a codec by itself */

struct slice sdp_direction_name(enum sdp_direction d); /* "sendrecv" */
