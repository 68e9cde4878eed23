/* net/http_loop.c - libcurl's multi handle on the loop: its sockets are polled by libuv, its time is a timer */
#include <errno.h>

#include "net/http_private.h"

struct http_socket {
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
};

static void act(struct http *h, curl_socket_t fd, int events)
{
	int running;
	(void)curl_multi_socket_action(h->multi, fd, events, &running);
	http_collect(h);
}

static void tick(struct timer *timer, void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void polled(uv_poll_t *handle, int status, int events)
{
	struct http_socket *s = handle->data;
	if (status < 0)
		act(s->http, s->fd, CURL_CSELECT_ERR);
	else
		act(s->http, s->fd,
		    (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static void socket_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct http_socket *add_socket(struct http *h, curl_socket_t fd)
{
	struct http_socket *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	if (uv_poll_init(&h->loop->uv, &s->poll, fd) < 0) {
		free(s);
		return NULL;
	}
	s->http = h;
	s->fd = fd;
	s->poll.data = s;
	(void)curl_multi_assign(h->multi, fd, s);
	return s;
}

/* In the next turn: libcurl is in the middle of it. */
static void give_up(CURL *curl)
{
	struct http_call *c = NULL;
	if (curl_easy_getinfo(curl, CURLINFO_PRIVATE, &c) != CURLE_OK || !c)
		return;
	c->why = "There is no memory for it.";
	timer_start(loop_wheel(c->http->loop), &c->deadline, 0);
}

/* libcurl says what it waits for; CURL_POLL_REMOVE also before it closes the socket. */
static int socket_changed(CURL *curl, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct http *h = arg;
	struct http_socket *s = socket;

	if (what == CURL_POLL_REMOVE) {
		if (s) {
			(void)curl_multi_assign(h->multi, fd, NULL);
			uv_close((uv_handle_t *)&s->poll, socket_closed);
		}
		return 0;
	}
	if (!s)
		s = add_socket(h, fd);
	if (s)
		(void)uv_poll_start(&s->poll,
				    (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
				    polled);
	else
		give_up(curl);
	return 0;
}

static int time_changed(CURLM *multi, long wait_ms, void *arg)
{
	struct http *h = arg;
	if (wait_ms < 0)
		timer_stop(loop_wheel(h->loop), &h->tick);
	else
		timer_start(loop_wheel(h->loop), &h->tick, wait_ms * MS_US);
	return 0;
}

int http_loop_open(struct http *h)
{
	h->multi = curl_multi_init();
	if (!h->multi)
		return -ENOMEM;
	timer_init(&h->tick, tick, h);
	bool fine = curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_changed) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, time_changed) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) == CURLM_OK;
	ASSERT(fine); /* libcurl knows these options since it has such handles */
	return 0;
}

void http_loop_close(struct http *h)
{
	(void)curl_multi_cleanup(h->multi);
	timer_stop(loop_wheel(h->loop), &h->tick);
}
