/*
 * web/server.h - the REST API over HTTP/1.1: on the unix socket DATA/alto.sock, whose mode is the login, and over TLS
 *
 * Runs on the switchboard's loop and thread; no callback blocks. Resources are one file each (tenants.c, users.c ...)
 * and know nothing of HTTP's bytes; the library behind is visible in server.c, listen.c and peer*.c alone.
 */
#pragma once
#include "base/metrics.h"
#include "base/random.h"
#include "base/warning.h"
#include "config/config.h"

struct acme;
struct bans;
struct directory;
struct http;
struct dns;
struct loop;
struct media;
struct store;
struct switchboard;
struct tls_certificates;
struct transport;
struct web;
struct web_access;
struct web_console;
struct web_hooks;
struct web_issuers;
struct web_phones;
struct store_change;

/* Where a request came in decides what it may ask for at most. */
enum web_plane {
	WEB_LOCAL,   /* the unix socket: the provider, without a login */
	WEB_ADMIN,   /* listen.admin: the provider */
	WEB_COMPANY, /* listen.https: companies and their people */
	WEB_PLAIN,   /* listen.http: in clear; proofs for an authority, and the way to https */
};
#define WEB_PLANES 4
struct web_listening {
	enum web_plane plane; /* any but WEB_LOCAL */
	struct address at;
};

#define WEB_NODE_WARNINGS 7
/* What the resources show and change. All borrowed; they outlive the web server. */
struct web_context {
	struct loop *loop;
	struct switchboard *switchboard;
	struct directory *directory;
	struct store *store;
	struct media *media;
	struct transport *transport;
	const struct dns *dns; /* NULL: no names are looked up */
	struct http *http;     /* NULL: webhooks are not sent */
	struct bans *bans;
	struct random *random;
	const struct metrics *metrics;
	const struct config *config;
	struct tls_certificates *certificates; /* NULL: nothing listens with TLS */
	struct acme *acme;                     /* NULL: no certificates are had */
	uint32_t streams_max; /* live event streams that there are descriptors for, besides WEB_STREAMS_LEAST */
	const char *version;
	const struct web_console *console; /* NULL: there is none */
	const struct web *web;             /* the server; NULL where resources are tested without one */
	struct web_access *access;         /* its own; NULL where resources are tested without one */
	struct web_phones *phones;         /* the same */
	struct web_hooks *hooks;           /* the same */
	struct web_issuers *issuers;       /* the same */
	const char *turn_secret;           /* of turn: in the configuration; the wiring's, which may change it */
	/* What the wiring has to warn of, which it keeps and may change; NULL or WARNING_NONE: nothing. */
	const struct warning *warnings[WEB_NODE_WARNINGS];
	/* Filled in by web_listen(). */
	struct web_listening listening[3 * CONFIG_LISTEN_MAX];
	size_t listening_count;
};

struct web_reason {
	char text[512]; /* what is wrong and what to do, for the operator */
};

/* Bounds on connections. */
struct web_limits {
	uint32_t peers[WEB_PLANES]; /* connections at once that ask, of each plane */
	uint32_t peers_of_address;  /* of these from one address, or one /64 of IPv6, over TCP */
	uint32_t streams;           /* live event streams at once */
	uint32_t streams_of_person; /* of these of one person, or of one token */
	int64_t grace_us;           /* for a handshake and a head, before it makes room for another of its address */
	int64_t head_us;   /* from the first moment of a connection, or of the next request's first byte, to its head */
	int64_t idle_us;   /* kept alive without a request */
	int64_t body_us;   /* for a whole body */
	int64_t answer_us; /* for the client to take the next piece of an answer */
	int64_t ahead_us;  /* for a request whose client has sent more behind it, or has closed its side */
};

/*
 * Makes DATA/alto.sock (0600) and serves on it. A socket left by a server that is gone is replaced: the store's lock
 * has told before that no other one lives. -EADDRINUSE, -EACCES, -ENAMETOOLONG, -ENOMEM, -EIO, with *reterr.
 */
MUST_USE int web_new(const struct web_context *context, struct web **ret, struct web_reason *reterr);
/*
 * HTTPS on this address, or HTTP for WEB_PLAIN; for HTTPS the context must have certificates. "[::]" is dual-stack, and
 * 0.0.0.0 where IPv6 is off. -EADDRINUSE, -EACCES, -EADDRNOTAVAIL ...: what the system said.
 */
MUST_USE int web_listen(struct web *w, enum web_plane plane, const struct address *at);
/* The change feed: every change, in order. */
void web_store_change(struct web *w, const struct store_change *change);
/* Those of web/limits.h. */
extern const struct web_limits web_limits_usual;
/* For tests, before connections come. */
void web_set_limits(struct web *w, const struct web_limits *limits);
/*
 * Stops listening, removes the socket's file and drops every connection. Requests that the store still owes an answer
 * end with it, unheard: call store_close() and then loop_drain() before web_free().
 */
void web_close(struct web *w);
struct web *web_free(struct web *w);
void web_metrics(struct web *w, struct metrics *m); /* they live in w */
