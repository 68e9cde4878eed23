/*
 * web/enter.h - whoever has proved who they are, however they did, gets a session: its row, its cookie, its answer
 */
#pragma once
#include "directory/directory.h"
#include "web/access.h"
#include "web/write.h"

/* In the request's arena, inside the resource's own struct. */
struct web_enter {
	struct web_write write;
	struct store_pass row;
	char secret[WEB_SECRET_CHARS + 1];
	/* Store thread, in the transaction that makes the session: does it still hold? *ret false: refused() answers.
	 */
	int (*prove)(struct db *db, struct web_enter *e, bool *ret);
	void (*refused)(struct web_enter *e);
	struct slice how; /* "password": for the audit trail; static text */
	bool proved;
	bool by_issuer; /* of the company: web/openid_sign.c */
};
/* Answers: the session, or why there is none. prove, refused and how are set before. */
void web_enter(struct web_enter *e, struct web_request *r, const struct directory_user *u);

/*
 * The secret of this browser's attempt to log in otherwise than by a password, in a cookie for as long as a challenge
 * lasts; other pages of the browser have the same. False: answered.
 */
MUST_USE bool web_attempt_begin(struct web_request *r, struct slice *ret_secret);
/* What a page is told of its session; secret: of the cookie. */
json_t *web_session_json(const struct web_request *r, const struct directory_user *u, struct slice secret);
/* For this host alone, and for no script. False: answered. */
MUST_USE bool web_set_cookie(struct web_request *r, const char *name, const char *value, int64_t max_age_s);
/* May this be tried once more, by the address and by this name? False: answered, with when. */
MUST_USE bool web_may_try(struct web_request *r, struct slice name);
/* May a sign-in at a company's issuer be begun from this address? False: answered, with when. */
MUST_USE bool web_may_begin(struct web_request *r);
/* It was right: nothing is held against the name, nor this try against the address. */
void web_forgive(struct web_request *r, struct slice name);
/* "anna@acme.example": the last @ parts them. NULL: nobody of that name. */
const struct directory_user *web_find_person(const struct web_request *r, struct slice login);
