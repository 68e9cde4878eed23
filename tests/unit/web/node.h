/*
 * web/node.h - a node with a real web server, store, directory and loop on a thread of its own; calls, voice and
 * transport are played by node.c, at link time
 */
#pragma once
#include "call/switchboard.h"
#include "config/config.h"
#include "net/certificates.h"
#include "net/loop.h"
#include "net/tls.h"
#include "transport/bans.h"
#include "web/server.h"

#define NODE_CALLS_MAX 8

struct node {
	/* Before node_start(): */
	struct web_limits limits;
	struct call_view calls[NODE_CALLS_MAX]; /* in progress */
	size_t call_count;
	struct warning trouble;
	unsigned unfinished, silent;      /* of transport_figures() */
	const struct connection_ops *ops; /* of the last WebSocket of a phone's that came */
	unsigned overflows;               /* of theirs */
	struct store_job *unwritten;      /* messages that switchboard_flush_messages() posts, once */
	bool plain_listener;              /* besides TLS */
	atomic_bool stalled;              /* any thread: the store's results are not collected until node_unstall() */

	char directory[64], path[96];
	uint16_t port; /* of HTTPS for companies, on 127.0.0.1 */
	struct config config;
	struct web_reason reason;
	int failed; /* of web_new() */

	/* Of its thread. */
	uint64_t thread;
	struct loop *loop;
	struct store *store;
	struct directory *read_model;
	struct bans *bans;
	struct tls_certificates *certificates;
	struct random random;
	struct metrics metrics;
	struct web *web;
	struct loop_waker *stop, *collect, *unstall, *errand;
	void (*errand_fn)(struct node *n);
	int ready[2];
};

/* What the other rooms show web is this node's from now on; node_start() says so itself. */
void node_play(struct node *n);
/* Makes its directory; limits as in the program. */
void node_init(struct node *n);
void node_start(struct node *n);
void node_unstall(struct node *n);
/* fn on the node's thread, which owns its rooms; returns when it has run. */
void node_do(struct node *n, void (*fn)(struct node *n));
void node_stop(struct node *n); /* and removes the directory */

/* A connection to it; reads give up after a minute. */
int node_connect(const struct node *n);
int node_connect_tcp(const struct node *n); /* without TLS */
void node_send(int fd, const char *text);
/* One answer with its body (by Content-Length), as text; "" when the server closed instead. */
void node_receive(int fd, char *ret, size_t cap);
/* True when the server closes the connection, whatever it says before. */
bool node_closed(int fd);
/* One request on a connection of its own; body NULL: none. Returns the status, 0 if it was closed; body in ret. */
int node_ask(const struct node *n, const char *method, const char *path, const char *body, char *ret, size_t cap);
