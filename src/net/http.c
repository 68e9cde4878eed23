/* net/http.c - calls: started, ended by an answer, by their time or by their owner */
#include <errno.h>

#include "net/http_private.h"

static struct http_call *call_free(struct http_call *c)
{
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	free(c->body);
	free(c);
	return NULL;
}

/* Out of everything that could end it once more. */
static void call_remove(struct http_call *c)
{
	struct http *h = c->http;

	timer_stop(loop_wheel(h->loop), &c->deadline);
	(void)curl_multi_remove_handle(h->multi, c->curl);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	h->count--;
}

static void finish(struct http_call *c, const struct http_answer *a)
{
	if (a->status == 0)
		metric_add(&c->http->failures, 1);
	call_remove(c);
	c->done(c->owner, a);
	call_free(c);
}

static void fail(struct http_call *c, const char *error)
{
	finish(c, &(struct http_answer){.error = error});
}

static void too_late(struct timer *timer, void *arg)
{
	struct http_call *c = arg;
	char text[64];

	snprintf(text, sizeof(text), "It has not answered within %lld s.", (long long)(c->timeout_us / SECOND_US));
	fail(c, c->why ? c->why : text);
}

/* Of a file that it cannot read libcurl names the path, and whoever asked may show the sentence to anybody. */
static const char *sentence_of(const struct http_call *c, CURLcode code)
{
	if (c->why)
		return c->why;
	return *c->error && code != CURLE_SSL_CACERT_BADFILE ? c->error : curl_easy_strerror(code);
}

static void ended(struct http_call *c, CURLcode code)
{
	long status = 0;

	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status > 0)
		finish(c, &(struct http_answer){.status = (int)status,
						.head = slice_of(c->head, c->head_n),
						.body = slice_of(c->body, c->body_n)});
	else
		fail(c, sentence_of(c, code));
}

void http_collect(struct http *h)
{
	CURLMsg *m;
	int left;

	/* done() may start and cancel: each is taken out of libcurl's list before it is told. */
	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct http_call *c = NULL;
		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c) == CURLE_OK)
			ended(c, m->data.result);
	}
}

static int call_new(struct http *h, const struct http_request *r, struct http_call **ret)
{
	struct http_call *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->http = h;
	c->timeout_us = r->timeout_us;
	c->public_only = r->public_only;
	c->allowed = r->allowed;
	c->allowed_count = r->allowed_count;
	c->answer_max = r->answer_max;
	timer_init(&c->deadline, too_late, c);
	int rc = http_prepare(c, r);
	if (rc < 0) {
		call_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

int http_start(struct http *h, const struct http_request *r, void (*done)(void *owner, const struct http_answer *a),
	       void *owner, struct http_call **ret)
{
	struct http_call *c;

	ASSERT_ON(h->thread);
	if (h->count == HTTP_CALLS_MAX)
		return -ENOBUFS;
	int rc = call_new(h, r, &c);
	if (rc < 0)
		return rc;
	/* libcurl does nothing yet, but ask for its timer. */
	if (curl_multi_add_handle(h->multi, c->curl) != CURLM_OK) {
		call_free(c);
		return -ENOMEM;
	}
	c->done = done;
	c->owner = owner;
	c->next = h->calls;
	c->prev = &h->calls;
	if (c->next)
		c->next->prev = &c->next;
	h->calls = c;
	h->count++;
	metric_add(&h->requests, 1);
	timer_start(loop_wheel(h->loop), &c->deadline, c->timeout_us);
	*ret = c;
	return 0;
}

void http_cancel(struct http_call *c)
{
	if (!c)
		return;
	ASSERT_ON(c->http->thread);
	call_remove(c);
	call_free(c);
}

int http_new(struct loop *loop, struct http **ret)
{
	struct http *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->loop = loop;
	thread_owner_take(&h->thread);
	h->requests = (struct metric){.name = "alto_net_http_requests_total",
				      .help = "Requests sent to other people's servers"};
	h->failures = (struct metric){.name = "alto_net_http_failures_total",
				      .help = "Of these, those that no answer came to"};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return -ENOMEM;
	}
	if (http_loop_open(h) < 0) {
		curl_global_cleanup();
		free(h);
		return -ENOMEM;
	}
	*ret = h;
	return 0;
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	ASSERT_ON(h->thread);
	for (struct http_call *c = h->calls, *next; c; c = next) {
		next = c->next;
		http_cancel(c);
	}
	http_loop_close(h);
	curl_global_cleanup();
	free(h);
	return NULL;
}

void http_metrics(struct http *h, struct metrics *m)
{
	metrics_add(m, &h->requests);
	metrics_add(m, &h->failures);
}
