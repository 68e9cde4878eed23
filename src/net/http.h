/*
 * net/http.h - requests to other people's servers: HTTP/1.1 and HTTPS, by libcurl on the loop.   RFC 9110, 9112
 *
 * Nothing here blocks: names are looked up on threads that libcurl makes for it (with /etc/hosts). A connection serves
 * one request. Redirects are never followed, cookies, proxies and names in a URL never used, certificates always
 * verified, TLS 1.2 at least. What the other side sends is bounded. Owner: the loop's thread.
 */
#pragma once
#include "base/address.h"
#include "net/loop.h"

struct http;
struct http_call;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };
struct http_request {
	enum http_method method;
	const char *url;            /* http: or https:; all is copied, but for `allowed` */
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	struct slice body;   /* of a POST; its type is a header */
	size_t answer_max;   /* bytes of a body; more is an error */
	int64_t timeout_us;  /* for all of it */
	const char *ca_file; /* believed beside the system's directory of authorities (SSL_CERT_DIR); may be NULL */
	/*
	 * Only addresses of the public Internet (address_is_public()), and those in `allowed`. Asked of the address
	 * that is connected to, so that a name that changes its mind gains nothing.
	 */
	bool public_only;
	const struct address_block *allowed; /* borrowed until the call ends */
	size_t allowed_count;
};
struct http_answer {
	int status;        /* 0: none came, or not all of it */
	const char *error; /* with status 0: why, for people; else NULL */
	struct slice head; /* of the last answer, after its first line; http_answer_header() reads it */
	struct slice body; /* all slices are valid for the call */
};
/* The first field of that name, in any case, trimmed; empty: there is none. */
struct slice http_answer_header(const struct http_answer *a, const char *name);

MUST_USE int http_new(struct loop *loop, struct http **ret); /* -ENOMEM */
/* Calls in flight end unheard; before loop_drain(), which sees sockets closed. Not from inside done(); NULL is fine. */
struct http *http_free(struct http *h);

/*
 * done() is called once, from the loop, never from inside this call; with it the call is over, and *ret stale. It may
 * start and cancel others. -EINVAL: no such URL, or a control character in a header; -ENOBUFS: HTTP_CALLS_MAX are in
 * flight; -ENOMEM.
 */
MUST_USE int http_start(struct http *h, const struct http_request *r,
			void (*done)(void *owner, const struct http_answer *a), void *owner, struct http_call **ret);
void http_cancel(struct http_call *c); /* done() is not called; NULL is fine */

/* What a URL says. -EINVAL: none that http_start() takes; -ENOMEM. */
#define HTTP_HOST_CAP 256
struct http_url {
	bool https;
	uint16_t port;
	char host[HTTP_HOST_CAP]; /* without brackets */
};
MUST_USE int http_url_read(const char *url, struct http_url *ret);

void http_metrics(struct http *h, struct metrics *m);

#define HTTP_CALLS_MAX 32         /* each has two descriptors while its name is looked up, one afterwards */
#define HTTP_HEAD_MAX (16 * 1024) /* all heads of an answer, interim ones and trailers among them */
#define HTTP_URL_MAX 2048         /* bytes; what servers take */
