/* web/again.h - is it still the person? Before a way to log in is added: whoever found an open page must not make one
 */
#pragma once
#include "web/session.h"

/* In the request's arena, inside the resource's own struct. */
struct web_again {
	struct web_login login;
	struct web_hashing hashing;
	struct slice password;
	void (*done)(struct web_again *a);
};
/*
 * Calls done() when the session began a moment ago (WEB_SESSION_FRESH_US) or the password is the person's, or answers
 * why not. user: whose session it is; password: of the request's body, empty if none was given.
 */
void web_again(struct web_again *a, struct web_request *r, struct slice user, struct slice password,
	       void (*done)(struct web_again *a));
