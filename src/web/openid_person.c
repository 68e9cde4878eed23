/* web/openid_person.c - who an ID token is about, and their session */
#include <errno.h>

#include "web/find.h"
#include "web/jwt.h"
#include "web/openid_private.h"
#include "web/policy.h"

struct still {
	struct slice user;
	bool same;
};

static void compare(void *arg, struct slice user)
{
	struct still *still = arg;
	still->same = slice_eq(user, still->user);
}

static void compare_issuer(void *arg, const void *row)
{
	struct web_signing *s = arg;
	const struct store_issuer *i = row;
	s->still = i->on && i->updated_us == s->version;
}

/*
 * An issuer that was changed while this went on vouches for nobody: its `sub` would be taken for one of the new one.
 * Who was parted from it meanwhile is not joined to it again by the name that they had.
 */
static int prove(struct db *db, struct web_enter *enter, bool *ret)
{
	struct web_signing *s = container_of(enter, struct web_signing, enter);
	const struct store_identity identity = {.issuer = s->issuer_id, .subject = s->subject};
	struct still still = {.user = enter->row.user};
	int got = store_get(db, STORE_ISSUER, s->issuer_id, compare_issuer, s);
	if (got != DB_OK || !s->still)
		return got;
	if (!slice_empty(s->linked)) {
		int rc = store_identity_get(db, &identity, compare, &still);
		*ret = still.same;
		return rc;
	}
	return store_identity_keep(db, &identity, enter->row.tenant, enter->row.user, enter->row.created_us, ret);
}

static void refused(struct web_enter *enter)
{
	struct web_signing *s = container_of(enter, struct web_signing, enter);
	if (!s->still) {
		web_signing_changed(s);
		return;
	}
	web_signing_note(
		s,
		"Somebody else of it has signed in as this person before. A new password for the person parts them.");
	web_problem(s->request, WEB_NO_ACCOUNT, NULL,
		    "your account here belongs to another account of your company's sign-in: ask your administrator");
}

static const struct directory_user *person(const struct web_signing *s, const struct directory_issuer *i)
{
	struct directory *d = s->request->context->directory;
	if (!slice_empty(s->linked))
		return directory_user_by_id(d, s->linked);
	return s->named ? directory_user_by_login(d, i->tenant, slice_of(s->name.text, s->name.n)) : NULL;
}

static void looked(struct store_job *job, int result)
{
	struct web_signing *s = container_of(job, struct web_signing, job);
	struct web_request *r = s->request;
	if (result != DB_OK || s->failed) {
		web_problem_store(r, result == DB_OK ? -ENOMEM : result);
		return;
	}
	const struct directory_issuer *i = web_signing_issuer(s);
	const struct directory_user *u = i ? person(s, i) : NULL;
	if (!i)
		return;
	/* The provider's people are nobody's to vouch for. */
	if (!u || u->tenant != i->tenant || web_role_find(u->role) == WEB_PROVIDER) {
		web_signing_note(s, s->why_not_named ? s->why_not_named
						     : "It vouches for somebody who has no account in the company.");
		web_problem(r, WEB_NO_ACCOUNT, NULL,
			    "you have no account here that your company's sign-in knows: ask your administrator");
		return;
	}
	if (web_challenge_use(&r->context->access->challenges, web_now_us(r), s->attempt.challenge) ==
	    WEB_CHALLENGE_USED) {
		web_sign_in_wrong(r);
		return;
	}
	web_forgive(r, r->shown.attempt);
	web_issuer_tell(r->context->issuers, i, NULL);
	s->enter.prove = prove;
	s->enter.refused = refused;
	s->enter.by_issuer = true;
	s->enter.how = SLICE("openid");
	web_enter(&s->enter, r, u);
}

static void take(void *arg, struct slice user)
{
	struct web_signing *s = arg;
	s->failed = !arena_dup(&s->request->arena, user, &s->linked);
}

static int look_run(struct db *db, struct store_job *job)
{
	struct web_signing *s = container_of(job, struct web_signing, job);
	const struct store_identity identity = {.issuer = s->issuer_id, .subject = s->subject};
	return store_identity_get(db, &identity, take, s);
}

/* Who has been here before is known by `sub` (§5.7); else the claim says who it is. */
void web_signing_person(struct web_signing *s, const struct directory_issuer *i, const json_t *claims)
{
	struct web_request *r = s->request;
	s->named = openid_name_read(claims, i->claim, i->mail_domain, &s->name, &s->why_not_named);
	if (!web_keep(r, i->id, &s->issuer_id) || !web_keep(r, jwt_text(claims, "sub"), &s->subject))
		return;
	s->job = (struct store_job){.run = look_run, .done = looked, .bytes = sizeof(*s), .read_only = true};
	int rc = store_post(r->context->store, &s->job);
	if (rc < 0)
		web_problem_store(r, rc);
}
