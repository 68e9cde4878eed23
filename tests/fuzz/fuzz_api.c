/*
 * fuzz_api.c - a path, ETags or a moment in the first line, a body in the rest: bodies of every resource are read as
 * the API reads them
 *
 * What is accepted keeps the rules of its fields and is accepted again when written anew; what is refused has a code
 * and a sentence.
 */
#include "web/fields.h"
#include "web/limits.h"
#include "web/moment.h"
#include "web/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(struct slice path)
{
	static const enum web_method methods[] = {WEB_GET, WEB_PUT, WEB_POST, WEB_PATCH, WEB_DELETE, WEB_OTHER};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		char allow[WEB_ALLOW_CAP];
		struct slice id = SLICE_NONE;
		const struct web_route *route = web_route_find(methods[i], path, &id, allow);
		if (!route) {
			ASSERT(strlen(allow) < WEB_ALLOW_CAP);
			continue;
		}
		ASSERT(route->method == methods[i]);
		bool has_id = strstr(route->pattern, "{id}") != NULL;
		ASSERT(has_id == !slice_empty(id));
		ASSERT(!has_id || (id.p > path.p && id.p + id.n <= path.p + path.n && slice_find(id, '/') < 0));
		ASSERT(has_id || slice_eq(path, slice_from_string(route->pattern)));
	}
}

/* What names a state names no other. */
static void check_tags(struct slice list)
{
	char etag[WEB_ETAG_CAP];
	web_etag_write(0x1f, list, etag);
	(void)web_etag_is_known(list, etag);
	ASSERT(web_etag_allows(SLICE_NONE, SLICE_NONE, 0x1f));
	ASSERT(slice_empty(list) || !web_etag_allows(list, SLICE_NONE, -1));
	ASSERT(slice_empty(list) || !web_etag_allows(list, list, 0x1f));
}

static void check_moment(struct slice text)
{
	int64_t us = -1;
	ASSERT(web_moment_parse(text, &us) == (us >= 0));
}

/* Refused are bytes in any order too; what is good has nothing that turns round what stands behind it. */
static void check_name(struct slice text)
{
	if (!web_is_display_name(text))
		return;
	for (size_t i = 0; i + 3 <= text.n; i++)
		ASSERT(memcmp(text.p + i, "\xe2\x80\xae", 3) != 0 && memcmp(text.p + i, "\xe2\x81\xa6", 3) != 0);
}

static void check_refusal(const struct web_problem *p)
{
	int status = web_problem_status(p->code);
	ASSERT(status >= 400 && status < 500 && *web_problem_name(p->code) && *p->detail);
}

/* What is told to others, and by whom people sign in. */
static bool read_others(const json_t *body)
{
	struct web_webhook_fields h;
	struct web_issuer_fields i;
	struct web_problem p;
	bool any = false;
	if (web_webhook_read(body, WEB_WHOLE, &h, &p) == 0) {
		ASSERT(web_is_hook_url(h.url) && slice_casestarts(h.url, SLICE("https:")) &&
		       web_is_display_name(h.name));
		any = true;
	} else {
		check_refusal(&p);
	}
	if (web_issuer_read(body, WEB_WHOLE, &i, &p) == 0) {
		ASSERT(web_is_hook_url(i.url) && slice_find(i.url, '?') < 0 && slice_find(i.client_id, ' ') < 0);
		any = true;
	} else {
		check_refusal(&p);
	}
	return web_webhook_read(body, WEB_PART, &h, &p) == 0 || web_issuer_read(body, WEB_PART, &i, &p) == 0 || any;
}

static bool read_all(const json_t *body)
{
	struct web_tenant_fields t;
	struct web_user_fields u;
	struct web_device_fields d;
	struct web_trunk_fields k;
	struct web_number_fields n;
	struct web_problem p;
	bool any = false;
	if (web_tenant_read(body, WEB_WHOLE, &t, &p) == 0) {
		ASSERT(web_is_tenant_name(t.name) && web_is_domain(t.domain));
		ASSERT(t.lines >= 0 && t.lines <= WEB_LINES_MAX);
		ASSERT(t.lines_bought >= 0 && t.lines_bought <= WEB_LINES_MAX);
		any = true;
	} else {
		check_refusal(&p);
	}
	if (web_tenant_read(body, WEB_PART, &t, &p) == 0)
		any = true;
	else
		check_refusal(&p);
	if (web_user_read(body, WEB_WHOLE, &u, &p) == 0) {
		ASSERT(web_is_login(u.login) && web_is_extension(u.extension) && web_is_display_name(u.name));
		ASSERT(web_is_role(u.role) && web_is_reference(u.tenant));
		any = true;
	} else {
		check_refusal(&p);
	}
	if (web_device_read(body, WEB_WHOLE, &d, &p) == 0) {
		ASSERT(web_is_device_name(d.name) && web_is_srtp(d.srtp));
		ASSERT(slice_empty(d.digest) || web_is_digest(d.digest));
		ASSERT(slice_empty(d.password) || web_is_password(d.password));
		ASSERT(slice_empty(d.username) || web_is_username(d.username));
		any = true;
	} else {
		check_refusal(&p);
	}
	if (web_trunk_read(body, WEB_WHOLE, &k, &p) == 0) {
		ASSERT(web_is_host_port(k.host) && web_is_srtp(k.srtp));
		any = true;
	} else {
		check_refusal(&p);
	}
	if (web_number_read(body, WEB_WHOLE, &n, &p) == 0)
		any = true;
	else
		check_refusal(&p);
	if (web_user_read(body, WEB_PART, &u, &p) == 0 || web_device_read(body, WEB_PART, &d, &p) == 0 ||
	    web_trunk_read(body, WEB_PART, &k, &p) == 0 || web_number_read(body, WEB_PART, &n, &p) == 0)
		any = true;
	return read_others(body) || any;
}

static void check_body(struct slice text)
{
	json_t *body = NULL, *again = NULL;
	struct web_problem p;
	if (web_body_parse(text, &body, &p) < 0) {
		check_refusal(&p);
		ASSERT(!body);
		return;
	}
	ASSERT(text.n <= WEB_BODY_MAX);
	bool accepted = read_all(body);
	char *written = json_dumps(body, JSON_COMPACT);
	ASSERT(written);
	if (strlen(written) <= WEB_BODY_MAX) {
		ASSERT(web_body_parse(slice_from_string(written), &again, &p) == 0);
		ASSERT(read_all(again) == accepted);
	}
	free(written);
	json_decref(again);
	json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), first = slice_cut(&rest, '\n');
	/* Alone in its memory, so that a read behind it is seen. The body's parser makes copies of what it reads. */
	char *copy = malloc(first.n + !first.n);
	ASSERT(copy);
	if (first.n)
		memcpy(copy, first.p, first.n);
	struct slice line = slice_of(copy, first.n);
	check_path(line);
	check_tags(line);
	check_moment(line);
	check_name(line);
	free(copy);
	check_body(rest);
	return 0;
}
