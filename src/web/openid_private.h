/*
 * web/openid_private.h - one request of /api/v1/session/openid, for openid_sign.c (the way out and back) and
 * openid_person.c (who came back)
 */
#pragma once
#include "web/enter.h"
#include "web/issuer_learn.h"
#include "web/sign_in.h"

struct web_openid_given {
	struct slice login, company, code, state, issuer;
};
struct web_signing {
	struct web_request *request;
	struct web_openid_given given;
	struct slice tenant; /* id */
	int64_t version;     /* of the issuer, when this began */
	struct web_sign_in attempt;
	struct web_learning learning;
	struct web_asking asking;
	struct slice token_url; /* with a zero behind it */
	bool secret_in_form;
	struct slice token; /* the ID token */
	bool again;         /* its key was asked for anew */
	struct store_job job;
	struct slice issuer_id, subject, linked; /* linked: id of the person who is known by it; empty: nobody yet */
	struct openid_name name;
	bool named, failed;
	bool still; /* in the transaction: the issuer is on, and the row that this began with */
	const char *why_not_named;
	struct web_enter enter;
};

/* The issuer, as it was when this began. NULL: answered. */
const struct directory_issuer *web_signing_issuer(const struct web_signing *s);
/* It is not: that is the answer. */
void web_signing_changed(const struct web_signing *s);
/* What the company's admin is to know, and the browser is not. */
void web_signing_note(const struct web_signing *s, const char *why);
/* Their claims are good: answers with a session, or why there is none. */
void web_signing_person(struct web_signing *s, const struct directory_issuer *i, const json_t *claims);
