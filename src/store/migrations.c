/*
 * store/migrations.c - the schema, step by step
 *
 * Ids are UUIDv7, so a primary key grows at its end. `0` stands for "not yet" in times, an empty text for "none".
 * Rows of calls refer to tenants, users and devices without a foreign key: the history of a call outlives them, and a
 * call that ends after its user was removed must still be written.
 */
#include "store/migrate.h"

#define LEG(side)                                                                                                      \
	side "_user ID NOT NULL, " side "_device ID NOT NULL, " side "_uri TEXT NOT NULL, " side                       \
	     "_transport TEXT NOT NULL, " side "_tls TEXT NOT NULL, " side "_srtp TEXT NOT NULL, " side                \
	     "_keys_in_clear INT64 NOT NULL, " side "_codec TEXT NOT NULL, " side "_packets_in INT64 NOT NULL, " side  \
	     "_packets_out INT64 NOT NULL, " side "_lost INT64 NOT NULL, " side "_jitter_us INT64 NOT NULL, " side     \
	     "_round_trip_us INT64 NOT NULL, "

static const char first_schema[] =
	"CREATE TABLE change (seq INT64 PRIMARY KEY, tenant ID NOT NULL, kind INT64 NOT NULL, id ID NOT NULL);"

	/* One row: when the writer was last seen alive while calls were open. */
	"CREATE TABLE heartbeat (number INT64 PRIMARY KEY, alive_us INT64 NOT NULL);"

	"CREATE TABLE tenants (id ID PRIMARY KEY, name TEXT NOT NULL UNIQUE, domain TEXT NOT NULL,"
	" lines INT64 NOT NULL, created_us INT64 NOT NULL);"
	"CREATE UNIQUE INDEX tenants_domain ON tenants (lower(domain));"

	"CREATE TABLE users (id ID PRIMARY KEY, tenant_id ID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,"
	" login TEXT NOT NULL, extension TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,"
	" created_us INT64 NOT NULL, UNIQUE (tenant_id, login), UNIQUE (tenant_id, extension),"
	" UNIQUE (tenant_id, id));"

	/* The pair as foreign key: a device is never in another tenant than its user. */
	"CREATE TABLE devices (id ID PRIMARY KEY, tenant_id ID NOT NULL, user_id ID NOT NULL, name TEXT NOT NULL,"
	" username TEXT NOT NULL UNIQUE, digest INT64 NOT NULL, ha1 BYTES NOT NULL, srtp INT64 NOT NULL,"
	" created_us INT64 NOT NULL, UNIQUE (user_id, name),"
	" FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE);"
	"CREATE INDEX devices_user ON devices (user_id, id);"
	"CREATE INDEX devices_tenant ON devices (tenant_id, id);"

	"CREATE TABLE bindings (id ID PRIMARY KEY, tenant_id ID NOT NULL, user_id ID NOT NULL,"
	" device_id ID NOT NULL REFERENCES devices (id) ON DELETE CASCADE, instance TEXT NOT NULL,"
	" reg_id INT64 NOT NULL, contact TEXT NOT NULL, path TEXT NOT NULL, call_id TEXT NOT NULL,"
	" cseq INT64 NOT NULL, transport INT64 NOT NULL, listener TEXT NOT NULL, local_address TEXT NOT NULL,"
	" remote_address TEXT NOT NULL, user_agent TEXT NOT NULL, expires_us INT64 NOT NULL,"
	" updated_us INT64 NOT NULL);"
	"CREATE INDEX bindings_device ON bindings (device_id);"
	"CREATE INDEX bindings_user ON bindings (user_id, id);"
	"CREATE INDEX bindings_tenant ON bindings (tenant_id, id);"

	"CREATE TABLE calls (id ID PRIMARY KEY, tenant_id ID NOT NULL, call_id TEXT NOT NULL, " LEG("a")
		LEG("b") "started_us INT64 NOT NULL, answered_us INT64 NOT NULL, ended_us INT64 NOT NULL, status INT64 "
			 "NOT NULL,"
			 " cause TEXT NOT NULL, ended_by TEXT NOT NULL, trace TEXT NOT NULL);"
			 "CREATE INDEX calls_tenant ON calls (tenant_id, id);"
			 /* The calls in progress, for the heartbeat and the first start after a crash. */
			 "CREATE INDEX calls_open ON calls (id) WHERE ended_us = 0;";

/*
 * A trunk of the provider has no tenant: the one column where NULL stands for "none", because it is a foreign key; rows
 * say it with an empty text all the same (store/trunks.c). A number goes with the user that it rings: nobody else would
 * answer it.
 */
