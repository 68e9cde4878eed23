/*
 * store/postgresql.c - the connection to a PostgreSQL server: made, locked, lost and made anew
 *
 * The writing connection holds an advisory lock for as long as it lives, and makes it its first business: whatever is
 * written was written under the lock, also after the connection was made anew.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/postgresql_private.h"

/* After a failed attempt the next one waits, so that each batch of jobs does not wait for a connect_timeout. */
#define BACKOFF_MIN_US (100 * MS_US)
#define BACKOFF_MAX_US (2 * SECOND_US)
#define VERSION_MIN 140000 /* client_connection_check_interval */

/*
 * A lock, also the one against a second alto, is waited for as long as SQLite waits for a foreign process. The other
 * settings let the server notice within half a minute that we are gone without a word, and let go of the lock; and undo
 * what an administrator may have set for short sessions.
 */
static const char settings[] = "SET lock_timeout = '5s';"
			       "SET statement_timeout = 0;"
			       "SET idle_in_transaction_session_timeout = 0;"
			       "SET idle_session_timeout = 0;"
			       "SET tcp_keepalives_idle = 10;"
			       "SET tcp_keepalives_interval = 5;"
			       "SET tcp_keepalives_count = 3;"
			       "SET tcp_user_timeout = 25000;"
			       "SET client_connection_check_interval = '10s';"
			       "SET client_min_messages = 'warning';";

/* Committed means on the disk, and on the standby where the server has a synchronous one; remote_apply says more. */
static const char durable[] = "SELECT set_config('synchronous_commit', 'on', false)"
			      " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')";

#define LOCK_NUMBER "7020113940033205614" /* "alto.run" */
static const char take_lock[] = "SELECT pg_advisory_lock(" LOCK_NUMBER ")";
static const char lock_holder[] =
	"SELECT coalesce(host(client_addr), 'the database''s own host') || ', since ' || "
	"to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"') "
	"FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND "
	"((classid::bigint << 32) | objid::bigint) = " LOCK_NUMBER;

static void disconnect(struct postgresql_db *p)
{
	PQfinish(p->connection);
	p->connection = NULL;
}

/* ---- errors ---- */

/* By SQLSTATE, or its class (PostgreSQL's manual, appendix A); the first that fits. */
static int translate(const char *state)
{
	static const struct {
		const char *begins;
		int error;
	} states[] = {
		{"23503", DB_CONFLICT},  /* a foreign key */
		{"23505", DB_CONFLICT},  /* a unique key */
		{"25006", DB_READ_ONLY}, /* a server that is standby now, or a session that may not write */
		{"42501", DB_READ_ONLY}, /* a right was taken away */
		{"53100", DB_FULL},      /* the server's disk */
		{"53", DB_LOST},         /* out of memory, of connections */
		{"08", DB_LOST},         /* the connection */
		{"57P", DB_LOST},        /* shutting down, or not up yet */
		{"58", DB_LOST},         /* its files or system refuse */
		{"40", DB_BUSY},         /* a deadlock, or not to be serialized */
		{"55P03", DB_BUSY},      /* a lock was not to be had in time */
		{"57014", DB_BUSY},      /* somebody cancelled it */
		{"XX001", DB_CORRUPT},   /* damaged data */
		{"XX002", DB_CORRUPT},   /* a damaged index */
		{"XX", DB_LOST},         /* a fault of the server: nothing that our rows could mend */
	};
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strncmp(state, states[i].begins, strlen(states[i].begins)) == 0)
			return states[i].error;
	}
	return DB_FAILED;
}

/* libpq's own words are lines; ours are sentences in a line. */
static void set_message(struct postgresql_db *p, const char *text, const char *state)
{
	db_set_message(&p->db, "%.200s%s%s%s", text, *state ? " (" : "", state, *state ? ")" : "");
	size_t n = strlen(p->db.message);
	while (n > 0 && p->db.message[n - 1] == '\n')
		p->db.message[--n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (p->db.message[i] == '\n' || p->db.message[i] == '\t')
			p->db.message[i] = ' ';
	}
}

int postgresql_failed(struct postgresql_db *p, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	/* Not the server's word but libpq's: the connection broke, which its status does not always say yet. */
	if (!state || !text) {
		set_message(p, p->connection ? PQerrorMessage(p->connection) : "not connected", "");
		disconnect(p);
		return DB_LOST;
	}
	set_message(p, text, state);
	int rc = translate(state);
	p->doubted |= rc == DB_READ_ONLY && !p->db.read_only;
	return rc;
}

/* ---- connecting ---- */

static void ignore_notice(void *arg, const PGresult *result) {}

/* One or several statements whose results do not matter. */
static int command(struct postgresql_db *p, const char *sql)
{
	PGresult *r = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(r);
	int rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? DB_OK : postgresql_failed(p, r);
	PQclear(r);
	return rc;
}

/* The alto that holds the lock could end in between; then its place is free, which the next attempt finds. */
static void say_who_holds_the_lock(struct postgresql_db *p)
{
	PGresult *r = PQexec(p->connection, lock_holder);
	bool known = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0;
	db_set_message(&p->db,
		       "another alto (connected from %.80s) is using this database: stop it first, or name another",
		       known ? PQgetvalue(r, 0, 0) : "?");
	PQclear(r);
}

