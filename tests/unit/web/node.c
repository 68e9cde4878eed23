/* web/node.c - the node of web's tests, and those of its rooms that need no more here than to be seen */
#include "unit/web/node.h"
#include "support/remove.h"
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/rows.h"
#include "transport/carrier.h"
#include "web/peer.h"

static struct node *the_node; /* the players below have no other way to it */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "node: %s failed: %s\n", what, strerror(errno));
	abort();
}

/* ---- played at link time ---- */

void node_play(struct node *n)
{
	the_node = n;
}

bool switchboard_next_call(struct switchboard *sb, struct slice tenant, uint32_t *cursor, struct call_view *ret)
{
	while (*cursor < the_node->call_count) {
		const struct call_view *v = &the_node->calls[(*cursor)++];
		if (!slice_empty(tenant) && !slice_eq(tenant, v->tenant))
			continue;
		*ret = *v;
		return true;
	}
	return false;
}

bool switchboard_find_call(struct switchboard *sb, struct slice call_id, struct call_view *ret)
{
	for (size_t i = 0; i < the_node->call_count; i++) {
		if (!slice_eq(the_node->calls[i].id, call_id))
			continue;
		*ret = the_node->calls[i];
		return true;
	}
	return false;
}

bool switchboard_reachable(struct switchboard *sb, const struct directory_binding *b)
{
	return true;
}

int switchboard_hang_up(struct switchboard *sb, struct slice call_id)
{
	for (size_t i = 0; i < the_node->call_count; i++)
		if (slice_eq(the_node->calls[i].id, call_id))
			return 0;
	return -ENOENT;
}

/* Those that are left move up. */
void switchboard_end_devices(struct switchboard *sb, bool (*ended)(void *arg, struct slice device_id), void *arg)
{
	size_t left = 0;
	for (size_t i = 0; i < the_node->call_count; i++)
		if (!ended(arg, the_node->calls[i].caller.device) && !ended(arg, the_node->calls[i].callee.device))
			the_node->calls[left++] = the_node->calls[i];
	the_node->call_count = left;
}

void switchboard_flush_messages(struct switchboard *sb)
{
	struct store_job *job = the_node->unwritten;
	the_node->unwritten = NULL;
	if (job)
		must(store_post(the_node->store, job) == 0, "store_post");
}

void switchboard_figures(struct switchboard *sb, struct switchboard_figures *ret)
{
	*ret = (struct switchboard_figures){.calls = (uint32_t)the_node->call_count};
	ret->trouble = the_node->trouble;
}

unsigned media_workers(const struct media *m)
{
	return 2;
}

int carrier_listen(struct transport *t, const struct transport_listen *listen, uint16_t *ret_number)
{
	*ret_number = 0;
	return 0;
}

struct connection *carrier_begin(struct transport *t, const struct connection_ops *ops, void *carrier,
				 const struct sip_flow *flow)
{
	the_node->ops = ops;
	return carrier; /* nobody looks into it */
}

void *carrier_of(const struct connection *c)
{
	return (void *)(uintptr_t)c;
}

void carrier_input(struct connection *c, char *bytes, size_t n, bool last) {}

void carrier_alive(struct connection *c) {}

void carrier_overflow(struct connection *c)
{
	the_node->overflows++;
}

void carrier_gone(struct connection *c) {}

size_t transport_listener_count(const struct transport *t)
{
	return the_node->plain_listener ? 2 : 1;
}

void transport_listener(const struct transport *t, size_t i, struct transport_listen *ret)
{
	ret->transport = i == 0 ? SIP_TLS : SIP_UDP;
	if (!address_parse_with_port(i == 0 ? SLICE("[::]:5061") : SLICE("0.0.0.0:5060"), &ret->at))
		abort();
}

void transport_figures(const struct transport *t, struct transport_figures *ret)
{
	*ret = (struct transport_figures){
		.connections = 3, .unfinished = the_node->unfinished, .silent = the_node->silent};
}

