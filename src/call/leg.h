/*
 * call/leg.h - one side of a call: a dialog, its offer/answer state and its stream.   RFC 3261 §12-15, RFC 3264
 *
 * A leg does not know what it is used for: it reports events to its user (ring.c, call.c) and takes the orders below.
 * It lives in the switchboard's pool; its handle and a 64-bit secret are its tag on the wire. Owner: the switchboard's
 * thread.
 *
 *   incoming   leg_take_invite ─► leg_progress* ─► leg_answer ─► (PRACK, 200) ─► (ACK) LEG_CONFIRMED
 *                                             └─► leg_refuse
 *   outgoing   leg_call ─► LEG_PROGRESS* ─► LEG_ANSWERED | LEG_FAILED
 *   both       leg_hang_up at any moment does what the moment asks for: CANCEL, BYE, or a refusal
 *
 * Whatever happens, LEG_GONE comes last and once, when signalling and voice have both ended; the leg is freed after it.
 */
#pragma once
#include "call/outgoing.h"
#include "call/text.h"
#include "sdp/offer.h"
#include "sip/dialog.h"

enum leg_state {
	LEG_INCOMING,   /* INVITE received, not answered */
	LEG_ANSWERING,  /* 2xx sent, ACK awaited */
	LEG_CALLING,    /* INVITE sent */
	LEG_CANCELLING, /* we no longer want the call; a final response is awaited */
	LEG_UP,
	LEG_ENDED
};

enum leg_event {
	LEG_PROGRESS,  /* outgoing: 1xx above 100 came; last_status, early if it brought a description */
	LEG_ANSWERED,  /* outgoing: 2xx came, ACK was sent; formats hold what is agreed */
	LEG_FAILED,    /* outgoing: final >= 300, timeout (408), dead flow (503), unusable answer (488); last_status */
	LEG_CONFIRMED, /* incoming: ACK for our 2xx */
	LEG_CANCELLED, /* incoming: the caller gave up before an answer; 487 has been sent */
	LEG_HUNG_UP,   /* the peer sent BYE, or the dialog failed: end_cause */
	LEG_OFFER, /* re-INVITE with codecs that the other side must agree to: leg_answer_offer() or leg_refuse_offer()
		    */
	LEG_OFFER_ANSWERED, /* our leg_offer() was accepted; formats are new */
	LEG_OFFER_REFUSED,  /* ... was not: last_status, 504 for no answer in time; the session is as it was */
	LEG_OFFER_AGAIN,   /* it met one of the peer's own, which is out of the way now: leg_offer() once more, or never
			    */
	LEG_OFFER_DROPPED, /* the peer no longer wants what LEG_OFFER asked: leg_withdraw_offer() at the other side */
	LEG_VOICE_LOST,    /* its stream could not be set as was agreed: nobody would hear anything */
	LEG_REFER,   /* the peer asks for its call to go elsewhere: refer_accept() or refer_refuse(), call/refer.h */
	LEG_DIGIT,   /* the peer pressed a key, and told so by INFO: leg->digit */
	LEG_CHANGED, /* the peer changed its side of the session, and we agreed: join it anew */
	LEG_GONE     /* last event; figures are final */
};

/* A re-INVITE or UPDATE of ours, by who waits for its final response. */
enum leg_change {
	CHANGE_NONE,     /* none is open */
	CHANGE_ASKED,    /* the leg's user: leg_offer() */
	CHANGE_REFRESH,  /* ourselves: leg_refresh() */
	CHANGE_WITHDRAWN /* nobody any more */
};
struct leg;
struct early;
struct info;
struct sip_dtmf;
struct reliable;
typedef void (*leg_fn)(void *user, struct leg *leg, enum leg_event event);

/* leg_session.c: how long the session lasts without a refresh.   RFC 4028 */
struct leg_session {
	uint32_t interval_s; /* 0: none runs */
	uint32_t min_s;      /* the peer's least, from its 422; 0: none */
	uint8_t raises;      /* 422 followed */
	bool ours;           /* we refresh, else the peer */
	bool agreed;         /* the peer counts too; else our refreshes only ask whether it lives */
	int64_t end_us;      /* BYE then (§10) */
	struct timer timer;  /* next refresh, or the end */
};