static const char trunks_and_numbers[] =
	"CREATE TABLE trunks (id ID PRIMARY KEY, tenant_id ID REFERENCES tenants (id) ON DELETE CASCADE,"
	" name TEXT NOT NULL, host TEXT NOT NULL, port INT64 NOT NULL, sources TEXT NOT NULL,"
	" listener TEXT NOT NULL, transport INT64 NOT NULL, srtp INT64 NOT NULL, created_us INT64 NOT NULL);"
	"CREATE UNIQUE INDEX trunks_name ON trunks (coalesce(tenant_id, ''), name);"
	"CREATE INDEX trunks_tenant ON trunks (tenant_id, id);"

	"CREATE TABLE numbers (id ID PRIMARY KEY, tenant_id ID NOT NULL, user_id ID NOT NULL,"
	" number TEXT NOT NULL UNIQUE, created_us INT64 NOT NULL,"
	" FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE);"
	"CREATE INDEX numbers_user ON numbers (user_id, id);"
	"CREATE INDEX numbers_tenant ON numbers (tenant_id, id);"

	"ALTER TABLE calls ADD COLUMN a_trunk ID NOT NULL DEFAULT '';"
	"ALTER TABLE calls ADD COLUMN b_trunk ID NOT NULL DEFAULT '';";

/*
 * SIP messages of calls, several in a row (store/frame.h). The index begins with the call's id, a UUIDv7, so it too
 * grows near its end. Without a foreign key: they go by age, and the first of them may be on its way before the call's
 * row is.
 */
static const char messages[] = "CREATE TABLE messages (id INT64 PRIMARY KEY, call ID NOT NULL, at_us INT64 NOT NULL,"
			       " text TEXT NOT NULL);"
			       "CREATE INDEX messages_call ON messages (call, id);";

static const char keepalive[] = "ALTER TABLE devices ADD COLUMN keepalive INT64 NOT NULL DEFAULT 0;";

static const char updated[] = "ALTER TABLE tenants ADD COLUMN updated_us INT64 NOT NULL DEFAULT 0;"
			      "ALTER TABLE users ADD COLUMN updated_us INT64 NOT NULL DEFAULT 0;"
			      "ALTER TABLE devices ADD COLUMN updated_us INT64 NOT NULL DEFAULT 0;"
			      "ALTER TABLE trunks ADD COLUMN updated_us INT64 NOT NULL DEFAULT 0;"
			      "ALTER TABLE numbers ADD COLUMN updated_us INT64 NOT NULL DEFAULT 0;"
			      "UPDATE tenants SET updated_us = created_us;"
			      "UPDATE users SET updated_us = created_us;"
			      "UPDATE devices SET updated_us = created_us;"
			      "UPDATE trunks SET updated_us = created_us;"
			      "UPDATE numbers SET updated_us = created_us;";

/*
 * What people log in with, and what they and programs then show with each request (store/passes.c). Of what is shown
 * only a hash is kept. NULL stands for "none" where a column is a foreign key, as for trunks.
 */
static const char passes[] =
	"CREATE TABLE logins (user_id ID PRIMARY KEY, tenant_id ID NOT NULL, password TEXT NOT NULL,"
	" totp BYTES NOT NULL, totp_step INT64 NOT NULL,"
	" FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE);"

	"CREATE TABLE passes (id ID PRIMARY KEY, tenant_id ID REFERENCES tenants (id) ON DELETE CASCADE,"
	" user_id ID REFERENCES users (id) ON DELETE CASCADE, kind INT64 NOT NULL, hash BYTES NOT NULL UNIQUE,"
	" name TEXT NOT NULL, role TEXT NOT NULL, read_only INT64 NOT NULL, created_us INT64 NOT NULL,"
	" used_us INT64 NOT NULL, expires_us INT64 NOT NULL);"
	"CREATE INDEX passes_tenant ON passes (tenant_id, id);"
	"CREATE INDEX passes_user ON passes (user_id, id);";

/*
 * Of a delivery only what it is about is kept: what is sent is read from the history when it is sent. told: bits of the
 * events of this call that have become deliveries. webhook_feed has one row: up to which change that was done.
 */
static const char webhooks[] =
	"CREATE TABLE webhooks (id ID PRIMARY KEY, tenant_id ID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,"
	" name TEXT NOT NULL, url TEXT NOT NULL, events INT64 NOT NULL, secret BYTES NOT NULL, state INT64 NOT NULL,"
	" enabled_us INT64 NOT NULL, failing_us INT64 NOT NULL, created_us INT64 NOT NULL, updated_us INT64 NOT NULL,"
	" UNIQUE (tenant_id, name));"
	"CREATE INDEX webhooks_tenant ON webhooks (tenant_id, id);"

	"CREATE TABLE deliveries (id ID PRIMARY KEY, webhook_id ID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,"
	" event INT64 NOT NULL, call ID NOT NULL, at_us INT64 NOT NULL, state INT64 NOT NULL, tries INT64 NOT NULL,"
	" next_us INT64 NOT NULL, tried_us INT64 NOT NULL, took_us INT64 NOT NULL, status INT64 NOT NULL,"
	" said TEXT NOT NULL);"
	"CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);"
	"CREATE INDEX deliveries_waiting ON deliveries (webhook_id, next_us, id) WHERE state = 0;"

	"CREATE TABLE webhook_feed (number INT64 PRIMARY KEY, seq INT64 NOT NULL);"
	"ALTER TABLE calls ADD COLUMN told INT64 NOT NULL DEFAULT 0;";

