/*
 * store/rows.h - the rows as plain structs, and the one function of each kind that writes it
 *
 * Every write of a name, number or secret goes through here, so that sealing them later touches one place a kind. All
 * run on a store thread, inside a job's run(); each notes its change. Slices are borrowed for the call.
 */
#pragma once
#include "base/writer.h"
#include "store/store.h"

/*
 * updated_us of what people configure is the wall clock of its last write, and above the one before: it names the state
 * of a row, so that who writes can say which one they have seen.
 */
struct store_tenant {
	struct slice id, name, domain;
	int64_t lines;        /* calls at once; 0: not limited. Never more than are bought. */
	int64_t lines_bought; /* what the provider lets them have; 0: no bound */
	int64_t created_us, updated_us;
};
struct store_user {
	struct slice id, tenant, login, extension, name, role;
	int64_t created_us, updated_us;
};
/* OFF: plain RTP is allowed for this device. DTLS: it speaks as a browser does. Numbers are the column's. */
enum store_srtp { STORE_SRTP_SDES, STORE_SRTP_OFF, STORE_SRTP_DTLS };
/* What keeps the way to a phone on UDP open through NAT (call/keepalive.c). */
enum store_keepalive { STORE_KEEPALIVE_CRLF, STORE_KEEPALIVE_OPTIONS, STORE_KEEPALIVE_OFF };
struct store_device {
	struct slice id, tenant, user, name, username;
	int64_t digest;    /* enum sip_digest_algorithm: 0 MD5, 1 SHA-256 */
	struct slice ha1;  /* 16 or 32 bytes; read from and written to its column in store/devices.c only */
	int64_t srtp;      /* enum store_srtp */
	int64_t keepalive; /* enum store_keepalive */
	int64_t created_us, updated_us;
};
/* How a device is reached now (§10 of RFC 3261, RFC 5626, 3327). */
struct store_binding {
	struct slice id, tenant, user, device;
	struct slice instance; /* +sip.instance, or empty */
	int64_t reg_id;        /* 0: none */
	struct slice contact;  /* Contact URI */
	struct slice path;     /* Path values, comma separated, or empty */
	struct slice call_id;
	int64_t cseq;
	int64_t transport;          /* enum sip_transport */
	struct slice listener;      /* local "address:port" of the listener, so that a restart finds it again */
	struct slice local, remote; /* "address:port" */
	struct slice user_agent;
	int64_t expires_us; /* wall clock */
	int64_t updated_us;
};
/* A trunk to an operator or gateway, known by its address. */
struct store_trunk {
	struct slice id, tenant; /* tenant empty: the provider's, shared by all */
	struct slice name, host; /* host: a name or an address, without brackets */
	int64_t port;            /* 0: as DNS says, or the transport's own */
	struct slice sources;  /* CIDR blocks, comma separated: whence its requests come; empty: it only takes calls */
	struct slice listener; /* "address:port" of ours that it must come to, and is called from; empty: any */
	int64_t transport;     /* enum sip_transport: UDP, TCP or TLS */
	int64_t srtp;          /* enum store_srtp */
	int64_t created_us, updated_us;
};
/* A number of a tenant, E.164, and who is rung by it. */
struct store_number {
	struct slice id, tenant, user, number;
	int64_t created_us, updated_us;
};
/* What opens the API: a session of a person who has logged in, or a token of a program. */
enum store_pass_kind { STORE_SESSION, STORE_TOKEN };
#define STORE_PASS_HASH 32
struct store_pass {
	struct slice id;
	struct slice tenant; /* empty: the provider's token */
	struct slice user;   /* empty: a token */
	struct slice maker;  /* of a token: the person it goes with; empty: none is known */
	int64_t kind;        /* enum store_pass_kind */
	struct slice hash;   /* STORE_PASS_HASH bytes: SHA-256 of what is shown, which nobody keeps */
	struct slice name;   /* of a token, for people */
	struct slice role;   /* of a session: what its user's was when it began */
	bool read_only;
	int64_t created_us, used_us, expires_us; /* used_us of a token that never was: created_us */
};
/* Whom a company wants to be told of its calls (store/deliveries.h). */
enum store_webhook_state { STORE_WEBHOOK_ON, STORE_WEBHOOK_OFF, STORE_WEBHOOK_FAILED };
struct store_webhook {
	struct slice id, tenant, name, url;
	int64_t events;      /* bits: 1 << enum store_delivery_event */
	struct slice secret; /* that deliveries are signed with; read from and written to its column here only */
	int64_t state;       /* enum store_webhook_state; FAILED: switched off by us */
	int64_t enabled_us;  /* it is told of what happened since */
	int64_t failing_us;  /* since when no delivery has succeeded; 0: the last one did */
	int64_t created_us, updated_us;
};
/* Who vouches for a company's people when they log in (OpenID Connect); a company has one at most. */
struct store_issuer {
	struct slice id, tenant, name;
	struct slice url; /* as its tokens have it in `iss`, to the byte */
	struct slice client_id;
	struct slice client_secret; /* read from and written to its column here only */
	struct slice claim;         /* says who a token is about, until its `sub` is known */
	struct slice mail_domain;   /* of addresses in that claim; at first the tenant's own domain, which it does not
				       follow */
	bool on;
	bool passwords; /* people may log in in other ways too; admins always may */
	int64_t created_us, updated_us;
};
struct store_leg {                        /* columns a_... and b_... of a call row */
	struct slice user, device, trunk; /* ids, empty if none */
	struct slice uri;                 /* whom: the extension or number */
	struct slice transport;           /* "TLS" */
	struct slice tls;                 /* "TLSv1.3 TLS_AES_256_GCM_SHA384", empty for plaintext signalling */
	struct slice srtp;                /* suite name, before it "DTLS " if that made the keys; "" for plain voice */
	bool keys_in_clear;               /* SDES over plaintext signalling */
	struct slice codec;               /* "opus/48000/2" */
	int64_t packets_in, packets_out, lost, jitter_us, round_trip_us;
};
struct store_call {
	struct slice id, tenant, call_id;
	struct store_leg caller, callee;
	int64_t started_us, answered_us, ended_us; /* 0: not yet */
	int64_t status;                            /* final SIP status, 0: none yet */
	struct slice
		cause; /* "answered", "busy", "declined", "no-answer", "cancelled", "unreachable", "crashed", ... */
	struct slice ended_by; /* "caller", "callee", "alto", or empty */
	struct slice trace;    /* decisions, one a line: "+0.012 ring device desk" */
};

