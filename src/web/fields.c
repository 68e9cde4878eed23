/* web/fields.c - bodies: JSON within bounds, then member by member against a table */
#include "web/fields.h"
#include <errno.h>

#include "web/limits.h"

int web_body_parse(struct slice text, json_t **ret, struct web_problem *reterr)
{
	if (text.n > WEB_BODY_MAX) {
		web_problem_set(reterr, WEB_TOO_LARGE, NULL, "a body may have %zu bytes at most", WEB_BODY_MAX);
		return -EINVAL;
	}
	json_error_t error;
	json_t *body = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		/* The parser quotes the input; that may be a password. Its position is enough. */
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "the body is not JSON: error in line %d, column %d",
				error.line, error.column);
		return -EINVAL;
	}
	if (!json_is_object(body)) {
		json_decref(body);
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "the body must be a JSON object");
		return -EINVAL;
	}
	*ret = body;
	return 0;
}

static const struct web_field *find(const struct web_body *kind, enum web_use use, const char *name)
{
	for (size_t i = 0; i < kind->count; i++)
		if (slice_eq(slice_from_string(kind->fields[i].name), slice_from_string(name)))
			return use == WEB_PART && kind->fields[i].fixed ? NULL : &kind->fields[i];
	return NULL;
}

static bool take(const struct web_field *f, const json_t *value, void *ret)
{
	void *target = (char *)ret + f->offset;
	if (f->kind == WEB_NUMBER) {
		json_int_t n = json_integer_value(value);
		if (!json_is_integer(value) || n < 0 || n > f->max)
			return false;
		*(int64_t *)target = n;
		return true;
	}
	struct slice s = slice_of(json_string_value(value), json_string_length(value));
	if (!json_is_string(value) || !f->valid(s))
		return false;
	*(struct slice *)target = s;
	return true;
}

int web_fields_read(const json_t *body, const struct web_body *kind, enum web_use use, void *ret,
		    struct web_problem *reterr)
{
	if (!body) {
		web_problem_set(reterr, WEB_BAD_JSON, NULL, "a JSON object is expected as the body");
		return -EINVAL;
	}
	/* jansson iterates over what it may not change, too, only through a pointer that is not const. */
	json_t *object = (json_t *)(uintptr_t)body;
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		const struct web_field *f = find(kind, use, name);
		if (!f) {
			web_problem_set(reterr, WEB_UNKNOWN_FIELD, NULL, "\"%.40s\" is not a field of this resource",
					name);
			/* Not the stranger's own word as `field`, unless it is a plain one. */
			if (web_is_reference(slice_from_string(name)))
				snprintf(reterr->field, sizeof(reterr->field), "%s", name);
			return -EINVAL;
		}
		if (!json_is_null(value) && !take(f, value, ret)) {
			web_problem_set(reterr, WEB_INVALID_FIELD, f->name, "%s %s", f->name, f->must);
			reterr->schema = kind->schema;
			return -EINVAL;
		}
	}
	for (size_t i = 0; use == WEB_WHOLE && i < kind->count; i++) {
		const struct web_field *f = &kind->fields[i];
		const json_t *given = json_object_get(object, f->name);
		if (f->required && (!given || json_is_null(given))) {
			web_problem_set(reterr, WEB_MISSING_FIELD, f->name, "%s is missing: it %s", f->name, f->must);
			return -EINVAL;
		}
	}
	return 0;
}
