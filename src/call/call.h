/*
 * call/call.h - a call: who speaks with whom, from the first INVITE to the row that stays
 *
 * It joins legs and knows why; a leg knows neither. Plain data, so that it can be written down and rebuilt. Lives in
 * the switchboard's pool; owner: the switchboard's thread. ring.c finds out who answers; call.c joins and ends;
 * history.c records.
 */
#pragma once
#include "call/decision.h"
#include "call/diversion.h"
#include "call/identity.h"
#include "call/leg.h"
#include "call/party.h"

enum call_state { CALL_RINGING, CALL_ANSWERED, CALL_ENDING };

/* What the history keeps of one side; copied from its leg, which may be gone before the row is written. */
struct call_side {
	char user_id[STORE_ID_CAP], device_id[STORE_ID_CAP], trunk_id[STORE_ID_CAP];
	char uri[64];
	char codec[32];
	char tls[64];      /* "TLSv1.3 TLS_AES_256_GCM_SHA384", empty: plaintext signalling */
	uint8_t transport; /* enum sip_transport */
	bool known;        /* transport and what follows mean something */
	bool keys_in_clear;
	bool dtls; /* its keys are DTLS's */
	enum srtp_suite suite;
	struct media_figures figures;
	struct media_figures before; /* of its leg when it came from another call: not this one's */
};

struct call {
	struct switchboard *sb;
	struct map_node by_id, by_invite, by_connection;
	pool_handle connection; /* that the caller rang by, while callers.c knows it by that; 0: none */
	char id[STORE_ID_CAP], tenant[STORE_ID_CAP];
	/*
	 * Of a call to another company of this installation, by its number; else empty. Either company has a row of
	 * its own, in which the other side is a number like any outside.
	 */
	char callee_tenant[STORE_ID_CAP], callee_row[STORE_ID_CAP];
	struct identity identity;    /* of a device that calls */
	char shown_as[64];           /* the caller in the other company's row */
	struct own_text sip_call_id; /* the caller's, by which its phone's log knows the call */
	enum call_state state;
	struct leg *caller;
	struct leg *callee;                 /* who answered; NULL while it rings */
	struct leg *targets[CALL_LEGS_MAX]; /* legs that ring, or whose CANCEL is on its way */
	uint8_t target_count;
	uint64_t instance;     /* the one phone that is called, by its GRUU: gruu_instance(); 0: all of the user's */
	struct ringing *rings; /* of each user who is rung, which phones by which flows; none once it rings no more */
	uint16_t best_status;  /* the refusal that says most so far: ring.c's table */
	bool ringing_told;     /* the caller has had its 180 */
	bool transcoded;       /* its sides share no codec, and the trace says so */
	uint8_t redirects;     /* 3xx followed */
	uint8_t rung_count;
	uint64_t rung[1 + REDIRECTS_MAX]; /* users whose devices were called, as hashes of their ids */
	struct transfer *transfer;        /* that moves somebody out of it, or into it; else NULL */
	uint8_t transfers;                /* that led to it */
	char by_user[STORE_ID_CAP];       /* who transferred its caller, and answers for where it goes; else empty */
	struct outside *outside;          /* while a trunk is looked for and called; else NULL */
	struct timer unanswered;          /* ring.c: it has rung long enough */
	struct timer rejoin;              /* a worker was too busy to be told whom it joins */
	struct timer parting;             /* its last leg has had its moment to hang up by itself */
	struct timer lost;                /* callers.c: its caller's connection has closed */
	struct call_side side_a, side_b;
	/* The wall clock, as if nobody had set it since the start: so a duration is one. */
	int64_t started_us, answered_us, ended_us;
	int64_t clock_set_us;         /* switchboard.clock_set_us at the start */
	int64_t started_mono_us;      /* for the trace's "+0.012" */
	uint16_t status;              /* what the caller was told: 200, 486, 487 ... */
	const char *cause, *ended_by; /* static */
	char *trace;                  /* malloc'ed; NULL: nothing was decided yet */
	uint16_t trace_n, trace_cap;
	/* history.c */
	bool row_dirty, released;
	struct call *next_dirty;
};

/* ---- call.c ---- */
/* A new call with its incoming leg; its row is on its way. NULL: too many, or out of memory. */
struct call *call_new(struct switchboard *sb, struct leg *caller, const struct party *from, struct slice to);
/* It goes to another company, which sees the caller as the number (or anonymous). false: its lines are all in use. */
MUST_USE bool call_enter_tenant(struct call *c, struct directory_tenant *tenant, struct slice shown_as);
struct call *call_find(struct switchboard *sb, struct slice id);
/*
 * A leg leaves a call that goes on or ends without it, and takes a place in another. Its voice stays joined as it was
 * until call_join() or codecs_join().
 */
void call_unseat(struct call *c, struct leg *leg);
void call_seat(struct call *c, struct leg *leg, bool as_caller);
/* The call of a leg; NULL: it has none. */
struct call *call_of_leg(const struct leg *leg);
struct leg *call_other(const struct call *c, const struct leg *leg);
/* Its voice as it now is: both sides hear each other. */
void call_join(struct call *c);
/* It is answered from now on. */
void call_set_answered(struct call *c);
/* It is over but for this leg, which may hang up by itself within a moment. */
void call_part(struct call *c, struct leg *leg, const char *cause);
/* The callee's leg answered: answer the caller, join the voice. The other targets are ring.c's to stop. */
void call_answered(struct call *c, struct leg *winner);
/* End it: refuse or hang up every leg that is still there. status: for a caller not yet answered. Once; later calls
 * change nothing. */
