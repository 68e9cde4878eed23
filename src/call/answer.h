/*
 * call/answer.h - what a request carries, and how it is answered or refused.   RFC 3261 §8.2
 *
 * Whoever handles a request judges its body by body.c, refuses it by refuse.c, and writes any other answer by answer.c.
 */
#pragma once
#include "sip/transaction.h"
#include "sip/write.h"

struct switchboard;

/* ---- body.c ---- */
enum body {
	BODY_NONE,    /* none, or one that may be left alone */
	BODY_SESSION, /* a description: an offer or an answer */
	BODY_UNKNOWN, /* must be understood, and is not */
	BODY_TOO_LARGE
};
enum body body_of(const struct sip_message *req);
/* The description itself, which may be one of several parts; empty: there is none that we may read. */
struct slice session_of(const struct sip_message *msg);
/* May what answers it have a description? */
bool accepts_description(const struct sip_message *req);

/* ---- refuse.c: each counts ---- */
/* Why a request is refused: the status, words for the peer (empty: the status's own), and for 488 and 606 the number of
 * the Warning (RFC 3261 §20.43; 0: SIP_WARNING_OTHER). */
struct refusal {
	unsigned status;
	struct slice reason;
	unsigned warning;
};
/* For checks that say why not: false. */
static inline bool no(struct refusal *why, unsigned status, const char *reason)
{
	*why = (struct refusal){.status = status, .reason = slice_from_string(reason)};
	return false;
}
#define SIP_WARNING_PROTOCOL 302 /* Incompatible transport protocol: not RTP as we know it */
#define SIP_WARNING_MEDIA 304    /* Media type not available: no audio */
#define SIP_WARNING_FORMAT 305   /* Incompatible media format: no common codec */
#define SIP_WARNING_OTHER 399
/* Answer and forget: for statuses that owe nothing but themselves. */
void refuse(struct switchboard *sb, struct sip_server *server, unsigned status, struct slice reason);
/* With what the status owes the one who asked: Allow (405, 501), Accept (415), Recv-Info (469), Min-SE (422), Warning
 * (488, 606), Retry-After (500, 503). to_tag: of the dialog, or empty. */
void refuse_fully(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		  const struct sip_flow *flow, struct slice to_tag, const struct refusal *why);
/* A method that we do not know at all (501), or not here (405). */
void refuse_method(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow, struct slice to_tag);
/* A body that must be understood and is not, or is too large: 415 or 413, and true. Also an INVITE whose sender could
 * not read our description: 406. */
bool refuse_body(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		 const struct sip_flow *flow, struct slice to_tag);
/* §8.2.2.1: a request outside a dialog to a scheme that nobody here knows: 416, and true. */
bool refuse_scheme(struct switchboard *sb, struct sip_server *server, const struct sip_message *req);
/* §8.2.2.3: extensions that must be understood and are not: 420 names them all, and true. */
bool refuse_required(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow);

/* ---- answer.c ---- */
/* Begin a response in sb->work; finish with sip_write_body() and sip_server_respond(). */
struct writer response_begin(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow,
			     unsigned status, struct slice reason, struct slice to_tag);
/* End it: no body unless `sdp`; sends through the transaction. 0; -E2BIG: 513 was sent instead; -errno: the flow is
 * dead, the transaction ends by itself. */
int response_send(struct switchboard *sb, struct sip_server *server, struct writer *w, unsigned status,
		  struct slice sdp);
/* 200 with what we understand (§11.2). to_tag: of the dialog it came in, or empty. */
void answer_options(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		    const struct sip_flow *flow, struct slice to_tag);
/* Contact: <sip:alto@host:port;transport=..> of ours on this flow. */
void write_contact(struct switchboard *sb, struct writer *w, const struct sip_flow *flow);
/* What Alto understands: Allow, Supported, and what Require may name. */
#define SUPPORTED_EXTENSIONS SLICE("100rel, path, outbound, timer, replaces, norefersub, gruu")
#define SUPPORTED_IN_CALLS                                                                                             \
	SLICE("100rel, timer, replaces, norefersub") /* the part of it that concerns an INVITE and its answer */
#define SUPPORTED_IN_DIALOG                                                                                            \
	SLICE("timer, replaces, norefersub") /* ... a later request: 1xx to it need not be acknowledged */
#define ACCEPTED_BY_INFO SLICE("application/dtmf-relay, application/dtmf")
#define ALLOWED_IN_CALLS                                                                                               \
	SLICE("INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO") /* also in what begins one */
#define ALLOWED_METHODS SLICE("INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, PRACK, REFER, INFO, REGISTER, MESSAGE")
