/* call/registrar.h - what the registrar's files share: the registrar, its bindings' way to the disk, and their flows */
#pragma once
#include "base/map.h"
#include "call/binding.h"

/* Ids of bindings refreshed in memory since the last write. */
struct dirty {
	char (*ids)[STORE_ID_CAP];
	size_t count, cap;
};

struct registrar {
	struct switchboard *sb;
	struct dirty dirty;
	struct map jobs;          /* register_job.c: each device's REGISTER that is not settled */
	struct map by_connection; /* registrar_flow.c: the bindings of each, of which it may have several */
	struct timer write_timer;
	bool failing; /* refreshes could not be written, and none has been since */
	struct metric registrations, from_memory;
	struct metric unreachable; /* bindings whose phone leaves OPTIONS unanswered */
};

/* Refreshed, or taken from memory: its row is written soon, with many others. */
void binding_mark_dirty(struct registrar *r, struct directory_binding *b);
/* For directory_on_binding(), arg: the registrar. A binding came by the feed: its listener found, its timers started.
 */
void binding_added(void *arg, struct directory_binding *b, const struct store_binding *row);
void binding_removed(void *arg, struct directory_binding *b);
/* After the registrar, arg: the wheel. The directory, which goes later, takes its bindings off it. */
void binding_left(void *arg, struct directory_binding *b);
void registrar_write_due(struct timer *t, void *arg); /* of the registrar's write_timer */

/* ---- registrar_flow.c ---- */
/* The binding is reached by this flow from now on. */
void binding_set_flow(struct registrar *r, struct directory_binding *b, const struct sip_flow *flow);
void binding_leave_connection(struct registrar *r, struct directory_binding *b); /* also when it has none */
/* Something has changed in how this device is reached: the directory is told whether it is. */
void registrar_review(struct switchboard *sb, struct directory_device *device);

/* ---- keepalive.c ---- */
/* Its phone was just heard, or the binding just came: from now on its way is kept open, if it is over UDP. */
void keepalive_start(struct registrar *r, struct directory_binding *b);
void keepalive_stop(struct registrar *r, struct directory_binding *b); /* also when it was never started */