#define LEG_FORMATS_MAX 8 /* agreed formats kept; phones agree on one or two and telephone-event */

struct leg {
	struct switchboard *sb;
	leg_fn fn;
	void *user;
	struct sip_name name; /* our tag */
	struct sip_flow flow; /* where requests go, and came from */
	struct sip_dialog dialog;
	pool_handle server;           /* INVITE server transaction while it awaits an answer */
	const struct leg_call *asked; /* while leg_call() runs, else NULL */
	struct outgoing *out;         /* of a leg called by targets, else NULL; knows where they are for its life */
	struct sip_client *client;    /* INVITE client transaction while it tells us things; of `out`: it has its own */
	struct sip_client *probe;     /* OPTIONS: is anybody still there? */
	struct sip_client *change;    /* our re-INVITE or UPDATE, the last one */
	uint32_t invite_cseq;         /* of our INVITE; 0: the next one takes another */
	uint32_t peer_invite_cseq;    /* of the peer's last INVITE, for matching its ACK */
	uint8_t state;                /* enum leg_state */
	uint8_t max_forwards;         /* carried across */
	uint16_t last_status;
	bool early : 1;            /* a description has passed before the answer */
	bool delayed : 1;          /* incoming, without an offer: ours is in the 200, or in a reliable 1xx */
	bool settled : 1;          /* offer and answer are complete before the 200, which carries none */
	bool outgoing : 1;         /* we called: the Call-ID is ours */
	bool responded : 1;        /* ... and something has answered, 100 at least */
	bool peer_updates : 1;     /* its Allow has UPDATE */
	bool no_updates : 1;       /* ... but it refused one (405, 501) */
	bool peer_takes_info : 1;  /* its Allow has INFO, and it refused none */
	bool digit_lost : 1;       /* one that it pressed reached nobody: the trace says so */
	bool offering : 1;         /* the final response to `change` is to answer a description of ours */
	bool asked_by_update : 1;  /* what `server` holds is an UPDATE */
	bool awaiting_ack : 1;     /* our 2xx is repeated until its ACK comes */
	bool offered_in_ok : 1;    /* ... which brings the answer to the offer in it */
	bool hang_up_on_ack : 1;   /* BYE must wait for the ACK of our 2xx (§15) */
	bool speaks : 1;           /* its user is counted as on a call because of it */
	bool plain_allowed : 1;    /* node and device both allow unencrypted voice */
	bool webrtc : 1;           /* its voice is a browser's: call/webrtc.h */
	bool mux : 1;              /* RTCP on the RTP port was agreed */
	bool mux_offered : 1;      /* ... by us */
	uint8_t changing;          /* enum leg_change: who waits for the final response to `change` */
	uint8_t change_method;     /* enum sip_method */
	uint8_t change_tries;      /* of one change that the user asked for; 0: none is asked for */
	int64_t change_until_us;   /* when it is told that there is no answer */
	struct timer change_timer; /* that time, or the next try */
	struct leg_session session;
	struct own_text fields;  /* of our INVITE, beside those that each has */
	struct own_text said;    /* the Reason that the peer gave, as we would say it */
	struct own_text parting; /* the Reason of the BYE that waits for the ACK */
	struct own_text moved;   /* Contacts of its 3xx */
	struct slice moved_by;   /* ... and why: a constant */
	const char *end_cause;   /* static; NULL: none of its own */
	struct timer gone;       /* the last step of a leg without stream */
	struct timer repeat;     /* 2xx repetition until the ACK */
	int64_t repeat_us, repeat_until_us;
	struct own_text ok; /* our 2xx, repeated until its ACK */

