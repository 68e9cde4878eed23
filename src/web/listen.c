/* web/listen.c - makes the sockets, and hands over what comes in */
#include "web/listen.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/loop.h"
#include "transport/carrier.h"
#include "web/crowd.h"

/* ---- accepting ---- */

static void enter(struct web_listener *l, int fd, const struct address *from)
{
	struct web *w = l->web;
	/* web_peer_new() takes it from here: it is called from inside, after the first step of the handshake. */
	w->entering = l;
	w->entering_from = *from;
	/* Closes the descriptor itself when it cannot take it. */
	(void)lws_adopt_socket_vhost(l->plane == WEB_LOCAL || l->plane == WEB_PLAIN ? w->local : w->secure, fd);
	w->entering = NULL;
}

static void let_in(struct web_listener *l, int fd, const struct address *from)
{
	if (web_crowd_admit(l->web, l->plane, from)) {
		enter(l, fd, from);
	} else if (!web_crowd_wait(l->web, l, fd, from, enter)) {
		metric_add(&l->web->turned_away_total, 1);
		close(fd);
	}
}

static void listener_ready(uv_poll_t *handle, int status, int events)
{
	struct web_listener *l = handle->data;
	unsigned most = l->plane == WEB_LOCAL ? WEB_ACCEPTS_A_TURN : WEB_HANDSHAKES_A_TURN;
	for (unsigned i = 0; i < most; i++) {
		struct sockaddr_storage name = {0};
		socklen_t n = sizeof(name);
		struct address from = {0};
		int fd = accept4(l->fd, (struct sockaddr *)&name, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (l->plane == WEB_LOCAL || address_from_sockaddr(&name, &from))
			let_in(l, fd, &from);
		else
			close(fd);
	}
}

/* Takes fd, whatever happens. */
static int start_accepting(struct web *w, enum web_plane plane, int fd)
{
	if (w->listener_count == WEB_LISTENERS_MAX) {
		close(fd);
		return -ENOSPC;
	}
	struct web_listener *l = &w->listeners[w->listener_count];
	*l = (struct web_listener){.web = w, .plane = plane, .fd = fd};
	int rc = listen(fd, SOMAXCONN) < 0 ? -errno : uv_poll_init(loop_uv(w->context.loop), &l->poll, fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	l->poll.data = l;
	w->listener_count++;
	return uv_poll_start(&l->poll, UV_READABLE, listener_ready);
}

void web_listen_close(struct web *w)
{
	web_crowd_send_home(w);
	for (size_t i = 0; i < w->listener_count; i++) {
		uv_close((uv_handle_t *)&w->listeners[i].poll, NULL);
		close(w->listeners[i].fd);
	}
	if (w->bound)
		(void)unlink(w->path);
}

/* ---- TCP ---- */

static int bind_tcp(const struct address *at, int *ret)
{
	struct sockaddr_storage name;
	uint32_t n;
	int on = 1, off = 0, wait_s = WEB_HEAD_US / SECOND_US;
	address_to_sockaddr(at, &name, &n);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/*
	 * Without data from the client there is no connection for us: who only connects costs the kernel's memory, not
	 * ours, and a handshake is worked on in the turn that accepts it, where their number is bounded. What is
	 * accepted inherits TCP_NODELAY.
	 */
	bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		  (name.ss_family != AF_INET6 ||
		   setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address_is_any(at) ? &off : &on, sizeof(on)) == 0) &&
		  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
		  setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait_s, sizeof(wait_s)) == 0 &&
		  bind(fd, (struct sockaddr *)&name, n) == 0;
	if (!ok) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	*ret = fd;
	return 0;
}

int web_listen(struct web *w, enum web_plane plane, const struct address *at)
{
	int fd = -1;
	struct address any = {.port = at->port};
	int rc = bind_tcp(at, &fd);
	/* "[::]" is both families; where the system has no IPv6 it is the other one. */
	if ((rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) && !address_is_v4(at) && address_is_any(at) &&
	    address_parse(SLICE("0.0.0.0"), &any)) {
		any.port = at->port;
		rc = bind_tcp(&any, &fd);
	}
	if (rc == 0)
		rc = start_accepting(w, plane, fd);
	if (rc < 0)
		return rc;
	struct sockaddr_storage name;
	socklen_t n = sizeof(name);
	struct web_listener *l = &w->listeners[w->listener_count - 1];
	if (getsockname(fd, (struct sockaddr *)&name, &n) < 0 || !address_from_sockaddr(&name, &l->at))
		return -EIO;
	w->context.listening[w->context.listening_count++] = (struct web_listening){plane, l->at};
	struct transport_listen phones = {.transport = SIP_WSS, .at = l->at};
	return plane == WEB_COMPANY ? carrier_listen(w->context.transport, &phones, &l->sip_listener) : 0;
}

/* ---- the unix socket ---- */

/*
 * Not left to libwebsockets, which gives the file's group a right to it after binding. The mode is the login, so there
 * is no moment in which the file has another one.
 */
static int bind_local(struct web *w, int *ret)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	memcpy(at.sun_path, w->path, strlen(w->path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mode_t before = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	umask(before);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	w->bound = true;
	*ret = fd;
	return 0;
}

static int check_path(struct web *w, struct web_reason *reterr)
{
	const char *data = w->context.config->data;
	int n = snprintf(w->path, sizeof(w->path), "%s/alto.sock", data);
	if (n < 0 || (size_t)n >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		snprintf(reterr->text, sizeof(reterr->text), "%.120s/alto.sock: longer than a socket's name may be",
			 data);
		return -ENAMETOOLONG;
	}
	if (access(data, W_OK | X_OK) < 0) {
		int rc = -errno;
		snprintf(reterr->text, sizeof(reterr->text), "%.120s: no socket can be made there: %s", data,
			 strerror(-rc));
		return rc;
	}
	struct stat st;
	if (lstat(w->path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(reterr->text, sizeof(reterr->text), "%.120s: is there, and is no socket: move it away",
			 w->path);
		return -EADDRINUSE;
	}
	if (unlink(w->path) == 0)
		return 0;
	int rc = -errno;
	snprintf(reterr->text, sizeof(reterr->text), "%.120s: cannot be replaced: %s", w->path, strerror(-rc));
	return rc;
}

int web_listen_local(struct web *w, struct web_reason *reterr)
{
	int fd = -1, rc = check_path(w, reterr);
	if (rc < 0)
		return rc;
	rc = bind_local(w, &fd);
	if (rc == 0)
		rc = start_accepting(w, WEB_LOCAL, fd);
	if (rc < 0)
		snprintf(reterr->text, sizeof(reterr->text), "%.120s: cannot be listened on: %s", w->path,
			 strerror(-rc));
	return rc;
}
