/*
 * web/note.h - acts for the audit trail that have no transaction of their own: told beside what is done, not waited for
 *
 * Calls that are ended, bans that are lifted and certificates that are asked for are not in the store; a call's story
 * that is read, and a log-in that fails, change nothing there. If the store takes no more, that is logged: neither an
 * end of calls nor an answer waits for a disk that stands still.
 */
#pragma once
#include "web/act.h"

struct web_note {
	const char *act, *thing;   /* NULL: what the route says */
	struct slice tenant;       /* empty: the provider's */
	struct slice object, name; /* as in struct store_audit */
	struct slice owner;
	int64_t once_us; /* not 0: told once in so long */
};
/* Before the answer. Nothing is borrowed after it returns. */
void web_note(const struct web_request *r, const struct web_note *n);
/* A log-in as this person, or a question for the password in a session, was answered wrongly. */
struct directory_user;
void web_note_failed(const struct web_request *r, const struct directory_user *u);
