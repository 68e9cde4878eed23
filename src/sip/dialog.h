/*
 * sip/dialog.h - a dialog's state as plain data, that can be written down and rebuilt elsewhere.   RFC 3261 §12
 *
 * It owns its text in one block, sized to what it holds and written anew when something changes, so it never grows by
 * being told the same again. It sends nothing: it writes requests and judges those that come in. It may be moved by
 * copying the struct. A function that fails leaves it as it was.
 */
#pragma once
#include "base/arena.h"
#include "sip/write.h"

struct sip_dialog {
	struct slice call_id;
	struct slice local_uri, remote_uri; /* From/To as name-addr text without tag: `"Ann" <sip:10@example.org>` */
	struct slice local_tag, remote_tag; /* remote_tag empty until known */
	struct slice remote_target;         /* Contact URI of the peer */
	const struct slice *routes; /* SIP_ROUTE_MAX at most, in the order they are to be sent, each "<sip:...;lr>" */
	uint8_t route_count;
	uint32_t local_cseq, remote_cseq;
	bool remote_cseq_known;
	bool confirmed;    /* a 2xx has passed; as UAS its owner sets it when it sends one */
	struct arena text; /* owns all of the above; bounded by SIP_DIALOG_BYTES_MAX, and the routes themselves */
};

/*
 * Build a dialog from plain data, such as was written down elsewhere: everything but plain->text, whose slices may
 * point anywhere, is copied. CR, LF and NUL in it become spaces, here and wherever text is kept. 0, -ENOMEM, -E2BIG.
 */
MUST_USE int sip_dialog_init_copy(struct sip_dialog *d, const struct sip_dialog *plain);

/*
 * As UAS, from the INVITE (§12.1.1): route set from Record-Route in order. 0, -ENOMEM, -E2BIG (also for more than
 * SIP_ROUTE_MAX routes), or -EPROTO with *reterr. d need not be initialised, and needs no done after a failure.
 */
MUST_USE int sip_dialog_init_uas(struct sip_dialog *d, const struct sip_message *invite, struct slice local_tag,
				 struct sip_reason *reterr);
/*
 * As UAC, before the INVITE is sent (§8.1.1): the request is written from this. target: the Request-URI and first
 * remote target. A response with a To tag then completes it: sip_dialog_learn().
 */
MUST_USE int sip_dialog_init_uac(struct sip_dialog *d, struct slice call_id, struct slice local_uri,
				 struct slice local_tag, struct slice remote_uri, struct slice target);
/* The routes of the first INVITE, each "<sip:...;lr>": a proxy we must pass or a binding's Path (RFC 3327 §5.3). The
 * dialog's own route set takes their place once it is known. */
MUST_USE int sip_dialog_set_routes(struct sip_dialog *d, const struct slice *routes, size_t count);
/* An early or second dialog of the same INVITE (§12.1.2, forks): copy of the first without what the peer gave. */
MUST_USE int sip_dialog_fork(struct sip_dialog *d, const struct sip_dialog *first);
/*
 * Take remote tag, target and route set (reversed) from a 1xx with tag or a 2xx; the target is refreshed again by later
 * ones (§12.2.1.2), the route set computed anew by the 2xx (§13.2.2.4) and fixed from then on. A 1xx without a tag
 * changes nothing; without a Contact the target stays. -EPROTO: bad header, or the tag of another dialog (a fork:
 * sip_dialog_fork()).
 */
MUST_USE int sip_dialog_learn(struct sip_dialog *d, const struct sip_message *response, struct sip_reason *reterr);
/* A target refresh request or its 2xx: new remote target; without a Contact the old one stays. */
MUST_USE int sip_dialog_refresh_target(struct sip_dialog *d, const struct sip_message *msg, struct sip_reason *reterr);
/* Frees the text and empties the dialog; again, or on a zeroed one, is fine. */
void sip_dialog_done(struct sip_dialog *d);

/* Judge an in-dialog request (§12.2.2): 0 in order and remembered; -EALREADY: CSeq not above the last, answer 500; ACK
 * and CANCEL pass untouched. */
MUST_USE int sip_dialog_accept(struct sip_dialog *d, const struct sip_message *request);

/*
 * Write the head of an in-dialog request (or of the first INVITE): request line, Via with `via_host` and branch,
 * Max-Forwards, Route (loose and strict routing, §12.2.1.1), From, To, Call-ID, CSeq. cseq: 0 takes the next local
 * number; for ACK pass the INVITE's (§13.2.2.4). The caller adds the rest and the body.
 */
void sip_dialog_write_request(struct writer *w, struct sip_dialog *d, enum sip_method method, uint32_t cseq,
			      enum sip_transport transport, struct slice via_host, struct slice branch,
			      unsigned max_forwards);
