/* call/identity.h - by which number a device's call is known, and to whom it is shown.   RFC 3323, RFC 3325 (record
 * 013) */
#pragma once
#include "call/private.h"
#include "directory/e164.h"

struct identity {
	char number[NUMBER_CAP]; /* by which the caller is known outside; empty: by none */
	bool withheld;           /* it hides from whom it calls */
};
/*
 * Who calls is known from the device's account. It may choose among its user's own numbers (P-Preferred-Identity), and
 * it may hide; nothing else that it says of itself counts.
 */
void identity_read(struct switchboard *sb, const struct sip_message *req, const struct directory_user *user,
		   struct identity *ret);
/* A privacy that we do not know, but must provide or fail (RFC 3323 §4.2, "critical"): 500, and true. */
bool identity_refuse(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow);
