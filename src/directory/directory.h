/*
 * directory/directory.h - who exists and how they are reached: the in-memory read model of the store
 *
 * Loaded at start, then kept true by the change feed (directory_apply). Bindings are the one exception: a refresh
 * changes memory at once and is written within 5 s. Owner: the switchboard's thread. Everything is found by hash;
 * nothing here walks all users. Pointers are good for the current callback only: who keeps something longer keeps its
 * id.
 */
#pragma once
#include "base/address.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/wheel.h"
#include "store/rows.h"

struct directory;

/* created_us and updated_us: wall clock, of the row's making and its last write. */
struct directory_tenant {
	struct map_node by_id, by_name, by_domain;
	struct slice id, name, domain;
	char *text;            /* private: where the slices point, when not behind the struct itself */
	uint32_t lines;        /* 0: not limited; never more than are bought */
	uint32_t lines_bought; /* 0: no bound */
	uint32_t calls;        /* in progress now: kept by `call` */
	uint32_t users;
	uint32_t browsers; /* pages that are phones: directory_browser_add() */
	uint16_t messages; /* of its people, on their way now: kept by `call` */
	uint16_t telling;  /* of which its webhooks are still to be told: kept by `call` */
	uint8_t hearing;   /* webhooks of it that hear of messages: kept by `web` */
	uint64_t told;     /* events of it since the start: kept by `web` */
	int64_t created_us, updated_us;
	struct directory_user *first_user;
	struct directory_trunk *first_trunk; /* its own, in order of creation */
	struct directory_number *first_number, **last_number;
	struct directory_issuer *issuer; /* NULL: none */
};
struct directory_user {
	struct map_node by_id, by_extension, by_login;
	struct directory_tenant *tenant;
	struct directory_user *next_in_tenant, **prev_in_tenant; /* both ways: a tenant may have many users */
	struct directory_device *first_device;
	struct directory_number *first_number;
	struct slice id, login, extension, name, role;
	int64_t created_us, updated_us;
	char *text;
	uint16_t speaking; /* sides of calls that are answered: directory_count_speaking() */
};
struct directory_device {
	struct map_node by_id, by_username;
	struct directory_user *user;
	struct directory_device *next_of_user;
	struct directory_binding *first_binding;
	struct slice id, name, username;
	int64_t created_us, updated_us;
	char *text;
	uint8_t digest; /* enum sip_digest_algorithm */
	uint8_t ha1[32];
	uint8_t srtp;      /* enum store_srtp */
	uint8_t keepalive; /* enum store_keepalive */
	uint16_t messages; /* of its user, on their way now: kept by `call` */
	bool reachable;    /* by a call, now: directory_set_reachable() */
	void *browser;     /* of a page, in memory only: directory_browser_add(); NULL: a phone */
};
/* The texts of a binding, in one block and in this order: directory_binding_text(). */
enum directory_binding_text {
	BINDING_ID,
	BINDING_INSTANCE, /* +sip.instance, or empty */
	BINDING_CONTACT,  /* URI */
	BINDING_PATH,     /* values, comma separated, or empty */
	BINDING_CALL_ID,
	BINDING_USER_AGENT,
	BINDING_TEXTS
};
/* What memory grows by with each phone: tests/sim/test_keepalive.c holds it and what goes with it below 1 KiB. */
struct directory_binding {
	struct map_node by_id;
	struct directory_device *device;
	struct directory_binding *next_of_device;
	struct map_node by_connection; /* while `watched`: call/registrar_flow.c */
	struct timer expiry;           /* run by call/registrar_write.c */
	struct timer keepalive;        /* and what follows: by call/keepalive.c, for UDP */
	pool_handle probe;             /* the OPTIONS that awaits its answer; 0: none */
	pool_handle connection;        /* 0: UDP, or a connection that is gone (the phone is expected back) */
	struct address local, remote;
	uint32_t reg_id, cseq;
	int64_t expires_us, updated_us; /* wall clock */
	int64_t stored_until_us;        /* what the disk has as expires_us; of no meaning while `unsaved` */
	char *text;                     /* all texts, without gaps */
	uint16_t text_n[BINDING_TEXTS];
	uint16_t listener;
	uint8_t transport;  /* enum sip_transport */
	uint8_t unanswered; /* OPTIONS in a row */
	bool dirty;         /* refreshed in memory, not yet written */
	bool unsaved;       /* the disk does not have it: taken from memory while it stalled, or refused by it */
	bool watched;       /* its connection's end will be heard of */
};
struct slice directory_binding_text(const struct directory_binding *b, enum directory_binding_text which);