static int check_server(struct postgresql_db *p)
{
	const char *encoding = PQparameterStatus(p->connection, "server_encoding");
	if (PQserverVersion(p->connection) < VERSION_MIN) {
		db_set_message(&p->db, "the server is older than PostgreSQL 14");
		return DB_FAILED;
	}
	if (!encoding || strcmp(encoding, "UTF8") != 0) {
		db_set_message(&p->db, "the database has the encoding %.20s: make one with ENCODING 'UTF8'",
			       encoding ? encoding : "?");
		return DB_FAILED;
	}
	return DB_OK;
}

static int set_up(struct postgresql_db *p)
{
	int rc = check_server(p);
	if (rc == DB_OK)
		rc = command(p, settings);
	if (rc == DB_OK)
		rc = command(p, durable);
	if (rc == DB_OK && p->db.read_only)
		return command(p, "SET default_transaction_read_only = on");
	if (rc == DB_OK)
		rc = command(p, take_lock);
	if (rc == DB_BUSY)
		say_who_holds_the_lock(p);
	return rc;
}

static int connect_once(struct postgresql_db *p)
{
	/* In this order: the URL wins over what stands before it, and what stands after wins over the URL. */
	static const char *const names[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
					    "keepalives_count", "tcp_user_timeout", "application_name",
					    "dbname",           "client_encoding",  NULL};
	const char *const values[] = {"5", "10", "5", "3", "25000", "alto", p->url, "UTF8", NULL};

	disconnect(p);
	p->connection = PQconnectdbParams(names, values, 1);
	int rc = PQstatus(p->connection) == CONNECTION_OK ? DB_OK : DB_LOST;
	if (rc == DB_OK) {
		PQsetNoticeReceiver(p->connection, ignore_notice, NULL);
		rc = set_up(p);
	} else {
		set_message(p, PQerrorMessage(p->connection), "");
	}
	if (rc < 0)
		disconnect(p);
	else
		p->generation++;
	return rc;
}

static int postgresql_connect(struct db *db)
{
	struct postgresql_db *p = postgresql_of(db);
	if (PQstatus(p->connection) == CONNECTION_OK && !p->doubted)
		return DB_OK;
	if (clock_monotonic_us() < p->next_attempt_us)
		return p->last_failure; /* with its message */

	p->doubted = false;
	p->last_failure = connect_once(p);
	if (p->last_failure == DB_OK) {
		p->backoff_us = 0;
		log_event(LOG_INFO, "store.connected", LOG_STR("host", PQhost(p->connection)),
			  LOG_STR("for", db->read_only ? "reading" : "writing"));
	} else {
		p->backoff_us = MIN(MAX(p->backoff_us * 2, BACKOFF_MIN_US), BACKOFF_MAX_US);
	}
	p->next_attempt_us = clock_monotonic_us() + p->backoff_us;
	return p->last_failure;
}

/* ---- the back end ---- */

static int postgresql_script(struct db *db, const char *sql)
{
	return command(postgresql_of(db), sql);
}

/* A lost connection has none: the server has undone what was not committed. */
static bool in_transaction(const struct db *db)
{
	PGTransactionStatusType status = PQtransactionStatus(postgresql_of(db)->connection);
	return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static void postgresql_close(struct db *db)
{
	struct postgresql_db *p = postgresql_of(db);
	disconnect(p);
	free(p->url);
	free(p);
}

/* Ids and texts are compared byte by byte, as SQLite does, whatever the locale of the database. */
static const struct db_backend postgresql_backend = {
	.begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED",
	.begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	.types = {"text COLLATE \"C\"", "text COLLATE \"C\"", "bigint", "bytea"},
	.connect = postgresql_connect,
	.prepare = postgresql_prepare,
	.finalize = postgresql_finalize,
	.bind = postgresql_bind,
	.step = postgresql_step,
	.reset = postgresql_reset,
	.column_int = postgresql_column_int,
	.column_text = postgresql_column_text,
	.column_bytes = postgresql_column_bytes,
	.script = postgresql_script,
	.in_transaction = in_transaction,
	.close = postgresql_close,
};

/* libpq's reason would quote the URL, and with it the password. */
static bool is_url(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	PQconninfoFree(options);
	return options != NULL;
}

int postgresql_open(const char *url, bool read_only, struct db **ret, char reterr[256])
{
	if (!is_url(url)) {
		snprintf(reterr, 256, "libpq cannot read this URL");
		return -EINVAL;
	}
	struct postgresql_db *p = calloc(1, sizeof(*p));
	char *copy = p ? slice_dup(slice_from_string(url)) : NULL;
	if (!copy) {
		snprintf(reterr, 256, "out of memory");
		free(p);
		return -ENOMEM;
	}
	db_init(&p->db, &postgresql_backend, read_only);
	p->url = copy;
	int rc = postgresql_connect(&p->db);
	if (rc < 0) {
		snprintf(reterr, 256, "%s", p->db.message);
		db_close(&p->db);
		return store_errno(rc);
	}
	*ret = &p->db;
	return 0;
}
