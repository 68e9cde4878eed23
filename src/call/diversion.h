/*
 * call/diversion.h - who sent a call on before it came here: "forwarded by", as phones show it.   RFC 5806, RFC 7044
 *
 * A phone is never believed about it, since a forward may decide who pays; only that it forwards, by its 3xx. Kept as
 * the value of a Diversion field, the latest first. History-Info is written from it, oldest first.
 */
#pragma once
#include "call/party.h"
#include "sip/message.h"

#define DIVERSIONS_MAX 5       /* as many forwards as are followed in one call; older ones are left out */
#define DIVERSION_TEXT_CAP 768 /* that many, written by us */

/*
 * What an operator says of a call that it brings (Diversion, else History-Info), written anew: numbers and reasons
 * only. Empty where the call's privacy forbids it. Who wants to stay unknown is left out.
 */
void diversion_read(const struct sip_message *invite, struct slice host, char ret[DIVERSION_TEXT_CAP]);
/*
 * `user` at `host` has sent the call on, in front of what was before. reason: as diversion_reason() has it.
 */
void diversion_add(char text[DIVERSION_TEXT_CAP], struct slice user, struct slice host, struct slice reason);
/* Why a phone's 3xx sends the call on: the word in its own Diversion, else by whether it had rung. A constant. */
struct slice diversion_reason(const struct sip_message *moved, bool rang);
/* Both fields for an INVITE to this address of ours (<sip:...>); nothing if text is empty. */
void diversion_write(struct writer *w, struct slice text, struct slice user, struct slice host);
