/* web/session.h - what logging in needs of the store, for the resources that ask for a password or a code */
#pragma once
#include "web/hashing.h"
#include "web/write.h"

/* How a person logs in, as the store had it; in the request's arena. */
struct web_login {
	struct store_job job;
	struct web_request *request;
	struct slice user;           /* id; empty: nobody's, read all the same so that it takes as long */
	struct slice password, totp; /* empty: none */
	int64_t totp_step;
	bool failed;
	void (*done)(struct web_login *l);
};
/* Reads it, then calls fn(); or answers why not. */
void web_login_read(struct web_login *l, struct web_request *r, struct slice user, void (*fn)(struct web_login *l));
/* Store thread: is the password still the one that was read? DB_OK with *ret, or a db_error. */
MUST_USE int web_login_still(struct db *db, struct web_login *l, bool *ret);
/*
 * The step of which this is the code: one step early or late is forgiven, as clocks differ (RFC 6238 §5.2). 0: of none,
 * or of one that is not newer than those used.
 */
int64_t web_totp_step(const struct web_request *r, struct slice secret, int64_t used, struct slice code);

bool web_is_any_text(struct slice s);       /* 1 to 128 bytes */
bool web_is_code(struct slice s);           /* six digits */
bool web_is_login_password(struct slice s); /* of a new one for a person */
