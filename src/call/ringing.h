/*
 * call/ringing.h - a call while it rings a user: which phones, by which of their flows, and who still may join
 *
 * A call has one for each user it rings: whom it is for, and whom their phones forward it to (redirect.c). They live in
 * the switchboard's pool from ring_user() or ring_more() to ring_stop(), owned by their call. ring.c hears what the
 * legs say and decides what that means for the caller; ring_phone.c finds each phone's way; ring_index.c knows who is
 * being rung, so that a phone that registers meanwhile is called too.
 */
#pragma once
#include "call/call.h"

enum ring_state {
	RING_NEW,    /* to be called, or by its next flow */
	RING_WAITED, /* its connection is gone, and it is expected back */
	RING_CALLED,
	RING_LOST, /* not expected any more, but welcome should it come */
	RING_OVER  /* refused, or it cannot be called: not again in this call */
};

/* One phone: all flows that an instance registered by (RFC 5626), or one binding without instance. */
struct ring_phone {
	uint64_t id; /* keyed hash: ring_phone_id() */
	uint8_t state;
	bool seen; /* in this review */
	struct leg *leg;
	uint64_t flow; /* the one it is called by, and those that failed: keyed hashes of their bindings' ids */
	uint8_t failed_count;
	uint64_t failed[REGISTER_BINDINGS_MAX];
};

struct ringing {
	struct call *call;
	struct ringing *next_of_call;
	struct rung *rung; /* ring_index.c; with next and prev */
	struct ringing *next, **prev;
	uint64_t instance;                 /* only this one's phones; 0: all */
	char from[PARTY_TEXT_CAP];         /* the caller, as these phones see it; also those that join late */
	char diverted[DIVERSION_TEXT_CAP]; /* who sent the call on to them; empty: nobody */
	struct timer review;               /* something has changed: look again in the next turn */
	struct timer patience;             /* while it runs, phones whose connection is gone are waited for */
	uint8_t phone_count;
	struct ring_phone phones[CALL_LEGS_MAX];
};

/* ---- ring.c ---- */
void ring_note_refusal(struct call *c, unsigned status);
void ring_target_event(void *user, struct leg *leg, enum leg_event event);
/* For the timers of a ring, arg: the ring. */
void ring_review_due(struct timer *t, void *arg);

/* ---- ring_phone.c ---- */
uint64_t ring_hash(const struct switchboard *sb, struct slice binding_id);
uint64_t ring_phone_id(const struct switchboard *sb, const struct directory_binding *b);
struct ring_phone *ring_phone_find(struct ringing *r, uint64_t id);         /* NULL: none */
bool ring_has(const struct ringing *r, enum ring_state state);              /* a phone in this state */
struct ring_phone *ring_phone_of(struct ringing *r, const struct leg *leg); /* NULL: none rings by it now */
/* Call every phone of the user that can be called now and should be, and settle what is to become of the others. */
void ring_phones_review(struct ringing *r);
/* The flow it was called by has failed: not by this one again, unless it registers anew. */
void ring_phone_failed(struct ring_phone *p);

/* ---- ring_index.c ---- */
/* Added to the call's own; from and diverted are copied. NULL: out of memory. */
MUST_USE struct ringing *ringing_new(struct call *c, const struct directory_user *user, struct slice from,
				     const char *diverted, uint64_t instance);
void rings_free(struct call *c);                             /* all of the call's, if it has any */
struct directory_user *ring_callee(const struct ringing *r); /* NULL: removed meanwhile */