/* ---- the node ---- */

static void change(void *owner, const struct store_change *c)
{
	struct node *n = owner;
	if (c->kind != STORE_CALL)
		directory_apply(n->read_model, c);
	if (n->web)
		web_store_change(n->web, c);
}

static void wake(void *arg)
{
	struct node *n = arg;
	loop_waker_wake(n->collect);
}

static void collect(void *arg)
{
	struct node *n = arg;
	if (!n->stalled)
		store_collect(n->store);
}

static void unstall(void *arg)
{
	struct node *n = arg;
	n->stalled = false;
	store_collect(n->store);
}

static void errand(void *arg)
{
	struct node *n = arg;
	n->errand_fn(n);
	must(write(n->ready[1], "", 1) == 1, "write");
}

static void stop(void *arg)
{
	struct node *n = arg;
	loop_stop(n->loop);
}

static void open_all(struct node *n)
{
	struct tls_reason tls;
	struct tls_identity *own;
	struct store_reason store;
	char path[128];
	must(loop_new(&n->loop) == 0, "loop_new");
	must(loop_waker_new(n->loop, stop, n, &n->stop) == 0, "waker");
	must(loop_waker_new(n->loop, collect, n, &n->collect) == 0, "waker");
	must(loop_waker_new(n->loop, unstall, n, &n->unstall) == 0, "waker");
	must(loop_waker_new(n->loop, errand, n, &n->errand) == 0, "waker");
	random_init(&n->random);
	must(directory_new(&n->random, &n->read_model) == 0, "directory_new");
	struct store_config config = {.directory = n->directory,
				      .database = "sqlite",
				      .wake = wake,
				      .wake_arg = n,
				      .on_change = change,
				      .owner = n};
	must(store_open(&config, &n->store, &store) == 0, "store_open");
	snprintf(path, sizeof(path), "%s/tls", n->directory);
	must(tls_identity_self_signed(path, "self-signed", loop_wheel(n->loop)->wall_us, &own, &tls) == 0, "identity");
	must(tls_certificates_new(own, &n->certificates) == 0, "certificates");
	n->bans = bans_new(loop_wheel(n->loop), &n->random);
	must(n->bans != NULL, "bans_new");
	metrics_init(&n->metrics);
	store_metrics(n->store, &n->metrics);
	struct web_context context = {.loop = n->loop,
				      .directory = n->read_model,
				      .bans = n->bans,
				      .store = n->store,
				      .random = &n->random,
				      .metrics = &n->metrics,
				      .config = &n->config,
				      .certificates = n->certificates,
				      .version = "test"};
	n->failed = web_new(&context, &n->web, &n->reason);
	if (n->failed == 0) {
		web_set_limits(n->web, &n->limits);
		web_metrics(n->web, &n->metrics);
		struct address any_port;
		must(address_parse(SLICE("127.0.0.1"), &any_port), "address");
		must(web_listen(n->web, WEB_COMPANY, &any_port) == 0, "web_listen");
		n->port = n->web->context.listening[0].at.port;
	}
}

static void *run(void *arg)
{
	struct node *n = arg;
	open_all(n);
	must(write(n->ready[1], "", 1) == 1, "write");
	loop_run(n->loop);
	if (n->web)
		web_close(n->web);
	store_close(n->store);
	loop_waker_close(n->stop);
	loop_waker_close(n->collect);
	loop_waker_close(n->unstall);
	loop_waker_close(n->errand);
	loop_drain(n->loop);
	web_free(n->web);
	directory_free(n->read_model);
	bans_free(n->bans);
	tls_certificates_free(n->certificates);
	loop_free(n->loop);
	return NULL;
}

