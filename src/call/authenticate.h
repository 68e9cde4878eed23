/* call/authenticate.h - who sent a request: a device by its credentials, or a guest whom nobody knows yet */
#pragma once
#include "sip/digest.h"
#include "sip/transaction.h"

struct address;
struct directory_device;
struct switchboard;

/* ---- authenticate.c ---- */
enum auth_result {
	AUTH_OK,      /* *ret_device is who sent it */
	AUTH_ANSWERED /* challenged (401) or refused, and answered: the request is done */
};
/*
 * Who sent this request? An INVITE on a connection on which a device has authenticated is not challenged again, as long
 * as that device still exists. Never for ACK, CANCEL or BYE.
 */
enum auth_result authenticate(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
			      const struct sip_flow *flow, struct directory_device **ret_device);

/* The Authorization field meant for us; a phone may carry one for each realm it knows. */
bool credentials_find(const struct sip_message *req, struct sip_credentials *ret);

/* Which devices authenticated on which connection: it is then no guest's, and over TLS or WSS their INVITEs are known
 * by it. */
void identities_init(struct switchboard *sb);
/* Has this device authenticated on the connection? */
bool identities_know(struct switchboard *sb, const struct sip_flow *flow, struct slice device_id);
void identities_forget(struct switchboard *sb, uint64_t tag); /* the connection with this tag has closed */

/* ---- guests.c: nobody yet ---- */
void guests_init(struct switchboard *sb);
void guests_done(struct switchboard *sb);
/* Is it no guest's? Its connection or address is a device's or an operator's, or it brings back a nonce that went
 * there. */
bool guest_is_known(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow);
/* Counts a request of a connection or address where nobody has authenticated. False: it is not to be answered. */
bool guest_is_heard(struct switchboard *sb, const struct sip_message *req, const struct sip_flow *flow);
/* The same for one that has a transaction: nothing is kept of it once it is answered.
 * False: it has been dropped. */
bool guest_may_ask(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		   const struct sip_flow *flow);
/* What came is no SIP, or answers nothing. False: not to be answered. */
bool guest_sent_garbage(struct switchboard *sb, const struct sip_flow *flow);
/* Did it come from where it says? Only the host that a nonce went to can bring it back. c may be NULL. */
bool guest_is_there(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c);
/* Before and after a password is looked at, of one who is there; name: whose, without escapes. False: no answer. */
bool guest_may_try(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c,
		   struct slice name);
bool guest_failed(struct switchboard *sb, const struct sip_flow *flow, const struct sip_credentials *c,
		  struct slice name, bool exists);
/* A device of ours is there: this address is not banned while it may be registered from there. */
void guest_is_device(struct switchboard *sb, const struct address *from, struct slice username);
