/* web/request.c - a request's life, and its answer */
#include "web/request.h"
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "net/loop.h"
#include "store/db.h"

struct web_request *web_request_new(const struct web_context *context)
{
	struct web_request *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->context = context;
	arena_init(&r->arena, 2048, WEB_REQUEST_BYTES_MAX);
	return r;
}

void web_request_unlink(struct web_request *r)
{
	if (!r->prev)
		return;
	*r->prev = r->next;
	if (r->next)
		r->next->prev = r->prev;
	r->prev = NULL;
}

static void drop_answer(struct web_request *r)
{
	if (r->answer.bytes)
		crypto_wipe(r->answer.bytes, malloc_usable_size(r->answer.bytes));
	free(r->answer.bytes);
	r->answer.bytes = NULL;
}

struct web_request *web_request_free(struct web_request *r)
{
	if (!r)
		return NULL;
	if (timer_running(&r->timer))
		timer_stop(loop_wheel(r->context->loop), &r->timer);
	web_request_unlink(r);
	json_decref(r->body);
	/* Passwords and secrets were among what it kept, and tokens and accounts among what it answered. */
	arena_wipe(&r->arena);
	arena_done(&r->arena);
	drop_answer(r);
	free(r);
	return NULL;
}

/* ---- answers ---- */

void web_answer_text(struct web_request *r, int status, const char *type, char *bytes, size_t n)
{
	r->answer.status = status;
	r->answer.type = type;
	drop_answer(r); /* of a listing that was not finished */
	r->answer.bytes = bytes;
	r->answer.n = n;
	r->answered(r);
}

void web_answer_file(struct web_request *r, const char *type, struct slice bytes)
{
	r->answer.file = bytes.p;
	web_answer_text(r, 200, type, NULL, bytes.n);
}

void web_answer_empty(struct web_request *r)
{
	web_answer_text(r, 204, NULL, NULL, 0);
}

/* What can always be said: the answer of last resort, without memory. */
static void answer_without_memory(struct web_request *r)
{
	web_answer_text(r, 503, NULL, NULL, 0);
}

static void answer_as(struct web_request *r, int status, const char *type, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	if (!text) {
		answer_without_memory(r);
		return;
	}
	web_answer_text(r, status, type, text, strlen(text));
}

void web_answer_json(struct web_request *r, int status, json_t *value)
{
	answer_as(r, status, "application/json", value);
}

void web_problem_given(struct web_request *r, const struct web_problem *p)
{
	int status = web_problem_status(p->code);
	json_t *o = WEB_OBJECT({"type", json_string("about:blank")}, {"title", json_string(web_status_title(status))},
			       {"status", json_integer(status)}, {"code", json_string(web_problem_name(p->code))},
			       {"detail", web_json_text(slice_from_string(p->detail))});
	if (o && ((*p->field && !web_json_set(o, "field", web_json_text(slice_from_string(p->field)))) ||
		  (p->schema && !web_json_set(o, "schema", json_string(p->schema))))) {
		json_decref(o);
		o = NULL;
	}
	answer_as(r, status, "application/problem+json", o);
}

void web_problem(struct web_request *r, enum web_problem_code code, const char *field, const char *format, ...)
{
	struct web_problem p;
	va_list args;
	va_start(args, format);
	char detail[sizeof(p.detail)];
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	web_problem_set(&p, code, field, "%s", detail);
	web_problem_given(r, &p);
}

void web_problem_store(struct web_request *r, int error)
{
	switch (error) {
	case DB_CONFLICT:
		web_problem(r, WEB_CONFLICT, NULL, "another request changed the same thing meanwhile; look again");
		return;
	case DB_FULL:
		web_problem(r, WEB_STORE_FULL, NULL, "no space is left for the database; nothing was changed");
		return;
	case DB_LOST:
		web_problem(
			r, WEB_STORE_TROUBLE, NULL,
			"the database server does not serve us; it may or may not have taken the change: look, then "
			"try again");
		return;
	case -ENOSPC:
		web_problem(r, WEB_STORE_BUSY, NULL, "too much waits for the database already; try again later");
		return;
	case DB_NO_MEMORY:
	case -ENOMEM:
		answer_without_memory(r);
		return;
	default:
		web_problem(r, WEB_STORE_TROUBLE, NULL,
			    "the database refused the change; `alto status` says what is wrong");
	}
}

/* ---- parameters ---- */

struct slice web_argument(const struct web_request *r, const char *name)
{
	for (size_t i = 0; i < r->argument_count; i++)
		if (slice_eq(r->arguments[i].name, slice_from_string(name)))
			return r->arguments[i].value;
	return SLICE_NONE;
}

int64_t web_now_us(const struct web_request *r)
{
	return loop_wheel(r->context->loop)->wall_us;
}

/* ---- JSON ---- */

json_t *web_json_text(struct slice s)
{
	json_t *text = json_stringn(s.n ? s.p : "", s.n);
	return text ? text : json_null();
}

json_t *web_json_text_or_null(struct slice s)
{
	return slice_empty(s) ? json_null() : web_json_text(s);
}

json_t *web_json_time(int64_t wall_us)
{
	if (wall_us <= 0)
		return json_null();
	char text[28];
	clock_format(wall_us, text);
	return json_string(text);
}

bool web_json_set(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0;
}

json_t *web_json_object(struct web_member *members, size_t count)
{
	json_t *o = json_object();
	bool ok = o != NULL;
	for (size_t i = 0; i < count; i++) {
		if (ok)
			ok = web_json_set(o, members[i].name, members[i].value);
		else
			json_decref(members[i].value);
	}
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}
