/* web/who.h - who asks: the plane that a request came in on, and the session or token that it shows */
#pragma once
#include "web/request.h"

/* Per plane, because cookies know no ports (RFC 6265 §8.5), and the provider may use both from one browser. */
const char *web_cookie_name(enum web_plane plane);
/*
 * Sets r->who. Without a session or token it is nobody, whom the policy lets do little. False: answered, because what
 * is shown is not good, or the request was made by a foreign page.
 */
MUST_USE bool web_who_find(struct web_request *r);
