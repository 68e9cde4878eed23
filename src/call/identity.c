/* call/identity.c - a caller's number chosen among its own, and its wish to hide: see identity.h */
#include "call/identity.h"
#include "call/outside.h"
#include "sip/privacy.h"

/* RFC 3323 §4.1: a phone that hides says so in From, and lets our company's server do the rest by Privacy. */
static bool hides(const struct sip_message *req)
{
	unsigned privacy = sip_privacy_of(req);
	return privacy & (SIP_PRIVACY_ID | SIP_PRIVACY_USER) ||
	       slice_caseeq(req->from.uri.host, SLICE("anonymous.invalid")) ||
	       slice_caseeq(req->from.uri.user, SLICE("anonymous"));
}

/* The user's own number that an address names; else NULL. */
static const struct directory_number *own_number(struct switchboard *sb, const struct directory_user *user,
						 const struct sip_uri *uri)
{
	char number[NUMBER_CAP];
	if (!party_number(uri, number))
		return NULL;
	const struct directory_number *found = directory_number_find(sb->config.directory, slice_from_string(number));
	return found && found->user == user ? found : NULL;
}

/* RFC 3325 §9.2. */
static struct slice preferred(struct switchboard *sb, const struct sip_message *req, const struct directory_user *user)
{
	struct sip_address a;
	struct sip_reason err;
	const struct sip_field *f = sip_field_first(req, SIP_P_PREFERRED_IDENTITY);
	for (; f; f = sip_field_next(req, f)) {
		struct slice rest = f->value;
		while (!slice_empty(rest) && sip_address_next(&rest, &a, &err) == SIP_OK) {
			const struct directory_number *n = own_number(sb, user, &a.uri);
			if (n)
				return n->number;
		}
	}
	return outside_identity(user);
}

void identity_read(struct switchboard *sb, const struct sip_message *req, const struct directory_user *user,
		   struct identity *ret)
{
	struct slice number = preferred(sb, req, user);
	ret->withheld = hides(req);
	slice_to_string(number, ret->number, sizeof(ret->number));
}

/*
 * All the others we keep: id and user by hiding who calls, header and session because a call through Alto has our own
 * Via, Contact and voice address on each side, history by not telling who sent it on.
 */
bool identity_refuse(struct switchboard *sb, struct sip_server *server, const struct sip_message *req,
		     const struct sip_flow *flow)
{
	unsigned privacy = sip_privacy_of(req);
	if (!(privacy & SIP_PRIVACY_CRITICAL) || !(privacy & SIP_PRIVACY_OTHER))
		return false;
	refuse_fully(sb, server, req, flow, SLICE_NONE, &(struct refusal){500, SLICE("Privacy Not Possible")});
	return true;
}
