/*
 * web/phones.h - the phones in people's browsers: each a device in memory, with credentials that last for minutes
 *
 * Made for a session, and gone with it, and its calls too: at log-out, another password or role, the end of the person,
 * the company or the session's time. Without its calls it goes WEB_PHONE_US after it was asked for or renewed. The
 * password is kept here while it lasts, so that renewing gives the same one; it is never written. Owner: the
 * switchboard's thread.
 */
#pragma once
#include "directory/directory.h"
#include "web/account.h"

struct web_phones;

struct web_phone {
	struct web_phones *phones;
	struct web_phone *next, **prev;
	struct timer timer;
	int64_t expires_us; /* wall clock */
	char device[STORE_ID_CAP], user[STORE_ID_CAP], pass[STORE_ID_CAP];
	struct web_secret secret;
	bool over; /* its session has ended */
};

/* NULL: out of memory. context is borrowed. */
MUST_USE struct web_phones *web_phones_new(const struct web_context *context);
struct web_phones *web_phones_free(struct web_phones *ps); /* ends them all */
/* The session's phone of this user name, good for as long as a new one again; NULL: it has none such. */
struct web_phone *web_phones_renew(struct web_phones *ps, struct slice pass, struct slice username);
/*
 * A new one for this session; of too many of one person, one whose page is not connected ends. -EBUSY: all
 * WEB_PHONES_OF_PERSON are; -EDQUOT: the company has WEB_PHONES_OF_TENANT; -ENOSPC: there are WEB_PHONES_MAX; -ENOMEM.
 */
MUST_USE int web_phones_add(struct web_phones *ps, const struct directory_user *u, struct slice pass,
			    enum sip_digest_algorithm digest, struct web_phone **ret);
/* Ends those whose session has ended, and their calls. */
void web_phones_change(struct web_phones *ps, const struct store_change *change);
