/* notify.c - one datagram to systemd, or to whoever speaks its protocol; a path, or an abstract name behind '@' */
#include "notify.h"
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* 0 or -errno. */
static int address_of(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t n = strlen(name);
	if ((name[0] != '/' && name[0] != '@') || n < 2)
		return -EAFNOSUPPORT;
	if (n >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, name, n);
	if (name[0] == '@') /* an abstract name begins with NUL, and its length says where it ends */
		ret->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return 0;
}

static int send_state(const char *name, const char *state, size_t n)
{
	struct sockaddr_un to;
	socklen_t len;
	int rc = address_of(name, &to, &len);
	if (rc < 0)
		return rc;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to, len) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

void notify(const char *state, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	if (!name || !*name)
		return;
	char text[1400];
	va_list args;
	va_start(args, state);
	int n = vsnprintf(text, sizeof(text), state, args);
	va_end(args);
	int rc = send_state(name, text, MIN((size_t)MAX(n, 0), sizeof(text) - 1));
	if (rc < 0)
		log_event(LOG_WARN, "serve.manager_not_told", LOG_STR("why", strerror(-rc)));
}
