/* web/peer_head.c - what the head of a request says, as the library tells it: see peer_head.h */
#include "web/peer_head.h"

#include "web/who.h"

static bool keep_text(struct web_request *r, const char *text, size_t n, struct slice *ret)
{
	return arena_dup(&r->arena, slice_of(text, n), ret);
}

bool web_head_path(struct web_request *r, struct lws *wsi)
{
	static const enum web_method methods[] = {
		[LWSHUMETH_GET] = WEB_GET,   [LWSHUMETH_HEAD] = WEB_GET,    [LWSHUMETH_PUT] = WEB_PUT,
		[LWSHUMETH_POST] = WEB_POST, [LWSHUMETH_PATCH] = WEB_PATCH, [LWSHUMETH_DELETE] = WEB_DELETE};
	char *path;
	/* DEVIATION: a target in absolute form, which RFC 9112 §3.2.2 has a server accept, gets the library's own 403
	 * before any callback could see it. Proxies are sent such, and turn them into the form that servers get. */
	int n = 0, method = lws_http_get_uri_and_method(wsi, &path, &n);
	if (method < 0)
		return false;
	r->method = WEB_OTHER;
	r->head = method == LWSHUMETH_HEAD;
	if (method == LWSHUMETH_GET || r->head || method == LWSHUMETH_PUT || method == LWSHUMETH_POST ||
	    method == LWSHUMETH_PATCH || method == LWSHUMETH_DELETE)
		r->method = methods[method];
	if ((size_t)n > WEB_PATH_MAX)
		n = 0; /* no resource has such a path */
	return keep_text(r, path, (size_t)n, &r->path);
}

bool web_peer_arguments(struct web_peer *p)
{
	struct web_request *r = p->request;
	struct lws *wsi = p->wsi;
	char text[WEB_ARGUMENT_BYTES_MAX + 1];
	for (int i = 0;; i++) {
		int length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
		if (length <= 0)
			return true;
		if (r->argument_count == WEB_ARGUMENTS_MAX || (size_t)length > WEB_ARGUMENT_BYTES_MAX)
			return false;
		int n = lws_hdr_copy_fragment(wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i);
		struct slice rest;
		if (n < 0 || !keep_text(r, text, (size_t)n, &rest))
			return false;
		struct web_argument *a = &r->arguments[r->argument_count++];
		a->name = slice_cut(&rest, '=');
		a->value = rest;
	}
}

bool web_head_condition(struct web_request *r, struct lws *wsi, enum lws_token_indexes token, struct slice *ret)
{
	char text[WEB_CONDITION_MAX + 1];
	if (lws_hdr_total_length(wsi, token) <= 0)
		return true;
	int n = lws_hdr_copy(wsi, text, sizeof(text), token);
	return n > 0 && keep_text(r, text, (size_t)n, ret);
}

bool web_head_says_json(struct lws *wsi)
{
	char text[64];
	int n = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_TYPE);
	if (n <= 0)
		return false;
	struct slice rest = slice_of(text, (size_t)n);
	return slice_caseeq(slice_trim(slice_cut(&rest, ';')), SLICE("application/json"));
}

bool web_head_field(struct web_request *r, struct lws *wsi, enum lws_token_indexes token, size_t max, struct slice *ret)
{
	char text[WEB_ARGUMENT_BYTES_MAX + 1];
	int length = lws_hdr_total_length(wsi, token);
	if (length <= 0 || (size_t)length > max)
		return true;
	int n = lws_hdr_copy(wsi, text, sizeof(text), token);
	return n < 0 || keep_text(r, text, (size_t)n, ret);
}

/*
 * Line by line: a proxy may have split it (RFC 9113 §8.2.3), and what the library makes of several has commas between
 * them, which stand in values too, where they must part nothing. More than any of use is as good as none.
 */
static bool read_cookies(struct web_request *r, struct lws *wsi, struct slice *ret)
{
	char text[WEB_COOKIES_MAX + 1];
	size_t n = 0;
	for (int i = 0, length; (length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_COOKIE, i)) > 0; i++) {
		if ((size_t)length + 1 >= sizeof(text) - n)
			return true;
		if (i > 0)
			text[n++] = ';';
		int copied = lws_hdr_copy_fragment(wsi, text + n, (int)(sizeof(text) - n), WSI_TOKEN_HTTP_COOKIE, i);
		if (copied < 0)
			return true;
		n += (size_t)copied;
	}
	return n == 0 || keep_text(r, text, n, ret);
}

/* The cookie of this plane among those that came.   RFC 6265 §4.2 */
static struct slice find_cookie(struct slice cookies, struct slice name)
{
	while (!slice_empty(cookies)) {
		struct slice value = slice_trim(slice_cut(&cookies, ';'));
		if (slice_eq(slice_cut(&value, '='), name))
			return value;
	}
	return SLICE_NONE;
}

bool web_head_shown(struct web_request *r, struct web_peer *p)
{
	static const char csrf_name[] = "x-csrf-token:";
	struct slice authorization = SLICE_NONE, cookies = SLICE_NONE;
	struct web_shown *s = &r->shown;
	char csrf[80];
	s->from = p->from;
	if (!web_head_field(r, p->wsi, WSI_TOKEN_HTTP_AUTHORIZATION, WEB_ARGUMENT_BYTES_MAX, &authorization) ||
	    !read_cookies(r, p->wsi, &cookies) ||
	    !web_head_field(r, p->wsi, WSI_TOKEN_ORIGIN, WEB_ARGUMENT_BYTES_MAX, &s->origin) ||
	    !web_head_field(r, p->wsi, WSI_TOKEN_HOST, WEB_ARGUMENT_BYTES_MAX, &s->host))
		return false;
	/* One that cannot be read whole is no reason to take it for none: it is a page's, and none of ours. */
	if (slice_empty(s->origin) && lws_hdr_total_length(p->wsi, WSI_TOKEN_ORIGIN) > 0)
		s->origin = SLICE("null"); /* RFC 6454 §7.3 */
	struct slice scheme = slice_cut(&authorization, ' ');
	if (slice_caseeq(scheme, SLICE("bearer")))
		s->bearer = slice_trim(authorization);
	s->session = find_cookie(cookies, slice_from_string(web_cookie_name(p->plane)));
	s->attempt = find_cookie(cookies, slice_from_string(web_attempt_name(p->plane)));
	int n = lws_hdr_custom_copy(p->wsi, csrf, sizeof(csrf), csrf_name, sizeof(csrf_name) - 1);
	return n <= 0 || keep_text(r, csrf, (size_t)n, &s->csrf);
}
