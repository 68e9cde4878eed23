/* sip/words.h - private to this room: which header field a name means */
#pragma once
#include "sip/message.h"

/* name is a token (the caller has seen to that), in any case, in long or compact form. */
enum sip_field_id sip_field_from(struct slice name);
