/*
 * net/dns.h - asking DNS without waiting: A, AAAA, SRV and NAPTR on the loop, remembered as long as they hold
 *
 * c-ares asks the servers of /etc/resolv.conf (UDP, and TCP for what was cut off), which is read again when it has
 * changed. Answers are kept for their time to live, "no such name" too, and failures for a moment, so that a dead
 * server holds up one query and not all. When DNS fails, an answer that has run out still serves (RFC 8767). Search
 * domains and /etc/hosts are not looked at: a name here is a whole name. Owner: the loop's thread.
 */
#pragma once
#include "net/dns_message.h"
#include "net/loop.h"

struct dns;
struct dns_entry;
struct dns_query;

/*
 * status 0: *answer, borrowed for the call. Else answer is NULL. -ENOENT: no such name, or nothing of that type;
 * -ETIMEDOUT: no server answered the question in time: silent, not there, or saying that it cannot; -EIO: an answer
 * that cannot be read; -ENOMEM.
 */
typedef void (*dns_fn)(void *arg, int status, const struct dns_answer *answer);

/* Storage of the caller's, who does not look inside; in use from dns_query_start() to the result, or cancel. */
struct dns_query {
	struct dns_query *next, **prev;
	struct dns_entry *entry;
	dns_fn fn;
	void *arg;
	struct timer told;
};

/* resolv_path: NULL is /etc/resolv.conf; copied. A file that is not there means a server on 127.0.0.1, as ever. */
MUST_USE int dns_new(struct loop *l, const char *resolv_path, struct dns **ret);
/* Queries have been cancelled; before loop_drain(), which sees sockets closed. NULL is fine. */
struct dns *dns_free(struct dns *d);
/* Ask these servers instead of the file's, and keep to them; at least one, at most DNS_SERVERS_MAX. */
MUST_USE int dns_set_servers(struct dns *d, const struct address *servers, size_t n);
/* Read the file again and ask everything anew: SIGHUP. */
void dns_reload(struct dns *d);

/*
 * name: whole, with or without the last dot. fn is called once, in a later turn. 0; -EINVAL: no name that DNS takes;
 * -ENOBUFS: DNS_ENTRIES_MAX names are being asked for; -ENOMEM.
 */
MUST_USE int dns_query_start(struct dns *d, struct dns_query *q, struct slice name, enum dns_type type, dns_fn fn,
			     void *arg);
void dns_query_cancel(struct dns_query *q); /* zeroed, or after its result: fine */

/* Wall clock: since when no server has answered a question; 0: the last one was answered, or none was asked. */
int64_t dns_silent_since_us(const struct dns *d);

void dns_metrics(struct dns *d, struct metrics *m);

#define DNS_ENTRIES_MAX 1024 /* names and types kept: 4 KiB each; the one not asked for longest yields */
#define DNS_SERVERS_MAX 8
#define DNS_TRY_MS 1000               /* for one server, then the next */
#define DNS_TRIES 2                   /* for each of them */
#define DNS_WAIT_US (3 * SECOND_US)   /* for an answer in all: a caller is waiting, who hears nothing meanwhile */
#define DNS_STALE_WAIT_US (SECOND_US) /* the same, where an old answer will do */
#define DNS_STALE_US (24 * 3600 * SECOND_US) /* how long after its end an answer may still serve */
#define DNS_FAILED_US (10 * SECOND_US)       /* how long a failure is taken for granted */
#define DNS_LOOK_US (5 * SECOND_US)          /* how often a query looks whether the file has changed: one stat(2) */