void node_init(struct node *n)
{
	*n = (struct node){.limits = web_limits_usual};
	snprintf(n->directory, sizeof(n->directory), "/tmp/alto-web-XXXXXX");
	must(mkdtemp(n->directory) != NULL, "mkdtemp");
	snprintf(n->path, sizeof(n->path), "%s/alto.sock", n->directory);
	config_defaults(&n->config);
	snprintf(n->config.data, sizeof(n->config.data), "%s", n->directory);
	snprintf(n->config.node, sizeof(n->config.node), "node-1");
}

void node_start(struct node *n)
{
	node_play(n);
	must(pipe(n->ready) == 0, "pipe");
	pthread_t thread;
	must(pthread_create(&thread, NULL, run, n) == 0, "pthread_create");
	n->thread = (uint64_t)thread;
	char byte;
	must(read(n->ready[0], &byte, 1) == 1, "read");
}

void node_unstall(struct node *n)
{
	loop_waker_wake(n->unstall);
}

void node_do(struct node *n, void (*fn)(struct node *n))
{
	char byte;
	n->errand_fn = fn;
	loop_waker_wake(n->errand);
	must(read(n->ready[0], &byte, 1) == 1, "read");
}

void node_stop(struct node *n)
{
	loop_waker_wake(n->stop);
	must(pthread_join((pthread_t)n->thread, NULL) == 0, "pthread_join");
	close(n->ready[0]);
	close(n->ready[1]);
	must(remove_all(n->directory) == 0, "remove_all");
}

/* ---- a client ---- */

int node_connect_tcp(const struct node *n)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(n->port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	struct timeval patience = {.tv_sec = 60};
	must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0, "socket");
	must(connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0, "connect");
	return fd;
}

int node_connect(const struct node *n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 60};
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", n->path);
	must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0, "socket");
	must(connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0, "connect");
	return fd;
}

void node_send(int fd, const char *text)
{
	size_t n = strlen(text);
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
		if (sent < 0)
			return; /* closed: the next read says so */
		text += sent;
		n -= (size_t)sent;
	}
}

void node_receive(int fd, char *ret, size_t cap)
{
	size_t n = 0;
	ret[0] = 0;
	for (;;) {
		const char *end = strstr(ret, "\r\n\r\n"), *length = strcasestr(ret, "content-length:");
		if (end) {
			size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
			if (n >= (size_t)(end + 4 - ret) + body)
				return;
		}
		/* One byte a read while in the head, so that an answer behind this one stays where it is. */
		size_t want = end && length ? (size_t)(end + 4 - ret) + strtoul(length + 15, NULL, 10) - n : 1;
		must(n + want < cap, "room for an answer");
		ssize_t got = recv(fd, ret + n, want, 0);
		if (got < 0)
			must(errno == ECONNRESET, "recv");
		if (got <= 0) {
			ret[0] = 0;
			return;
		}
		n += (size_t)got;
		ret[n] = 0;
	}
}

bool node_closed(int fd)
{
	char bytes[4096];
	ssize_t got;
	do
		got = recv(fd, bytes, sizeof(bytes), 0);
	while (got > 0);
	return got == 0 || errno == ECONNRESET;
}

int node_ask(const struct node *n, const char *method, const char *path, const char *body, char *ret, size_t cap)
{
	size_t length = body ? strlen(body) : 0;
	char *request = malloc(length + 1024);
	must(request != NULL, "malloc");
	int head = snprintf(request, 1024, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
	if (body)
		snprintf(request + head, length + 1024 - (size_t)head,
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", length, body);
	else
		snprintf(request + head, 1024 - (size_t)head, "\r\n");
	int fd = node_connect(n);
	node_send(fd, request);
	free(request);
	node_receive(fd, ret, cap);
	close(fd);
	const char *space = strchr(ret, ' '), *end = strstr(ret, "\r\n\r\n");
	if (!space || !end)
		return 0;
	int status = (int)strtol(space, NULL, 10);
	memmove(ret, end + 4, strlen(end + 4) + 1);
	return status;
}