MUST_USE int
store_tenant_put(struct db *db,
		 const struct store_tenant *t); /* insert or update by id; DB_CONFLICT: name or domain taken */
MUST_USE int store_user_put(struct db *db, const struct store_user *u);
MUST_USE int store_device_put(struct db *db, const struct store_device *d);
MUST_USE int store_binding_put(struct db *db, const struct store_binding *b);
MUST_USE int store_trunk_put(struct db *db, const struct store_trunk *t); /* DB_CONFLICT: its owner has such a name */
MUST_USE int
store_number_put(struct db *db,
		 const struct store_number *n); /* DB_CONFLICT: it exists, or the user is not the tenant's */
/*
 * DB_OK also when there was none (then nothing changed). What belongs to it goes with it by ON DELETE CASCADE, without
 * changes of its own; call rows stay until retention takes them.
 */
MUST_USE int store_webhook_put(struct db *db,
			       const struct store_webhook *w); /* DB_CONFLICT: its tenant has such a name */
/* DB_CONFLICT: its tenant has another. Where people are others by the same `sub`, nobody is linked any more. */
MUST_USE int store_issuer_put(struct db *db, const struct store_issuer *i);
MUST_USE int store_tenant_remove(struct db *db, struct slice id);
MUST_USE int store_user_remove(struct db *db, struct slice id);
MUST_USE int store_device_remove(struct db *db, struct slice id);
MUST_USE int store_binding_remove(struct db *db, struct slice id);
MUST_USE int store_trunk_remove(struct db *db, struct slice id);
MUST_USE int store_number_remove(struct db *db, struct slice id);
MUST_USE int store_webhook_remove(struct db *db, struct slice id);
MUST_USE int store_issuer_remove(struct db *db, struct slice id);
/* The same for what people configure, by its kind: tenant, user, device, trunk, number, webhook or issuer. */
MUST_USE int store_put(struct db *db, enum store_kind kind, const void *row);
MUST_USE int store_remove(struct db *db, enum store_kind kind, struct slice id);
int64_t store_updated_us(enum store_kind kind, const void *row);
void store_set_updated_us(enum store_kind kind, void *row, int64_t updated_us);
size_t store_row_bytes(enum store_kind kind);
/* Equal in all but updated_us. */
bool store_same(enum store_kind kind, const void *a, const void *b);
/* A member that is text, by its name; empty: the kind has none of that name. */
struct slice store_text_of(enum store_kind kind, const void *row, const char *member);
/* fn with the name of each member but updated_us in which they differ. */
void store_differences(enum store_kind kind, const void *a, const void *b, void (*fn)(void *arg, const char *member),
		       void *arg);
/*
 * Many call rows at once, each inserted or updated by id. A call's first write, its answer and its end are coalesced by
 * call/history.c when they happen within one flush, so a short call costs one statement.
 */
