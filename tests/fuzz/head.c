/* fuzz/head.c - see head.h; the library's functions are wrapped by the linker */
#include "fuzz/head.h"

#include <libwebsockets.h>

struct head given;

int __wrap_lws_http_get_uri_and_method(struct lws *wsi, char **ret, int *ret_n);
int __wrap_lws_hdr_total_length(struct lws *wsi, enum lws_token_indexes token);
int __wrap_lws_hdr_copy(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token);
int __wrap_lws_hdr_custom_copy(struct lws *wsi, char *ret, int cap, const char *name, int n);
int __wrap_lws_hdr_fragment_length(struct lws *wsi, enum lws_token_indexes token, int i);
int __wrap_lws_hdr_copy_fragment(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token, int i);
int __wrap_lws_rx_flow_control(struct lws *wsi, int enable);
int __wrap_lws_callback_on_writable(struct lws *wsi);
int __wrap_lws_partial_buffered(struct lws *wsi);

int __wrap_lws_http_get_uri_and_method(struct lws *wsi, char **ret, int *ret_n)
{
	static const struct {
		const char *name;
		int method;
	} methods[] = {{"GET", LWSHUMETH_GET},     {"PUT", LWSHUMETH_PUT},       {"POST", LWSHUMETH_POST},
		       {"PATCH", LWSHUMETH_PATCH}, {"DELETE", LWSHUMETH_DELETE}, {"HEAD", LWSHUMETH_HEAD}};
	*ret = (char *)(uintptr_t)given.path.p;
	*ret_n = (int)given.path.n;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (slice_eq(given.method, slice_from_string(methods[i].name)))
			return methods[i].method;
	return -1;
}

struct slice head_field(struct slice name)
{
	for (size_t i = 0; i < given.field_count; i++)
		if (slice_caseeq(given.fields[i].name, name))
			return given.fields[i].value;
	return SLICE_NONE;
}

static struct slice field_of(enum lws_token_indexes token)
{
	struct slice name = slice_from_string((const char *)lws_token_to_string(token)); /* "cookie:" */
	return name.n ? head_field(slice_first(name, name.n - 1)) : SLICE_NONE;
}

int head_copy(char *ret, int cap, struct slice s)
{
	if (cap <= 0 || s.n >= (size_t)cap)
		return -1;
	if (s.n)
		memcpy(ret, s.p, s.n);
	ret[s.n] = 0;
	return (int)s.n;
}

int __wrap_lws_hdr_total_length(struct lws *wsi, enum lws_token_indexes token)
{
	return (int)field_of(token).n;
}

int __wrap_lws_hdr_copy(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token)
{
	struct slice s = field_of(token);
	return head_copy(ret, cap, s);
}

int __wrap_lws_hdr_custom_copy(struct lws *wsi, char *ret, int cap, const char *name, int n)
{
	struct slice s = head_field(slice_of(name, (size_t)n - 1));
	return s.n ? head_copy(ret, cap, s) : -1;
}

/* The ith argument of the query; empty: there is none. */
static struct slice argument(int i)
{
	struct slice rest = given.query, s = SLICE_NONE;
	for (; i >= 0; i--)
		s = slice_cut(&rest, '&');
	return s;
}

/* The ith line of this header, or argument. */
static struct slice fragment(enum lws_token_indexes token, int i)
{
	struct slice name = slice_from_string((const char *)lws_token_to_string(token));
	if (token == WSI_TOKEN_HTTP_URI_ARGS)
		return argument(i);
	for (size_t k = 0; k < given.field_count; k++)
		if (slice_caseeq(given.fields[k].name, slice_first(name, name.n - 1)) && i-- == 0)
			return given.fields[k].value;
	return SLICE_NONE;
}

int __wrap_lws_hdr_fragment_length(struct lws *wsi, enum lws_token_indexes token, int i)
{
	return (int)fragment(token, i).n;
}

int __wrap_lws_hdr_copy_fragment(struct lws *wsi, char *ret, int cap, enum lws_token_indexes token, int i)
{
	return head_copy(ret, cap, fragment(token, i));
}

int __wrap_lws_rx_flow_control(struct lws *wsi, int enable)
{
	return 0;
}

int __wrap_lws_callback_on_writable(struct lws *wsi)
{
	return 1;
}

/* The refusal of an upgrade would be written at once; here it is looked at instead. */
int __wrap_lws_partial_buffered(struct lws *wsi)
{
	return 1;
}
