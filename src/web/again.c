/* web/again.c - see again.h */
#include "web/again.h"

#include "web/enter.h"
#include "web/note.h"

static bool is_fresh(const struct web_request *r)
{
	const struct web_pass *p = web_access_by_id(r->context->access, r->who.pass);
	return p && web_now_us(r) - p->created_us <= WEB_SESSION_FRESH_US;
}

static void compared(struct web_hashing *h)
{
	struct web_again *a = container_of(h, struct web_again, hashing);
	if (!h->ok) {
		web_note_failed(h->request, directory_user_by_id(h->request->context->directory, a->login.user));
		web_problem(h->request, WEB_WRONG_LOGIN, "password", "the password is wrong");
		return;
	}
	web_forgive(h->request, a->login.user);
	a->done(a);
}

static void login_read(struct web_login *l)
{
	struct web_again *a = container_of(l, struct web_again, login);
	web_hashing_compare(&a->hashing, l->request, l->password, a->password, compared);
}

void web_again(struct web_again *a, struct web_request *r, struct slice user, struct slice password,
	       void (*done)(struct web_again *a))
{
	a->done = done;
	a->password = password;
	if (!slice_empty(password)) {
		if (web_may_try(r, user))
			web_login_read(&a->login, r, user, login_read);
	} else if (is_fresh(r)) {
		done(a);
	} else {
		web_problem(r, WEB_MISSING_FIELD, "password",
			    "password is missing: it is needed when the login was more than %d minutes ago",
			    (int)(WEB_SESSION_FRESH_US / SECOND_US / 60));
	}
}