/* Public keys whose other half a person's device keeps; each is good under one host name. */
static const char passkeys[] =
	"CREATE TABLE passkeys (id ID PRIMARY KEY, tenant_id ID NOT NULL, user_id ID NOT NULL,"
	" credential BYTES NOT NULL UNIQUE, public_key BYTES NOT NULL, host TEXT NOT NULL, signs INT64 NOT NULL,"
	" name TEXT NOT NULL, created_us INT64 NOT NULL, used_us INT64 NOT NULL,"
	" FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE);"
	"CREATE INDEX passkeys_user ON passkeys (user_id, id);";

/*
 * What was done, by whom and from where (store/audit.h). Without foreign keys: a row outlives all that it names. tries:
 * log-ins of a person that have failed since the last that succeeded.
 */
static const char audit[] =
	"CREATE TABLE audit (id ID PRIMARY KEY, tenant ID NOT NULL, number INT64 NOT NULL, at_us INT64 NOT NULL,"
	" act TEXT NOT NULL, thing TEXT NOT NULL, actor_kind TEXT NOT NULL, actor ID NOT NULL,"
	" actor_name TEXT NOT NULL, actor_tenant ID NOT NULL, address TEXT NOT NULL, object ID NOT NULL,"
	" object_name TEXT NOT NULL, owner ID NOT NULL, owner_name TEXT NOT NULL, changed TEXT NOT NULL,"
	" how TEXT NOT NULL, failed INT64 NOT NULL, hash BYTES NOT NULL, UNIQUE (tenant, number));"
	"CREATE INDEX audit_tenant ON audit (tenant, id);"
	"CREATE INDEX audit_object ON audit (object, id);"

	"CREATE TABLE tries (user_id ID PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE, failed INT64 NOT NULL);";

/* Subjects are an issuer's own names for people, and often made for one client: they are kept by both. */
static const char issuers[] =
	"CREATE TABLE issuers (id ID PRIMARY KEY, tenant_id ID NOT NULL UNIQUE REFERENCES tenants (id) ON DELETE "
	"CASCADE,"
	" name TEXT NOT NULL, url TEXT NOT NULL, client_id TEXT NOT NULL, client_secret BYTES NOT NULL,"
	" claim TEXT NOT NULL, mail_domain TEXT NOT NULL, enabled INT64 NOT NULL, passwords INT64 NOT NULL,"
	" created_us INT64 NOT NULL, updated_us INT64 NOT NULL);"

	"CREATE TABLE identities (issuer_id ID NOT NULL REFERENCES issuers (id) ON DELETE CASCADE,"
	" subject TEXT NOT NULL, tenant_id ID NOT NULL, user_id ID NOT NULL, created_us INT64 NOT NULL,"
	" PRIMARY KEY (issuer_id, subject), UNIQUE (issuer_id, user_id),"
	" FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE);"
	"CREATE INDEX identities_user ON identities (user_id);";

/*
 * How calls were protected, a row for each day of a company (store/compliance.c), so that nobody reads years of them;
 * those that have ended are counted here once. Like the calls, they outlive their company.
 */
