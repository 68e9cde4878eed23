/* web/peer_head.h - what the head of a request says, kept with the request. Each is false if there is no memory for it
 */
#pragma once
#include "web/peer.h"

/* Method and path. False also for what is no request. */
MUST_USE bool web_head_path(struct web_request *r, struct lws *wsi);
/* By what it shows who asks: token or session, and the fields beside them. */
MUST_USE bool web_head_shown(struct web_request *r, struct web_peer *p);
/* A header that is not given, or is longer than any that is of use, is as good as none. */
MUST_USE bool web_head_field(struct web_request *r, struct lws *wsi, enum lws_token_indexes token, size_t max,
			     struct slice *ret);
/* ETags of the client. False also: more than any client needs. */
MUST_USE bool web_head_condition(struct web_request *r, struct lws *wsi, enum lws_token_indexes token,
				 struct slice *ret);
bool web_head_says_json(struct lws *wsi);