/* Where a trunk's requests come from: one block of addresses, in the map of all. */
struct directory_source {
	struct map_node node;
	struct address_block block;
	struct directory_trunk *trunk;
};
#define DIRECTORY_SOURCES_MAX 16 /* blocks of a trunk; operators publish a handful */
struct directory_trunk {
	struct map_node by_id;
	struct directory_tenant *tenant; /* NULL: the provider's, shared by all */
	struct directory_trunk *next_of_owner;
	struct directory_source *sources;
	size_t source_count;
	struct slice id, name, host;
	struct slice from;       /* the sources as text */
	struct address listener; /* of ours, where its requests must arrive; port 0: any of its transport */
	int64_t created_us, updated_us;
	char *text;
	uint16_t port;     /* 0: not given */
	uint8_t transport; /* enum sip_transport */
	uint8_t srtp;      /* enum store_srtp */
};
struct directory_number {
	struct map_node by_id, by_number;
	struct directory_tenant *tenant;
	struct directory_user *user;
	struct directory_number *next_in_tenant, **prev_in_tenant; /* in order of creation */
	struct directory_number *next_of_user;
	struct slice id, number; /* "+33142685300" */
	int64_t created_us, updated_us;
};

/* Who vouches for a tenant's people: struct store_issuer says what each is. */
struct directory_issuer {
	struct map_node by_id;
	struct directory_tenant *tenant;
	struct slice id, name, url, client_id, client_secret, claim, mail_domain;
	int64_t created_us, updated_us;
	char *text;
	bool on, passwords;
};

MUST_USE int directory_new(struct random *random, struct directory **ret);
struct directory *directory_free(struct directory *d);
/* At start, on the store's thread or before it runs: read everything. 0, -ENOMEM, -EIO. 100,000 users and bindings in
 * under 2 s. */
MUST_USE int directory_load(struct directory *d, struct db *db);
/*
 * One change of the feed; calls are not the directory's. For a binding not newer than what memory holds (updated_us)
 * nothing happens: it is our own write coming back. What belongs to a removed row goes with it (the feed has no change
 * for what SQL cascades). A row whose parent is unknown is left out and counted: its parent was removed in the same
 * transaction. Objects keep their address while they change. Removing a tenant takes about a microsecond for each of
 * its users.
 */
void directory_apply(struct directory *d, const struct store_change *change);

/*
 * A device that is in no database: a person's browser, for as long as its page is open. Known like others by id and
 * user name, neither of which is taken, and rung like them; the feed tells nothing of it, and nothing of it is written.
 * It goes with its user, or by directory_browser_remove(), with its bindings. keeper: the caller's own, not NULL. 0,
 * -ENOMEM, -ENOENT.
 */
MUST_USE int directory_browser_add(struct directory *d, const struct store_device *row, void *keeper);
void directory_browser_remove(struct directory *d, struct directory_device *browser);

struct directory_tenant *directory_tenant_by_id(struct directory *d, struct slice id);
struct directory_tenant *directory_tenant_by_name(struct directory *d, struct slice name);
struct directory_tenant *directory_tenant_by_domain(struct directory *d, struct slice domain); /* no case */
/* All of them: at the start. */
void directory_tenants_each(struct directory *d, void (*fn)(void *arg, const struct directory_tenant *t), void *arg);
struct directory_user *directory_user_by_id(struct directory *d, struct slice id);
struct directory_user *directory_user_by_extension(struct directory *d, const struct directory_tenant *t,
						   struct slice extension);
struct directory_user *directory_user_by_login(struct directory *d, const struct directory_tenant *t,
					       struct slice login);
