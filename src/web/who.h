/* web/who.h - who asks: the plane that a request came in on, and the session or token that it shows */
#pragma once
#include "web/request.h"

struct store_change;

/* Per plane, because cookies know no ports (RFC 6265 §8.5), and the provider may use both from one browser. */
const char *web_cookie_name(enum web_plane plane);
/* The cookie of who is about to log in otherwise than with a password. */
const char *web_attempt_name(enum web_plane plane);
/*
 * Sets r->who. Without a session or token it is nobody, whom the policy lets do little. False: answered, because what
 * is shown is not good, or the request was made by a foreign page.
 */
MUST_USE bool web_who_find(struct web_request *r);
/* May this change be the end of somebody's session? */
bool web_who_concerns(const struct store_change *change);
/* Is the session with this id still good? Sessions end, roles change, people and companies go. */
bool web_who_lasts(const struct web_context *c, struct slice pass);
/* For how long at most; 0: it is over. */
int64_t web_who_left_us(const struct web_context *c, struct slice pass);
struct web_pass;
/* A token does nothing that whoever made it may not do now, and goes with them. True of a session. */
bool web_who_maker_may(const struct web_context *c, const struct web_pass *p);