void call_end(struct call *c, unsigned status, const char *cause, const char *ended_by);
/* A leg is gone: copy what the history keeps. When the last one is, the call is released. */
void call_leg_gone(struct call *c, struct leg *leg);
/* The next few calls from *cursor on, which starts at 0: for switchboard_stop(). false: that was all. */
bool calls_end_some(struct switchboard *sb, uint32_t *cursor, const char *cause);
/* For history_release(), once the last row has been copied. */
void call_free(struct call *c);
/* Free every call and leg without a word on the wire: for switchboard_free(). */
void calls_drop_all(struct switchboard *sb);

/* ---- trace.c ---- */
/* As people can read it: what is no letter as %00. Cut between letters; always NUL-terminated. */
void copy_shown(char *to, size_t cap, struct slice from);
/* One decision, for the person who asks why: one without values, and one with as many as its kind has, each from the
 * next by a tab. */
void call_trace(struct call *c, enum decision_kind kind);
void call_trace_with(struct call *c, enum decision_kind kind, const char *values, ...) PRINTF_LIKE(3, 4);

/* ---- codecs.c ---- */
/* LEG_OFFER of `from`: passed on, or refused. */
void codecs_ask(struct call *c, struct leg *from, struct leg *to);
/* What LEG_OFFER_ANSWERED, LEG_OFFER_REFUSED and LEG_OFFER_AGAIN of `answerer` mean for both. asker may be NULL. */
void codecs_accepted(struct call *c, struct leg *asker, struct leg *answerer);
void codecs_refused(struct call *c, struct leg *asker, const struct leg *answerer);
void codecs_ask_again(struct call *c, struct leg *asker, struct leg *answerer);
/* LEG_CHANGED of `leg`. other may be NULL. */
void codecs_changed(struct call *c, const struct leg *leg, struct leg *other);
/* A leg that shares no codec with the other one is asked for what that speaks. */
void codecs_must_fit(struct call *c, struct leg *leg, const struct leg *other);
/* Two who have spoken with others: joined, and asked anew where one may use a codec that the other does not know. */
void codecs_join(struct call *c);

/* ---- ring.c: all devices of a user ring, the first answer wins, the others are told so ---- */
/* But not the device that calls. Phones that register while it rings, or come back, ring too. */
void ring_user(struct call *c, const struct directory_user *user, const struct party *from, const char *diverted);
/* The devices of another user ring too, and the time begins anew; the caller hears that it is forwarded. by: whose
 * phone sends it on, diverted: by whom it was until now. false: none can be reached, nor is expected back. */
bool ring_more(struct call *c, const struct directory_user *user, const struct ringing *by, const char *diverted);
/* Join the early voice of the one target that rings, if there is any: something has changed that it depends on. */
void ring_join(struct call *c);
/* The target whose early voice is joined with the caller's; NULL: none. */
struct leg *ring_heard(const struct call *c);
/* Stop what still rings or is looked for. reason: value of a Reason field, or empty. */
void ring_stop(struct call *c, struct slice reason);
/* What is the same for every leg that rings: the texts of From and To, more fields, and what the caller offers. */
struct invitation {
	struct call *call;
	struct leg_call to; /* its flow and target are the leg's own, and set for each */
	struct sdp_format formats[SDP_FORMATS_MAX];
	char from[PARTY_TEXT_CAP], callee[PARTY_TEXT_CAP], fields[4 * PARTY_TEXT_CAP];
};
void invitation_init(struct invitation *i, struct call *c);
/* One more leg that rings, as leg_call() makes it. -E2BIG: CALL_LEGS_MAX ring already. */
MUST_USE int ring_leg(struct invitation *i, struct leg **ret);
const char *ring_leg_error(int rc); /* the name of a WHY_, for the trace */
/* From now on, until nobody has answered: ring_timeout(), which is call->unanswered's. */
void ring_timeout(struct timer *t, void *arg);
void ring_start(struct call *c, int64_t for_us);

/* ---- redirect.c: a device sends its callers elsewhere ---- */
/* leg has been refused with a 3xx. true: somebody rings instead. */
bool redirect_followed(struct call *c, const struct leg *leg);
/* Is a URI of this host one of the company's: by its own domain, or the address by which this phone knows us? */
bool redirect_host_is_ours(const struct call *c, const struct leg *leg, const struct directory_tenant *tenant,
			   struct slice host);
/* Has this user been called in this call? Else remembered. */
bool redirect_rung(struct call *c, const struct directory_user *user);

/* ---- reason.c ---- */
/* Value of a Reason field for the phones of a call that ends: ours when Alto itself ends it, else what the phone on the
 * other side said. May be empty. Borrowed: `other` has it. */
struct slice reason_told(const char *cause, const struct leg *other);

/* ---- view.c ---- */
void side_row(const struct call_side *side, struct store_leg *ret); /* slices into the side */

/* The people of another company are not the caller's company's to see. */
void call_hide_callee(const struct call *c, struct store_leg *callee);

/* ---- history.c: the call's row, coalesced ---- */
MUST_USE int history_new(struct switchboard *sb, struct history **ret);
struct history *history_free(struct history *h);
void history_metrics(struct history *h, struct metrics *m);
/* The row has changed; committed within 50 ms while the disk is healthy. */
void history_touch(struct call *c);
/* The call is over: its row is written a last time, then its memory is free. */
void history_release(struct call *c);
void history_flush(struct history *h);
bool history_idle(const struct history *h);
/* So far behind that new calls are refused. */
bool history_stalled(const struct history *h);
