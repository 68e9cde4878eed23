/* web/outside.c - the node's file is asked */
#include "web/outside.h"

bool web_outside_may(struct web_request *r, const char *field, struct slice url)
{
	char text[WEB_HOOK_URL_MAX + 1];
	struct http_url u;
	struct address a;
	const struct config *c = r->context->config;
	slice_to_string(url, text, sizeof(text));
	if (slice_empty(url) || http_url_read(text, &u) < 0 || !address_parse(slice_from_string(u.host), &a) ||
	    address_is_public_or_in(&a, c->webhook_allow, c->webhook_allow_count))
		return true;
	web_problem(r, WEB_URL_NOT_PUBLIC, field,
		    "%s is not an address of the public Internet; which others may be reached is up to "
		    "`webhooks: allow:` in the node's file",
		    field);
	return false;
}

void web_outside_bound(const struct config *c, struct http_request *ret)
{
	ret->ca_file = *c->authorities ? c->authorities : NULL;
	ret->public_only = true;
	ret->allowed = c->webhook_allow;
	ret->allowed_count = c->webhook_allow_count;
}