MUST_USE int store_call_put(struct db *db, const struct store_call *c);
/*
 * At start, before the first call: rows without an end get cause "crashed" and ended_us = the last moment known: the
 * writer's heartbeat (each second with other writes while calls are open, else every 5 s; not above wall_us), the
 * answer or the start, whichever is latest. Notes their changes. Returns how many, or a db_error.
 */
MUST_USE int store_calls_close_crashed(struct db *db, int64_t wall_us);
/* The one with this id, or none. fn is called on the store thread; the row is borrowed. */
MUST_USE int store_call_get(struct db *db, struct slice id, void (*fn)(void *arg, const struct store_call *c),
			    void *arg);
/*
 * Calls, newest first. Where they are filtered, at most `scan` rows are looked at for a page, so that one that finds
 * little does not hold up the others: a page may then be short, or empty, and *ret_more (empty: all was looked at) is
 * where to go on. fn is called on the store thread; the row is borrowed.
 */
struct store_calls_page {
	struct slice tenant; /* id; empty: all */
	struct slice before; /* ids below this one; empty: from the newest on */
	int64_t limit;       /* 0: all */
	int64_t scan;        /* rows to look at; 0: there is no filter, none of what follows */
	struct slice user;   /* id of the person on either side */
	struct slice number; /* or extension, of either side */
	struct slice cause;
	int answered;           /* 1: only those that were; -1: only the others; 0: all */
	struct slice like;      /* a pattern for numbers, cause and Call-ID: store_like() */
	int64_t from_us, to_us; /* begun at `from` or later, and before `to`; 0: any time */
};
/* Calls looked at, the newest: of a day with 50,000 it is about 0.3 s of the reader. */
#define STORE_PEAK_CALLS 200000
/*
 * The most calls at once of a tenant (empty: of all) from from_us on and before to_us, ringing ones among them. Calls
 * begun more than six hours before, and of more than STORE_PEAK_CALLS the oldest, are not counted. Lines are what is
 * counted: who found none had none.
 */
MUST_USE int store_calls_peak(struct db *db, struct slice tenant, int64_t from_us, int64_t to_us, int64_t *ret);
MUST_USE int store_calls_list(struct db *db, const struct store_calls_page *page,
			      void (*fn)(void *arg, const struct store_call *c), void *arg,
			      char ret_more[STORE_ID_CAP]);
/* A pattern that finds the words anywhere, ASCII letters in any case. False: it does not fit. */
MUST_USE bool store_like(struct slice words, struct writer *ret);
/*
 * Rows of a kind in order of id: all of them for the directory's load at start (after and tenant empty, limit 0), or a
 * page of a listing. Not for STORE_CALL. row: struct store_tenant, _user, _device, _binding, _trunk,
 * _number, _pass, _webhook or _issuer, borrowed for the call.
 */
struct store_page {
	struct slice tenant; /* only this tenant's; empty: all */
	struct slice user;   /* devices, bindings and numbers: only this user's; empty: all */
	struct slice after;  /* ids above this one; empty: from the start */
	int64_t limit;       /* 0: all */
	struct slice role;   /* users: only with this one; empty: all */
	struct slice like;   /* tenants, users, devices: a pattern for names, store_like(); empty: all */
};
/* Room for a row of any kind but calls. */
union store_any_row {
	struct store_tenant tenant;
	struct store_user user;
	struct store_device device;
	struct store_binding binding;
	struct store_trunk trunk;
	struct store_number number;
	struct store_pass pass;
	struct store_webhook webhook;
	struct store_issuer issuer;
};
/* How many rows of a kind there are; not for STORE_CALL. */
MUST_USE int store_count(struct db *db, enum store_kind kind, int64_t *ret);
/* The one with this id, as this transaction sees it, or none: fn is not called then. */
MUST_USE int store_get(struct db *db, enum store_kind kind, struct slice id, void (*fn)(void *arg, const void *row),
		       void *arg);
MUST_USE int store_list(struct db *db, enum store_kind kind, const struct store_page *page,
			void (*fn)(void *arg, const void *row), void *arg);

/* How a person logs in. Not in the read model, so without changes in the feed. */
struct store_login {
	struct slice password; /* crypto/login.h; empty: none */
	struct slice totp;     /* the secret of a code app; empty: none */
	int64_t totp_step;     /* the newest that was used: a code is good once */
};
/* The one of this user, or none. fn is called on the store thread; the row is borrowed. */
MUST_USE int store_login_get(struct db *db, struct slice user, void (*fn)(void *arg, const struct store_login *l),
			     void *arg);
