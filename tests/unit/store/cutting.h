/* Stands between the store and the server, and can cut a connection just before a commit's answer comes through. */
#pragma once
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "scratch.h"

#define CUTTING_PAIRS 8 /* connections at a time: a writer and a reader, and those made anew */

struct cutting {
	char directory[64]; /* its socket is in it */
	char server[64];    /* and the server's in this */
	int listener, stop[2];
	pthread_t thread;
	atomic_bool cut_commit; /* the next one; cleared when it has happened */
	int pairs[CUTTING_PAIRS][2];
};

static inline int cutting_socket(const char *directory, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/.s.PGSQL.5432", directory);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	return fd;
}

static inline void cutting_accept(struct cutting *c)
{
	struct sockaddr_un address;
	int alto = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	int server = cutting_socket(c->server, &address);
	size_t i = 0;
	while (i < CUTTING_PAIRS && c->pairs[i][0] >= 0)
		i++;
	assert_true(alto >= 0 && i < CUTTING_PAIRS);
	if (connect(server, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(alto);
		close(server);
		return;
	}
	c->pairs[i][0] = alto;
	c->pairs[i][1] = server;
}

static inline void cutting_end(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
	pair[0] = pair[1] = -1;
}

/* What one side sent to the other; the command tag of a commit comes whole, the server sends it at once. */
static inline void cutting_pass(struct cutting *c, int pair[2], int from)
{
	char bytes[65536];
	ssize_t n = read(pair[from], bytes, sizeof(bytes));
	bool commit = from == 1 && n > 0 && memmem(bytes, (size_t)n, "COMMIT", sizeof("COMMIT"));
	if (n <= 0 || (commit && atomic_exchange(&c->cut_commit, false)) || write(pair[!from], bytes, (size_t)n) != n)
		cutting_end(pair);
}

static inline void *cutting_main(void *arg)
{
	struct cutting *c = arg;
	for (;;) {
		struct pollfd fds[2 + 2 * CUTTING_PAIRS] = {{.fd = c->stop[0], .events = POLLIN},
							    {.fd = c->listener, .events = POLLIN}};
		for (size_t i = 0; i < 2 * CUTTING_PAIRS; i++)
			fds[2 + i] = (struct pollfd){.fd = c->pairs[i / 2][i % 2], .events = POLLIN};
		assert_true(poll(fds, ARRAY_LEN(fds), -1) > 0);
		if (fds[0].revents)
			return NULL;
		for (size_t i = 0; i < 2 * CUTTING_PAIRS; i++) {
			if (fds[2 + i].revents && c->pairs[i / 2][i % 2] == fds[2 + i].fd)
				cutting_pass(c, c->pairs[i / 2], (int)(i % 2));
		}
		if (fds[1].revents)
			cutting_accept(c);
	}
}

/* ret: the URL that leads through it to the database of `url`. */
static inline void cutting_start(struct cutting *c, const char *url, char ret[320])
{
	struct sockaddr_un address;
	const char *host = strstr(url, "host=") + 5;

	*c = (struct cutting){.directory = "/tmp/alto-cut-XXXXXX"};
	memset(c->pairs, 0xff, sizeof(c->pairs));
	assert_non_null(mkdtemp(c->directory));
	snprintf(c->server, sizeof(c->server), "%.*s", (int)strcspn(host, "&"), host);
	snprintf(ret, 320, "%.*s%s%s", (int)(host - url), url, c->directory, host + strcspn(host, "&"));
	c->listener = cutting_socket(c->directory, &address);
	assert_int_equal(bind(c->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(c->listener, 8), 0);
	assert_int_equal(pipe(c->stop), 0);
	assert_int_equal(pthread_create(&c->thread, NULL, cutting_main, c), 0);
}

static inline void cutting_stop(struct cutting *c)
{
	assert_int_equal(write(c->stop[1], "", 1), 1);
	pthread_join(c->thread, NULL);
	for (size_t i = 0; i < CUTTING_PAIRS; i++) {
		if (c->pairs[i][0] >= 0)
			cutting_end(c->pairs[i]);
	}
	close(c->listener);
	close(c->stop[0]);
	close(c->stop[1]);
	assert_int_equal(remove_all(c->directory), 0);
}
