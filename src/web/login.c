/* web/login.c - how a person logs in is read from the store, and codes are judged */
#include <errno.h>

#include "web/fields.h"
#include "web/session.h"

#define CODES_AROUND 1

static void take(void *arg, const struct store_login *row)
{
	struct web_login *l = arg;
	struct arena *a = &l->request->arena;
	l->failed = !arena_dup(a, row->password, &l->password) || !arena_dup(a, row->totp, &l->totp);
	l->totp_step = row->totp_step;
}

static int run(struct db *db, struct store_job *job)
{
	struct web_login *l = container_of(job, struct web_login, job);
	return store_login_get(db, l->user, take, l);
}

static void done(struct store_job *job, int result)
{
	struct web_login *l = container_of(job, struct web_login, job);
	if (result != DB_OK || l->failed)
		web_problem_store(l->request, result == DB_OK ? -ENOMEM : result);
	else
		l->done(l);
}

void web_login_read(struct web_login *l, struct web_request *r, struct slice user, void (*fn)(struct web_login *l))
{
	if (!web_keep(r, user, &l->user))
		return;
	l->request = r;
	l->done = fn;
	l->job = (struct store_job){.run = run, .done = done, .bytes = sizeof(*l), .read_only = true};
	int rc = store_post(r->context->store, &l->job);
	if (rc < 0)
		web_problem_store(r, rc);
}

struct look {
	const struct web_login *login;
	bool same;
};

static void look_again(void *arg, const struct store_login *row)
{
	struct look *look = arg;
	look->same = slice_eq(row->password, look->login->password);
}

int web_login_still(struct db *db, struct web_login *l, bool *ret)
{
	struct look look = {.login = l};
	int rc = store_login_get(db, l->user, look_again, &look);
	if (rc == DB_OK)
		*ret = look.same;
	return rc;
}

int64_t web_totp_step(const struct web_request *r, struct slice secret, int64_t used, struct slice code)
{
	uint64_t given;
	int64_t now = web_now_us(r) / SECOND_US / CRYPTO_TOTP_STEP_S, found = 0;
	bool read = slice_u64(code, 999999, &given);
	for (int64_t step = now - CODES_AROUND; read && step <= now + CODES_AROUND; step++)
		if (step > used && crypto_totp(secret, step) == given)
			found = step;
	return found;
}

bool web_is_any_text(struct slice s)
{
	return s.n >= 1 && s.n <= WEB_PASSWORD_MAX;
}

bool web_is_code(struct slice s)
{
	uint64_t n;
	return s.n == 6 && slice_u64(s, 999999, &n);
}

bool web_is_login_password(struct slice s)
{
	return s.n >= WEB_LOGIN_PASSWORD_MIN && web_is_password(s);
}