#define KNOWN(leg) "(" leg "_transport <> '' AND (" leg "_device <> '' OR " leg "_trunk <> ''))"
#define EITHER(condition) "(" condition("a") " OR " condition("b") ")"
#define LEG_VOICE_PLAIN(leg) "(" KNOWN(leg) " AND (" leg "_srtp = '' OR " leg "_keys_in_clear <> 0))"
#define LEG_VOICE_SAFE(leg) "(" KNOWN(leg) " AND " leg "_srtp <> '' AND " leg "_keys_in_clear = 0)"
#define LEG_KEYS_IN_CLEAR(leg) "(" KNOWN(leg) " AND " leg "_srtp <> '' AND " leg "_keys_in_clear <> 0)"
#define LEG_SIGNALLING_PLAIN(leg) "(" KNOWN(leg) " AND " leg "_transport NOT IN ('TLS', 'WSS'))"
#define LEG_SIGNALLING_SAFE(leg) "(" KNOWN(leg) " AND " leg "_transport IN ('TLS', 'WSS'))"
#define PLAIN_VOICE EITHER(LEG_VOICE_PLAIN)
#define SAFE_VOICE EITHER(LEG_VOICE_SAFE)
#define KEYS_IN_CLEAR EITHER(LEG_KEYS_IN_CLEAR)
#define PLAIN_SIGNALLING EITHER(LEG_SIGNALLING_PLAIN)
#define SAFE_SIGNALLING EITHER(LEG_SIGNALLING_SAFE)
#define HOW_MANY(condition) "sum(CASE WHEN " condition " THEN 1 ELSE 0 END)"
/* Sums of conditions are not code that the formatter lays out well. */
/* clang-format off */
static const char call_days[] =
	"CREATE TABLE call_days (tenant_id ID NOT NULL, day INT64 NOT NULL, calls INT64 NOT NULL,"
	" answered INT64 NOT NULL, voice_all INT64 NOT NULL, voice_some INT64 NOT NULL, voice_none INT64 NOT NULL,"
	" keys_in_clear INT64 NOT NULL, signalling_all INT64 NOT NULL, signalling_some INT64 NOT NULL,"
	" signalling_none INT64 NOT NULL, PRIMARY KEY (tenant_id, day));"
	"INSERT INTO call_days SELECT tenant_id, started_us / 86400000000, count(*),"
	" " HOW_MANY("answered_us > 0") ","
	" " HOW_MANY("answered_us > 0 AND " SAFE_VOICE " AND NOT " PLAIN_VOICE) ","
	" " HOW_MANY("answered_us > 0 AND " PLAIN_VOICE " AND " SAFE_VOICE) ","
	" " HOW_MANY("answered_us > 0 AND " PLAIN_VOICE " AND NOT " SAFE_VOICE) ","
	" " HOW_MANY("answered_us > 0 AND " KEYS_IN_CLEAR) ","
	" " HOW_MANY(SAFE_SIGNALLING " AND NOT " PLAIN_SIGNALLING) ","
	" " HOW_MANY(PLAIN_SIGNALLING " AND " SAFE_SIGNALLING) ","
	" " HOW_MANY(PLAIN_SIGNALLING " AND NOT " SAFE_SIGNALLING)
	" FROM calls WHERE ended_us > 0 GROUP BY tenant_id, started_us / 86400000000;"
	/* Tokens are few among sessions. */
	"CREATE INDEX passes_tokens ON passes (tenant_id, id) WHERE kind = 1;";
/* clang-format on */

/*
 * What is in force counts as bought. A company's own admins may have set it before, also to none: the provider is to
 * look through them after the upgrade (CHANGELOG.md). A token goes with whoever made it; NULL: it was made on the
 * server, or before that was written down.
 */
static const char bought_and_made[] =
	"ALTER TABLE tenants ADD COLUMN lines_bought INT64 NOT NULL DEFAULT 0;"
	"UPDATE tenants SET lines_bought = lines;"
	"ALTER TABLE passes ADD COLUMN maker_id ID REFERENCES users (id) ON DELETE CASCADE;"
	"CREATE INDEX passes_maker ON passes (maker_id) WHERE maker_id IS NOT NULL;";

/*
 * Instant messages that webhooks are told of: who to whom, and what came of it; they go after their deliveries. What a
 * delivery names is a call or, of the events from 4 on, one of these: the index finds those that none names any more.
 */
static const char instants[] =
	"CREATE TABLE instants (id ID PRIMARY KEY, tenant_id ID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,"
	" sender ID NOT NULL, from_uri TEXT NOT NULL, recipient ID NOT NULL, to_uri TEXT NOT NULL, type TEXT NOT NULL,"
	" bytes INT64 NOT NULL, status INT64 NOT NULL, at_us INT64 NOT NULL);"
	"CREATE INDEX instants_tenant ON instants (tenant_id);"
	"CREATE INDEX deliveries_message ON deliveries (call) WHERE event >= 4;";

const struct migration store_migrations[] = {
	{1, "tenants, users, devices, bindings and calls", first_schema},
	{2, "trunks and numbers", trunks_and_numbers},
	{3, "SIP messages of calls", messages},
	{4, "how a device's way through NAT is kept open", keepalive},
	{5, "when what people configure was last written", updated},
	{6, "logins, sessions and tokens", passes},
	{7, "webhooks and their deliveries", webhooks},
	{8, "passkeys", passkeys},
	{9, "the audit trail", audit},
	{10, "issuers of identity, and whom they know", issuers},
	{11, "how calls were protected, by day", call_days},
	{12, "lines that companies have bought, and who made a token", bought_and_made},
	{13, "instant messages that webhooks are told of", instants},
};
const size_t store_migration_count = ARRAY_LEN(store_migrations);