	/* before the answer */
	struct reliable *reliable; /* incoming: our 1xx that await their PRACK; NULL: none was sent */
	struct early *forks;       /* outgoing: the early dialogs of our INVITE; the 2xx makes one of them `dialog` */
	const struct early *heard; /* ... whose description is in force; NULL: none's */

	struct refer *refer; /* refer.c: what it asked by REFER; NULL: it never did */

	struct info *info;            /* info.c: digits that go to it by INFO; NULL: none ever did */
	const struct sip_dtmf *digit; /* while LEG_DIGIT is reported, else NULL */

	struct followed *followed; /* messages.c: its messages are kept; NULL: they are not */

	/* who, for the history */
	char user_id[STORE_ID_CAP], device_id[STORE_ID_CAP], trunk_id[STORE_ID_CAP];

	/* offer/answer */
	pool_handle stream;           /* 0: not opened or closed */
	struct timer settle;          /* the stream's worker was busy: set it again */
	struct address media_address; /* ours */
	uint64_t sdp_id, sdp_version;
	/* Descriptions are kept as text, and parsed again when they are needed, which is seldom. */
	struct own_text pending; /* the peer's offer that awaits our answer */
	struct own_text remote;  /* the peer's description in force */
	struct own_text local;   /* ours: what the next 2xx carries */
	struct own_text before;  /* ours in force while `local` is an offer that nobody has answered yet */
	uint8_t agreed_count;
	struct sdp_format *agreed; /* as the peer wants them; with their text in one block; NULL: nothing is agreed */
	struct srtp_key send_key, receive_key;
	struct srtp_key offered[2];        /* ours in an open offer */
	uint32_t offered_tags[2];          /* ... under these crypto tags; 0: none */
	struct ice_credentials webrtc_ice; /* of the stream, while it is open */
	uint8_t webrtc_setup;              /* enum sdp_setup: our role in DTLS; SDP_NO_SETUP until it is agreed */
	enum srtp_suite webrtc_suite;      /* that DTLS made keys for */
	struct media_figures figures;
};

/* ---- orders ---- */
/* A leg for an INVITE that was just received. 0; -ENOMEM; -EPROTO: answer 400. The offer is in leg->pending, unread. */
MUST_USE int leg_take_invite(struct switchboard *sb, struct sip_server *server, const struct sip_message *invite,
			     const struct sip_flow *flow, leg_fn fn, void *user, struct leg **ret);
/* Whom to call, as text of our own making. */
struct leg_call {
	struct sip_flow flow; /* of a binding: used as it is */
	/* Instead of it: in turn, until one takes the call (call/outgoing.h). Borrowed for the call of leg_call(). */
	const struct target_list *targets;
	int64_t patience_us;   /* for each of them; 0: OUTGOING_PATIENCE_US */
	struct slice target;   /* Request-URI: the Contact of a binding */
	struct slice path;     /* of the binding: proxies to pass, comma separated, or empty */
	struct slice from, to; /* name-addr texts */
	struct slice fields;   /* of the INVITE, beside those that each has: whole lines, or empty */
	uint8_t max_forwards;
	bool plain_allowed, webrtc;
	const struct sdp_format *formats; /* to offer */
	size_t format_count;
	uint16_t ptime_ms;
	pool_handle near; /* stream of the other leg: same worker */
	const char *call; /* id of the call with which its messages are kept */
};
/* Send an INVITE. 0, or -errno with nothing sent and no event to come: -EMFILE (no voice port), -ENOMEM, -EACCES
 * (encryption impossible), -EHOSTUNREACH (no target can be sent to). */
MUST_USE int leg_call(struct switchboard *sb, const struct leg_call *to, leg_fn fn, void *user, struct leg **ret);

/*
 * Incoming: 180 or 183, reliably where RFC 3262 wants it. With `formats` it carries a description: our answer, early,
 * or our offer if the INVITE had none. A caller that cannot be given one now is told nothing; leg->early says whether
 * it was.
 */
