/*
 * call/instant.h - instant messages between the people of a company, each by itself.   RFC 3428 (record 040)
 *
 * A MESSAGE of a device goes to every phone of the person it is for, in requests of ours whose From is what the
 * directory knows of the sender. Its body and what describes that go on as they came, and are kept nowhere: the
 * sender's transaction holds them until it is answered. The first 2xx is the answer; when all have failed, the refusal
 * that says most. It counts as on its way, for the device and the company, until the last phone has answered too. Whom
 * no phone reaches now gets nothing: there is no store for messages. Pages of browsers show none, and are sent none.
 * Owner: the switchboard.
 */
#pragma once
#include "call/party.h"
#include "call/private.h"
#include "store/instants.h"

/* What webhooks are told of it, as in struct store_instant. */
struct instant_story {
	char id[STORE_ID_CAP], tenant[STORE_ID_CAP], sender[STORE_ID_CAP], recipient[STORE_ID_CAP];
	char from[64], to[64], type[INSTANT_TYPE_MAX + 1];
	size_t bytes;
};

/* One phone by one of its flows. */
struct instant_attempt {
	struct instant *instant;
	struct sip_client *client; /* NULL: it has its answer */
	uint64_t phone, way;       /* ring_phone_id(), and the hash of the binding's id */
};

struct instant {
	struct switchboard *sb;
	pool_handle server; /* the sender's transaction */
	struct timer due;   /* the 100 to the sender, then the end of patience */
	bool trying_told;
	bool over;            /* the sender has its answer, and no further flow is tried */
	uint8_t max_forwards; /* of ours */
	uint16_t best_status; /* the refusal that says most so far */
	uint64_t instance;    /* the one phone that is meant: gruu_instance(); 0: all */
	uint64_t call_id, tag;
	char device[STORE_ID_CAP];  /* that sent it */
	char shown[PARTY_TEXT_CAP]; /* From */
	struct instant_story story;
	unsigned open; /* attempts without answer */
	unsigned attempt_count;
	struct instant_attempt attempts[INSTANT_ATTEMPTS_MAX];
};

void instants_init(struct switchboard *sb);
void instants_done(struct switchboard *sb);
void instants_metrics(struct switchboard *sb, struct metrics *m);
/* Does no sender wait for an answer? O(n). */
bool instants_answered(const struct switchboard *sb);
/* A MESSAGE outside a dialog. */
void instant_request(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow);

/* ---- instant_send.c: to whom, by which flow; it reports to instant.c ---- */
/* To each phone of the recipient that can be reached now. m->open tells how many. */
void instant_send(struct instant *m);
/* No answer counts any more; what is on its way to phones is still repeated until they have it. */
void instant_detach(struct instant *m);
void instant_refused(struct instant *m, unsigned status); /* by one attempt */
/* The end, whichever comes first: a phone has taken it (2xx), or none has. m is gone unless some are still open. */
void instant_answered(struct instant *m, unsigned status);
void instant_failed(struct instant *m);
/* It was over, and now nothing is open either: m is gone. */
void instant_forget(struct instant *m);
