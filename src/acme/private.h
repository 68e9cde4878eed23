/* acme/private.h - the inside of it, for acme.c (names), issue.c (one order at a time) and files.c */
#pragma once
#include <openssl/evp.h>
#include <uv.h>

#include "acme/acme.h"
#include "acme/order.h"
#include "base/map.h"
#include "base/wheel.h"
#include "net/http.h"

struct acme_name {
	struct map_node node;
	struct acme *acme;
	size_t at;          /* in acme's list */
	struct timer timer; /* until it is looked what is to be done */
	struct acme_name *next_waiting;
	bool waiting; /* in the queue, for the order before it to end */
	bool own, held, given;
	int64_t next_us; /* wall clock: when the next is had */
	unsigned failures;
	struct warning trouble;
	char text[ACME_NAME_MAX + 1];
};

struct acme_slot {
	struct acme_name *name;
};

struct acme {
	struct acme_setup setup;
	struct acme_server server;
	char directory[224];
	bool started, closed;
	struct map by_name;
	struct acme_slot *names;
	size_t count, cap;
	struct acme_name *first_waiting, **last_waiting;

	/* The order in progress. */
	struct acme_name *current; /* NULL: none */
	struct acme_order order;
	struct http_call *call;
	struct timer timer;       /* until it is asked again, or the next name's turn comes */
	int64_t deadline_us;      /* of the order */
	int64_t not_before_us;    /* the authority has said that we ask too often: by the wheel */
	struct acme_file *saving; /* what it issued is being written */
	struct warning trouble;
	struct metric issued_total, failures_total;
};

struct acme_name *acme_name_find(const struct acme *a, struct slice name);
void acme_held(struct acme_name *n, int64_t begins_us, int64_t expires_us); /* it holds one with this life */
void acme_failed(struct acme_name *n, int64_t wait_us);                     /* n->trouble says why */
void acme_summarize(struct acme *a);

/* issue.c */
void acme_issue(struct acme_name *n);  /* into the queue */
void acme_forget(struct acme_name *n); /* out of it, and out of the order in progress */
void acme_turn(struct timer *t, void *arg);

/* files.c. Blocks. */
MUST_USE int acme_files_open(struct acme *a, struct acme_reason *reterr); /* the directory, and the account's key */
struct tls_identity *acme_file_load(struct acme *a, const char *name);    /* NULL: there is none that is good */
/* On a thread of libuv's. */
struct acme_file {
	uv_work_t work;
	struct acme *acme;
	char *bytes; /* NULL: it is removed */
	int rc;
	struct tls_identity *identity;     /* what the bytes are */
	void (*done)(struct acme_file *f); /* frees it with acme_file_free(); rc is 0 or the system's error */
	char name[ACME_NAME_MAX + 1];
};
/* Takes bytes (on the heap, wiped). NULL: out of memory. */
struct acme_file *acme_file_save(struct acme *a, const char *name, char *bytes, void (*done)(struct acme_file *f));
void acme_file_remove(struct acme *a, const char *name);
void acme_file_free(struct acme_file *f);