struct directory_device *directory_device_by_id(struct directory *d, struct slice id);
struct directory_device *
directory_device_by_username(struct directory *d, struct slice username); /* unique in the installation, case kept */
struct directory_binding *directory_binding_by_id(struct directory *d, struct slice id);
struct directory_trunk *directory_trunk_by_id(struct directory *d, struct slice id);
struct directory_trunk *directory_shared_trunks(const struct directory *d); /* the first; then next_of_owner */
struct directory_number *directory_number_by_id(struct directory *d, struct slice id);
struct directory_issuer *directory_issuer_by_id(struct directory *d, struct slice id);
struct directory_number *directory_number_find(struct directory *d, struct slice number); /* in E.164, with + */

/*
 * A trunk that has this address among its sources and that fits; the narrowest block first. NULL: none. One look-up for
 * each length of block that any trunk uses, whatever there is of users and trunks.
 */
struct directory_trunk *directory_trunk_by_source(struct directory *d, const struct address *from,
						  bool (*fits)(const struct directory_trunk *t, const void *arg),
						  const void *arg);
/* "192.0.2.0/24,198.51.100.7": false for what is not that, or has more than DIRECTORY_SOURCES_MAX blocks. */
MUST_USE bool directory_sources_parse(struct slice text, struct address_block ret[DIRECTORY_SOURCES_MAX],
				      size_t *ret_count);

/*
 * Bindings in memory, for call/registrar.c. put: makes the binding of this id what the row says, or adds it; its device
 * must exist, and a binding stays with its device. What only this process knows of it (connection, listener, timers)
 * stays. The same texts again take no memory. 0, -ENOMEM, -ENOENT. A binding that was removed comes back under a new
 * id: the feed still has to tell of the removal of the old one.
 */
MUST_USE int directory_binding_put(struct directory *d, const struct store_binding *row,
				   struct directory_binding **ret);
/* A phone that restarted has another Call-ID. 0, or -ENOMEM and it has the old one. */
MUST_USE int directory_binding_set_call_id(struct directory *d, struct directory_binding *b, struct slice call_id);
void directory_binding_remove(struct directory *d, struct directory_binding *b);
/* All of them; fn may change a binding, and removes none. */
void directory_bindings_each(struct directory *d, void (*fn)(void *arg, struct directory_binding *b), void *arg);
/*
 * removed: when a binding has left its device, by any way, before it is freed: its timers must be stopped. added: when
 * one comes by the feed or the load, or is changed by the feed (written by someone else): its listener is to be found
 * and its timer set anew; `row` is what it was read from. Neither is called for directory_binding_put(). Set before the
 * load; either may be NULL.
 */
typedef void (*directory_binding_added_fn)(void *arg, struct directory_binding *b, const struct store_binding *row);
typedef void (*directory_binding_removed_fn)(void *arg, struct directory_binding *b);
void directory_on_binding(struct directory *d, directory_binding_added_fn added, directory_binding_removed_fn removed,
			  void *arg);
/*
 * Would a call find its way to this device now? `call` knows, and says so whenever it changes; without a binding it is
 * false.
 */
void directory_set_reachable(struct directory *d, struct directory_device *dev, bool reachable);
/* The user with this id has begun to speak in a call, or does so no more: `call` says each once. */
void directory_count_speaking(struct directory *d, struct slice user, bool begins);
/*
 * A device of this user has become reachable, or is not any more; there is one more or less; or the user is on a call
 * from now on, or on none. The feed tells of bindings, devices and calls, to those who may see them, and knows nothing
 * of pages and connections. fn changes nothing here. NULL: nobody is told.
 */
typedef void (*directory_presence_fn)(void *arg, const struct directory_user *user);
void directory_on_presence(struct directory *d, directory_presence_fn fn, void *arg);

struct directory_figures {
	uint32_t tenants, users, bindings, trunks, numbers;
	uint32_t devices; /* a browser is one while its page is there */
	uint32_t devices_reachable;
	uint64_t changes_ignored; /* rows whose parent is not there */
	uint64_t changes_missed;  /* out of memory: the read model lacks something until the next start */
};
void directory_figures(const struct directory *d, struct directory_figures *ret);
