/* net/http_private.h - the inside of net/http.h: a call in its files, and libcurl's multi handle on the loop */
#pragma once
#include <curl/curl.h>

#include "net/http.h"
#include "net/loop_private.h"

struct http {
	struct loop *loop;
	struct thread_owner thread;
	CURLM *multi;
	struct timer tick; /* when libcurl wants to be asked, its sockets or not */
	struct http_call *calls;
	size_t count;
	struct metric requests, failures;
};

struct http_call {
	struct http *http;
	struct http_call *next, **prev;
	void (*done)(void *owner, const struct http_answer *a);
	void *owner;
	CURL *curl;
	struct curl_slist *headers;
	struct timer deadline;
	int64_t timeout_us;
	bool public_only;
	const struct address_block *allowed;
	size_t allowed_count, answer_max;
	const char *why; /* it fails: ours, which says more than libcurl's; NULL: libcurl's own */
	char error[CURL_ERROR_SIZE];
	size_t body_n, body_cap;
	char *body;
	size_t head_n;    /* of the head that is read, or was last */
	size_t head_seen; /* of all */
	char head[HTTP_HEAD_MAX];
};

/* http_request.c: how libcurl is to ask. -EINVAL, -ENOMEM: the call has what was made, and is freed all the same. */
MUST_USE int http_prepare(struct http_call *c, const struct http_request *r);
/* http_answer.c: what comes, into the call; size_t f(char *, size_t, size_t, void *) as libcurl wants them. */
size_t http_take_head(char *bytes, size_t one, size_t n, void *call);
size_t http_take_body(char *bytes, size_t one, size_t n, void *call);
/* http_loop.c: libcurl's sockets and its time. -ENOMEM. */
MUST_USE int http_loop_open(struct http *h);
void http_loop_close(struct http *h);
/* http.c: after libcurl has done something: who is finished? */
void http_collect(struct http *h);
