/* net/dns_channel.c - c-ares on the loop: its sockets, its time, and the file that names the servers */
#include <errno.h>

#include "net/dns_private.h"
#include "net/loop_private.h"

/* ---- sockets ---- */

struct dns_socket {
	uv_poll_t poll;
	struct dns *dns;
	ares_socket_t fd;
	struct dns_socket *next;
};

/* c-ares has its own clock for its repetitions; it is only told when to look at it. */
static void rearm(struct dns *d)
{
	struct timeval wait;

	if (d->closing || !ares_timeout(d->channel, NULL, &wait))
		timer_stop(loop_wheel(d->loop), &d->tick);
	else
		timer_start(loop_wheel(d->loop), &d->tick, wait.tv_sec * SECOND_US + wait.tv_usec);
}

static void tick(struct timer *timer, void *arg)
{
	struct dns *d = arg;
	ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(d);
}

static void polled(uv_poll_t *handle, int status, int events)
{
	struct dns_socket *s = handle->data;
	struct dns *d = s->dns;
	/* An error of the socket shows when c-ares reads it. */
	bool readable = status < 0 || (events & UV_READABLE), writable = status < 0 || (events & UV_WRITABLE);

	ares_process_fd(d->channel, readable ? s->fd : ARES_SOCKET_BAD, writable ? s->fd : ARES_SOCKET_BAD);
	rearm(d);
}

static void socket_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct dns_socket **find_socket(struct dns *d, ares_socket_t fd)
{
	struct dns_socket **at = &d->sockets;
	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

/* NULL: not watched, so it times out. */
static struct dns_socket *add_socket(struct dns *d, ares_socket_t fd)
{
	struct dns_socket *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->dns = d;
	s->fd = fd;
	if (uv_poll_init(&d->loop->uv, &s->poll, fd) < 0) {
		free(s);
		return NULL;
	}
	s->poll.data = s;
	s->next = d->sockets;
	d->sockets = s;
	return s;
}

/* c-ares says what it waits for; with neither it is about to close the socket. */
static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *d = arg;
	struct dns_socket **at = find_socket(d, fd), *s = *at;

	if (!readable && !writable) {
		if (s) {
			*at = s->next;
			uv_close((uv_handle_t *)&s->poll, socket_closed);
		}
		return;
	}
	if (!s)
		s = add_socket(d, fd);
	if (s)
		(void)uv_poll_start(&s->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0), polled);
}

/* ---- questions ---- */

static void answer_came(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
	struct dns_entry *e = arg;

	e->asked = false;
	if (status == ARES_EDESTRUCTION) {
		e->again = true;
		return;
	}
	/* An answer without records, or with an error, is handed on as it is, and read by us. */
	if (bytes && n > 0)
		dns_answered(e, slice_of(bytes, (size_t)n));
	else if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED)
		dns_failed(e, -ETIMEDOUT);
	else
		dns_failed(e, status == ARES_ENOMEM ? -ENOMEM : -EIO);
}

void dns_ask(struct dns_entry *e)
{
	e->asked = true;
	e->again = false;
	metric_add(&e->dns->questions, 1);
	ares_query(e->dns->channel, e->name, 1 /* IN */, (int)e->type, answer_came, e);
	rearm(e->dns);
}

/* ---- the channel ---- */

/* "192.0.2.1:53,[2001:db8::1]:53" */
static int name_servers(struct dns *d, ares_channel channel)
{
	char text[DNS_SERVERS_MAX * 64];
	struct writer w = writer_on(text, sizeof(text) - 1);

	for (size_t i = 0; i < d->server_count; i++) {
		if (i)
			write_char(&w, ',');
		write_address_with_port(&w, &d->servers[i]);
	}
	ASSERT(!w.overflow);
	text[w.n] = '\0';
	return ares_set_servers_ports_csv(channel, text) == ARES_SUCCESS ? 0 : -EINVAL;
}

static int channel_new(struct dns *d, ares_channel *ret)
{
	struct ares_options options = {.timeout = DNS_TRY_MS,
				       .tries = DNS_TRIES,
				       .sock_state_cb = socket_changed,
				       .sock_state_cb_data = d,
				       .resolvconf_path = d->path};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;

	if (ares_init_options(ret, &options, mask) != ARES_SUCCESS)
		return -ENOMEM;
	int rc = d->server_count ? name_servers(d, *ret) : 0;
	if (rc < 0)
		ares_destroy(*ret);
	return rc;
}

static void read_stat(const struct dns *d, struct stat *ret)
{
	if (stat(d->path, ret) < 0)
		*ret = (struct stat){0};
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What was asked of the old servers is asked of the new ones. On failure the old ones stay. */
static int renew(struct dns *d)
{
	ares_channel fresh, old = d->channel;

	ASSERT_ON(d->thread);
	read_stat(d, &d->file);
	int rc = channel_new(d, &fresh);
	if (rc < 0)
		return rc;
	ares_destroy(old);
	d->channel = fresh;
	dns_forget(d);
	for (struct dns_entry *e = d->newest; e; e = e->older) {
		if (e->again)
			dns_ask(e);
	}
	rearm(d);
	return 0;
}

void dns_reload(struct dns *d)
{
	(void)!renew(d); /* without memory it goes on as it was */
}

void dns_look_at_file(struct dns *d)
{
	int64_t now_us = loop_wheel(d->loop)->now_us;
	struct stat now;

	if (d->server_count || now_us < d->look_us)
		return;
	d->look_us = now_us + DNS_LOOK_US;
	read_stat(d, &now);
	if (!same_file(&now, &d->file))
		dns_reload(d);
}

int dns_set_servers(struct dns *d, const struct address *servers, size_t n)
{
	ASSERT(n > 0 && n <= DNS_SERVERS_MAX);
	memcpy(d->servers, servers, n * sizeof(servers[0]));
	d->server_count = n;
	return renew(d);
}

int dns_channel_open(struct dns *d, const char *path)
{
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return -ENOMEM;
	timer_init(&d->tick, tick, d);
	d->path = slice_dup(slice_from_string(path));
	int rc = d->path ? channel_new(d, &d->channel) : -ENOMEM;
	if (rc < 0) {
		free(d->path);
		ares_library_cleanup();
		return rc;
	}
	read_stat(d, &d->file);
	return 0;
}

void dns_channel_close(struct dns *d)
{
	d->closing = true;
	ares_destroy(d->channel);
	timer_stop(loop_wheel(d->loop), &d->tick);
	free(d->path);
	ares_library_cleanup();
}