void leg_progress(struct leg *leg, unsigned status, const struct sdp_format *formats, size_t count);
/*
 * Incoming: 200 with the answer, or with our offer to an INVITE that had none. `spoken`: what the other side agreed to;
 * an answer told early stays as it was (RFC 3261 §13.2.1). The 200 waits for the PRACK of a reliable 1xx with a
 * description (RFC 3262 §3); should that never come, LEG_HUNG_UP. 0; -ENOENT: no common codec; -ENOTCONN: the caller is
 * gone; -ENOMEM, -EMFILE. On failure the leg ends by itself.
 */
MUST_USE int leg_answer(struct leg *leg, const struct sdp_format *spoken, size_t count);
void leg_refuse(struct leg *leg, unsigned status, struct slice reason);
void leg_refuse_why(struct leg *leg, const struct refusal *why);
/* reason: value of a Reason field for CANCEL and BYE, or empty; copied. status: for a leg not yet answered. */
void leg_hang_up(struct leg *leg, unsigned status, struct slice reason);

/*
 * Change the codecs of a leg that is up: UPDATE or re-INVITE. An event comes, with LEG_OFFER_AGAIN before it as often
 * as it must be tried again. -EBUSY while another exchange is open (§14.1); -ENOMEM, -EACCES, -E2BIG: nothing was sent.
 */
MUST_USE int leg_offer(struct leg *leg, const struct sdp_format *formats, size_t count);
MUST_USE int leg_answer_offer(struct leg *leg, const struct sdp_format *spoken, size_t count);
void leg_refuse_offer(struct leg *leg, unsigned status);
/* Nobody wants the answer to leg_offer() any more. Should the peer have accepted all the same, LEG_OFFER_ANSWERED still
 * comes, else nothing. */
void leg_withdraw_offer(struct leg *leg);
/* The formats of the offer that LEG_OFFER asks about, or of an INVITE; of one without an offer those that we offer. */
size_t leg_offered_formats(const struct leg *leg, struct sdp_format *ret, size_t cap, uint16_t *ret_ptime_ms);

/* ---- what comes in, from switchboard.c ---- */
/* A request inside the leg's dialog. server is NULL for an ACK. */
void leg_request(struct leg *leg, struct sip_server *server, const struct sip_message *req,
		 const struct sip_flow *flow);
void leg_cancelled(struct leg *leg, const struct sip_message *cancel);
/* A repeated 2xx, or one of another fork; leg NULL: of a call that is over. ACKs, and hangs up what nobody wants. */
void leg_stray_2xx(struct switchboard *sb, struct leg *leg, const struct sip_message *msg, const struct sip_flow *flow);
void leg_media_event(struct leg *leg, const struct media_event *event);
/* Free without a word on the wire: for switchboard_free(). */
void leg_drop(struct leg *leg);

