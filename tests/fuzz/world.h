/*
 * fuzz/world.h - the switchboard of tests/sim among phones, an operator and a stranger, with a meddler on their wires
 *
 * What leaves a phone may be changed by edits before it arrives; what leaves Alto is looked at, each message of it.
 * When the world ends everybody falls silent, and nothing may be left. All is drawn from one seed: the same input, the
 * same run.
 */
#pragma once
#include "sim/phone.h"

enum world_who {
	WORLD_ANN,      /* 10, over TLS, encrypted */
	WORLD_DESK,     /* Bob's (20), over UDP, plain */
	WORLD_MOBILE,   /* Bob's, over TCP, plain */
	WORLD_OPERATOR, /* a trunk: its address is all that makes it one. +33142685300 rings Ann */
	WORLD_STRANGER, /* over UDP, knows no password */
	WORLD_PEOPLE
};

#define WORLD_EDITS_MAX 16
#define WORLD_MESSAGE_MAX 8192

struct world {
	struct sim *s;
	struct sim_phone *people[WORLD_PEOPLE];
	struct world_edit {
		enum world_who who;
		struct slice line;
	} edits[WORLD_EDITS_MAX]; /* of the next message of each, in this order */
	size_t edit_count;
	/* Descriptions that take the places of those in phones' messages, one after another, each ended by a line "--";
	 * the phones' own when there are no more. */
	struct slice bodies;
	char sent[WORLD_PEOPLE][WORLD_MESSAGE_MAX]; /* the last message of each, as it left */
	size_t sent_n[WORLD_PEOPLE];
	unsigned raw; /* requests written by world_raw() */
};

/* Ann and the desk are registered. */
struct world *world_new(void);
/* Ann is at a browser from now on, over TLS as well. */
void world_at_browser(struct world *w);
/* Everybody falls silent and time passes: asserts that nothing is left, and that every call in the history began with a
 * device or a trunk and is over. */
void world_free(struct world *w);

/*
 * The next message of this phone is changed, as the line says (borrowed until then):
 *
 *   put NAME: VALUE    takes the place of the first field of that name, or comes after the others
 *   add NAME: VALUE    comes first of all fields
 *   drop NAME          the first field of that name
 *   first TEXT         the start line
 *   sdp K=VALUE        takes the place of the body's first line of that kind, or comes last
 *   body TEXT          all of the body; "\" stands for a line's end
 *   cut N              N bytes arrive
 *   lost               nothing arrives
 *
 * Content-Length follows, unless an edit names it. False: no such edit, or too many wait.
 */
bool world_edit(struct world *w, enum world_who who, struct slice line);

/* A request of this method outside of everything, INVITE with a description. */
void world_raw(struct world *w, enum world_who who, struct slice method);
/* A response to the last request that came to this phone, with a tag of its own, described if it is asked for. */
void world_reply(struct world *w, enum world_who who, unsigned status, bool described);
/* Its last message once more. */
void world_again(struct world *w, enum world_who who);
