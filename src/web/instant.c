/* web/instant.c - see instant.h */
#include "web/instant.h"
#include "web/find.h"

bool web_instant_keep(struct arena *a, const struct store_instant *m, struct store_instant *ret)
{
	*ret = *m;
	return arena_dup(a, m->id, &ret->id) && arena_dup(a, m->tenant, &ret->tenant) &&
	       arena_dup(a, m->sender, &ret->sender) && arena_dup(a, m->from, &ret->from) &&
	       arena_dup(a, m->recipient, &ret->recipient) && arena_dup(a, m->to, &ret->to) &&
	       arena_dup(a, m->type, &ret->type);
}

static json_t *login_json(const struct web_request *r, struct slice user)
{
	const struct directory_user *u = directory_user_by_id(r->context->directory, user);
	return u ? web_json_text(u->login) : json_null();
}

json_t *web_instant_json(const struct web_request *r, const struct store_instant *m)
{
	return WEB_OBJECT({"id", web_json_text(m->id)}, {"from", web_json_text(m->from)}, {"to", web_json_text(m->to)},
			  {"sender", login_json(r, m->sender)}, {"recipient", login_json(r, m->recipient)},
			  {"content_type", web_json_text_or_null(m->type)}, {"bytes", json_integer(m->bytes)},
			  {"status", json_integer(m->status)});
}