/* ---- shared by leg*.c and offer.c ---- */
struct leg *leg_alloc(struct switchboard *sb, const struct sip_flow *flow, leg_fn fn, void *user);
void leg_up(struct leg *leg);  /* its dialog is confirmed: LEG_UP, and its user is on a call */
void leg_end(struct leg *leg); /* signalling is over: close the stream, then LEG_GONE */
/* A branch that no transaction answers to. */
struct slice leg_branch(struct leg *leg, char buf[SIP_BRANCH_CAP]);
void leg_find_flow(struct leg *leg);
/* The leg of ours that has this tag; NULL: none. */
struct leg *leg_of_tag(struct switchboard *sb, struct slice tag);
void leg_detach_invite(struct leg *leg); /* no more of what its client transaction tells */
void leg_cancel_invite(struct leg *leg, struct slice reason);
void leg_send_bye(struct leg *leg, struct slice reason);
void leg_report(struct leg *leg, enum leg_event event);
void leg_send_ack(struct leg *leg, uint32_t cseq);
void leg_repeat_stop(struct leg *leg);
/* The stream cannot be set as the peer already speaks: hung up, LEG_HUNG_UP reported. */
void leg_voice_lost(struct leg *leg);
/* Its call is over on its own account: BYE, the end, and LEG_HUNG_UP with this cause. */
void leg_lost(struct leg *leg, const char *cause, struct slice reason);
/* Send a 2xx to an INVITE with our description and repeat it until its ACK. -errno: the flow is dead. */
int leg_send_ok(struct leg *leg, struct sip_server *server, const struct sip_message *invite);
/* The head of a 2xx to an INVITE or UPDATE, in sb->work: Contact, Allow, and what is agreed on the session's length. */
struct writer leg_ok_begin(struct leg *leg, const struct sip_message *req);
/* What a message of the peer says of itself. */
void leg_learn_peer(struct leg *leg, const struct sip_message *msg);
/* ---- leg_reinvite.c: the peer changes the session ---- */
void leg_reinvited(struct leg *leg, struct sip_server *server, const struct sip_message *req);
/* early: the early dialog that it came in; NULL: the leg's own. */
void leg_updated(struct leg *leg, struct early *early, struct sip_server *server, const struct sip_message *req);
/* ---- leg_offer.c: we do ---- */
/* The session said once more as it is, by UPDATE or re-INVITE; leg_session.c hears how it went. As leg_offer(). */
MUST_USE int leg_refresh(struct leg *leg);
void leg_change_stop(struct leg *leg);
void leg_change_init(struct leg *leg);
/* ---- leg_session.c ---- */
void leg_session_init(struct leg *leg);
/* A request whose Session-Expires or Min-SE cannot be read (400), or is too small (422): answered, and true. */
bool leg_session_refuse(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			const struct sip_flow *flow, struct slice to_tag);
/* Into an INVITE or UPDATE of ours: what we support, and for how long the session shall last. */
void leg_session_ask(struct leg *leg, struct writer *w);
/* Our 2xx to req: decided, written, begun. */
void leg_session_accept(struct leg *leg, const struct sip_message *req, struct writer *w);
/* The peer's 2xx to a request of ours: begun. */
void leg_session_agreed(struct leg *leg, const struct sip_message *ok);
/* Its 422: true, and the next request asks for as much as it wants. false: we do not follow. */
bool leg_session_raise(struct leg *leg, const struct sip_message *msg);
/* leg_refresh() was refused: again after this time; 0: after a usual one. */
void leg_session_refused(struct leg *leg, int64_t delay_us);
void leg_session_stop(struct leg *leg);
/* ---- reason.c ---- */
/* Keep the Reason of a BYE, CANCEL or refusal, if there is one. */
void leg_hear_reason(struct leg *leg, const struct sip_message *msg);
/* ---- leg_source.c ---- */
/* Is this flow the leg's own, or another of its device's or trunk's? */
bool leg_knows_flow(const struct leg *leg, const struct sip_flow *flow);
/* A request by an unknown flow: from the leg's device, by its credentials? A trunk has none. false: challenged or
 * refused, and answered.
 */
bool leg_proves_itself(struct leg *leg, struct sip_server *server, const struct sip_message *req,
		       const struct sip_flow *flow);
/* leg_alive.c: ask, when nothing has been heard for a minute. */
void leg_check_alive(struct leg *leg);
/* A new client transaction's request in sb->work, up to the point where its own fields go. */
struct writer leg_request_begin(struct leg *leg, enum sip_method method, uint32_t cseq, struct slice branch);
/* The same in one of the early dialogs. */
struct writer leg_request_in(struct leg *leg, struct sip_dialog *dialog, enum sip_method method, uint32_t cseq,
			     struct slice branch);
/* The 200 of an incoming leg that waited for a PRACK: now. -errno: the flow is dead, the leg has ended. */
int leg_answer_now(struct leg *leg);
/* An incoming leg that cannot go on before its ACK: INVITE refused, LEG_HUNG_UP reported. cause: static. */
void leg_fail(struct leg *leg, unsigned status, const char *cause);
/* Record-Route and Contact of an answer to the INVITE that makes a dialog (§12.1.1). */
void leg_write_dialog(struct leg *leg, struct writer *w, const struct sip_message *invite);
