/* net/dns_private.h - between net/dns.c and net/dns_channel.c */
#pragma once
#include <ares.h>
#include <sys/stat.h>

#include "base/map.h"
#include "net/dns.h"

/* One question and what is known of its answer. */
struct dns_entry {
	struct map_node node;
	struct dns_entry *older, *newer; /* by when it was last asked for */
	struct dns *dns;
	char name[DNS_NAME_CAP];
	enum dns_type type;
	bool asked;                /* c-ares owes us a call */
	bool again;                /* ... which ended with its channel: to be asked on the new one */
	int status;                /* of the last result, as dns_fn says */
	int64_t until_us;          /* until when that holds; 0: there is none */
	int64_t stale_until_us;    /* until when the answer may serve where DNS fails */
	struct dns_answer *answer; /* the last good one, or NULL */
	struct dns_query *waiting;
	struct timer deadline;
};

struct dns_socket;

struct dns {
	struct loop *loop;
	struct thread_owner thread;
	struct map entries;
	struct dns_entry *newest, *oldest;
	struct metric questions, failures;
	int64_t silent_since_us; /* wall clock; 0: the last question was answered, or none was asked */
	/* dns_channel.c */
	ares_channel channel;
	struct dns_socket *sockets;
	struct timer tick; /* when c-ares wants to look at its own timeouts */
	bool closing;
	char *path;
	struct stat file; /* as it was read; zeroed: it was not there */
	int64_t look_us;
	struct address servers[DNS_SERVERS_MAX]; /* instead of the file's */
	size_t server_count;
};

static inline bool now_holds(const struct dns_entry *e, int64_t now_us)
{
	return now_us < e->until_us;
}

/* dns.c */
void dns_answered(struct dns_entry *e, struct slice bytes);
void dns_failed(struct dns_entry *e, int status);
void dns_forget(struct dns *d); /* everything is asked anew; old answers serve only where DNS fails */

/* dns_channel.c */
MUST_USE int dns_channel_open(struct dns *d, const char *path);
void dns_channel_close(struct dns *d);
void dns_ask(struct dns_entry *e);
void dns_look_at_file(struct dns *d); /* at most every DNS_LOOK_US */