/* DB_CONFLICT: no such user of this tenant. */
MUST_USE int store_password_set(struct db *db, struct slice tenant, struct slice user, struct slice hash);
/* A secret, or none if it is empty. DB_OK also when nobody logs in by this user. */
MUST_USE int store_totp_set(struct db *db, struct slice user, struct slice secret, int64_t step);
/* *ret_fresh: the step is newer than all that were used; it is used now. */
MUST_USE int store_totp_use(struct db *db, struct slice user, int64_t step, bool *ret_fresh);
/* One more log-in of this person has failed: *ret so many have. DB_CONFLICT: there is no such person. */
MUST_USE int store_try_failed(struct db *db, struct slice user, int64_t *ret);
/* One has succeeded: *ret so many had failed before. */
MUST_USE int store_try_succeeded(struct db *db, struct slice user, int64_t *ret);

/* A public key that a person's device or stick keeps the other half of (WebAuthn). Not in the read model either. */
#define STORE_PASSKEY_KEY 64
struct store_passkey {
	struct slice id, tenant, user;
	struct slice credential;     /* by which the authenticator knows it */
	struct slice key;            /* STORE_PASSKEY_KEY bytes: the point of P-256 */
	struct slice host;           /* the name that the console had: it is good there alone */
	int64_t count;               /* of its signatures; 0: it does not count */
	struct slice name;           /* for people */
	int64_t created_us, used_us; /* used_us 0: never yet */
};
/* fn is called on the store thread, never if there is none; the row is borrowed. */
MUST_USE int store_passkey_get(struct db *db, struct slice credential,
			       void (*fn)(void *arg, const struct store_passkey *p), void *arg);
/* All of a person, oldest first. */
MUST_USE int store_passkeys_list(struct db *db, struct slice user, void (*fn)(void *arg, const struct store_passkey *p),
				 void *arg);
/* A new one. *ret_room: the person had fewer than `most`. DB_CONFLICT: it is there, or no such user of the tenant. */
MUST_USE int store_passkey_put(struct db *db, const struct store_passkey *p, int64_t most, bool *ret_room);
/*
 * *ret_fresh: it counted on, or does not count, and was last used before before_us (INT64_MAX: whenever); only then is
 * anything written.
 */
MUST_USE int store_passkey_use(struct db *db, struct slice id, int64_t count, int64_t before_us, int64_t now_us,
			       bool *ret_fresh);
MUST_USE int store_passkey_rename(struct db *db, struct slice user, struct slice id, struct slice name,
				  bool *ret_there);
MUST_USE int store_passkey_remove(struct db *db, struct slice user, struct slice id, bool *ret_there);
MUST_USE int store_passkeys_remove_of_user(struct db *db, struct slice user);
/*
 * Whom an issuer has vouched for, by the `sub` that it knows them by: one person each, and one `sub` a person. Not in
 * the read model.
 */
struct store_identity {
	struct slice issuer, subject; /* id of the issuer */
};
/* fn is called on the store thread, never if nobody is known by it. */
MUST_USE int store_identity_get(struct db *db, const struct store_identity *i, void (*fn)(void *arg, struct slice user),
				void *arg);
/* *ret: this person is known by it now, and was by no other before. DB_CONFLICT: no such issuer or user. */
MUST_USE int store_identity_keep(struct db *db, const struct store_identity *i, struct slice tenant, struct slice user,
				 int64_t now_us, bool *ret);
MUST_USE int store_identities_remove_of_user(struct db *db, struct slice user);
/* A new one. */
MUST_USE int store_pass_put(struct db *db, const struct store_pass *p);
/* DB_OK also when there is none: one that was removed meanwhile does not come back. */
MUST_USE int store_pass_use(struct db *db, struct slice id, int64_t now_us);
MUST_USE int store_pass_remove(struct db *db, struct slice id);
/* Those whose time is over. */
MUST_USE int store_passes_expire(struct db *db, int64_t now_us);
MUST_USE int store_passes_remove_of_user(struct db *db, struct slice user, struct slice except);
/*
 * Before an issuer becomes this, or with NULL is removed: the sessions of those whom it has vouched for, if it is
 * switched off by that, or is another issuer's or client's word.
 */
MUST_USE int store_sessions_remove_of_issuer(struct db *db, struct slice issuer, const struct store_issuer *next);
/* Of a person's sessions only the newest `keep` stay. */
MUST_USE int store_sessions_trim(struct db *db, struct slice user, int64_t keep);
/* Tokens that this person has made; fn, which returns a db_error, is told each when it is gone. */
MUST_USE int store_tokens_remove_of_maker(struct db *db, struct slice maker,
					  int (*fn)(void *arg, const struct store_pass *p), void *arg);
/* How many tokens a tenant has. */
MUST_USE int store_tokens_count(struct db *db, struct slice tenant, int64_t *ret);
/* Tokens in order of id; of one tenant, or all if it is empty. */
MUST_USE int store_tokens_list(struct db *db, const struct store_page *page, void (*fn)(void *arg, const void *row),
			       void *arg);
