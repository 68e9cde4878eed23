/*
 * store/postgresql_statement.c - statements and values on a PostgreSQL connection
 *
 * A statement is sent when it is stepped first, and its whole result is fetched then: others may run before its rows
 * are read to the end. Run once it is sent by itself (one round trip); from the second time on it is prepared under a
 * name, for as long as the connection lives. Values and rows travel in the binary format, so they come back exactly.
 */
#include <limits.h>

#include "base/writer.h"
#include "store/postgresql_private.h"

#define PARAMETERS_MAX 64 /* rows have up to 40 columns */

/* pg_type.dat; they never change. */
enum { TYPE_BOOL = 16, TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23, TYPE_TEXT = 25 };

struct statement {
	struct postgresql_db *p;
	const char *sql;
	unsigned uses, prepared_in; /* generation; 0: never */
	char name[16];

	size_t count;
	Oid types[PARAMETERS_MAX];
	const char *values[PARAMETERS_MAX];
	int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
	uint64_t numbers[PARAMETERS_MAX]; /* in network order */
	char *texts;                      /* copies of what was bound */
	size_t texts_cap;

	PGresult *result; /* NULL: not sent yet */
	int row;
};

int postgresql_prepare(struct db *db, const char *sql, void **ret_statement)
{
	struct statement *s = calloc(1, sizeof(*s));
	if (!s)
		return db_out_of_memory(db);
	s->p = postgresql_of(db);
	s->sql = sql;
	for (size_t i = 0; i < PARAMETERS_MAX; i++)
		s->formats[i] = 1;
	*ret_statement = s;
	return DB_OK;
}

/* On the server a name lives until the connection ends: only statements that the cache keeps get one. */
void postgresql_finalize(void *statement)
{
	struct statement *s = statement;
	PQclear(s->result);
	free(s->texts);
	free(s);
}

/* ---- values ---- */

/* The bytes of the character of UTF-8 that s begins with (RFC 3629 §4); 0: there is none. */
static size_t utf8_length(struct slice s)
{
	const unsigned char *b = (const unsigned char *)s.p;
	size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;

	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong, surrogates, and above U+10FFFF: seen in the second byte. */
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) || (b[0] == 0xf0 && b[1] < 0x90) ||
	    (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return n;
}

/* The server takes UTF-8 only, and what a phone says of itself may be anything: such a byte becomes '?'. */
static void write_utf8(struct writer *w, struct slice s)
{
	while (!slice_empty(s)) {
		size_t n = utf8_length(s);
		if (n > 0)
			write_slice(w, slice_first(s, n));
		else
			write_char(w, '?');
		s = slice_from(s, MAX(n, (size_t)1));
	}
}

static int make_room(struct statement *s, size_t bytes)
{
	if (bytes <= s->texts_cap)
		return DB_OK;
	char *texts = realloc(s->texts, bytes);
	if (!texts)
		return db_out_of_memory(&s->p->db);
	s->texts = texts;
	s->texts_cap = bytes;
	return DB_OK;
}

static Oid type_of(const struct db_value *v)
{
	return v->kind == DB_INT64 ? TYPE_INT8 : v->kind == DB_TEXT ? TYPE_TEXT : TYPE_BYTEA;
}

static int check_value(struct statement *s, size_t at, const struct db_value *v)
{
	if (s->prepared_in && s->types[at] != type_of(v)) {
		db_set_message(&s->p->db, "$%zu has another type than before: %s", at + 1, s->sql);
		return DB_FAILED;
	}
	if (v->kind == DB_TEXT && slice_find(v->bytes, '\0') >= 0) {
		db_set_message(&s->p->db, "$%zu is a text with a NUL byte, which PostgreSQL does not take: %s", at + 1,
			       s->sql);
		return DB_FAILED;
	}
	return DB_OK;
}

static void bind_one(struct statement *s, size_t at, const struct db_value *v, struct writer *w)
{
	s->types[at] = type_of(v);
	if (v->kind == DB_INT64) {
		s->numbers[at] = htobe64((uint64_t)v->number);
		s->values[at] = (const char *)&s->numbers[at];
		s->lengths[at] = sizeof(s->numbers[at]);
		return;
	}
	size_t before = w->n;
	if (v->kind == DB_TEXT)
		write_utf8(w, v->bytes);
	else
		write_slice(w, v->bytes);
	s->values[at] = w->p + before;
	s->lengths[at] = (int)(w->n - before);
}

/* Always copied: numbers change their order of bytes, and texts may need repair. */
int postgresql_bind(struct db *db, void *statement, const struct db_value *values, size_t count, bool copy)
{
	struct statement *s = statement;
	size_t bytes = 1; /* an empty text is not NULL, so it needs an address */

	if (count > PARAMETERS_MAX) {
		db_set_message(db, "more than %d parameters: %s", PARAMETERS_MAX, s->sql);
		return DB_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		int rc = check_value(s, i, &values[i]);
		if (rc < 0)
			return rc;
		bytes += values[i].bytes.n;
	}
	if (bytes > INT_MAX) {
		db_set_message(db, "values of more than 2 GiB: %s", s->sql);
		return DB_FAILED;
	}
	int rc = make_room(s, bytes);
	if (rc < 0)
		return rc;
	struct writer w = writer_on(s->texts, bytes);
	for (size_t i = 0; i < count; i++)
		bind_one(s, i, &values[i], &w);
	ASSERT(!w.overflow);
	s->count = count;
	return DB_OK;
}

/* ---- running ---- */

static int give_name(struct statement *s)
{
	struct postgresql_db *p = s->p;
	snprintf(s->name, sizeof(s->name), "s%u", ++p->names);
	PGresult *r = PQprepare(p->connection, s->name, s->sql, (int)s->count, s->types);
	int rc = PQresultStatus(r) == PGRES_COMMAND_OK ? DB_OK : postgresql_failed(p, r);
	PQclear(r);
	if (rc == DB_OK)
		s->prepared_in = p->generation;
	return rc;
}

static int execute(struct statement *s)
{
	PGconn *c = s->p->connection;
	if (s->uses++ == 0) {
		s->result = PQexecParams(c, s->sql, (int)s->count, s->types, s->values, s->lengths, s->formats, 1);
		return DB_OK;
	}
	int rc = s->prepared_in == s->p->generation ? DB_OK : give_name(s);
	if (rc == DB_OK)
		s->result = PQexecPrepared(c, s->name, (int)s->count, s->values, s->lengths, s->formats, 1);
	return rc;
}

/* Types that the column readers do not know, such as the numeric that sum() gives, are found in the first test. */
static int check_types(struct statement *s)
{
	for (int i = 0; i < PQnfields(s->result); i++) {
		switch (PQftype(s->result, i)) {
		case TYPE_BOOL:
		case TYPE_BYTEA:
		case TYPE_INT8:
		case TYPE_INT2:
		case TYPE_INT4:
		case TYPE_TEXT:
			break;
		default:
			db_set_message(&s->p->db, "column %d is no integer, text or bytes (type %u): cast it: %s",
				       i + 1, PQftype(s->result, i), s->sql);
			return DB_FAILED;
		}
	}
	return DB_OK;
}

/*
 * A transaction in which a statement failed can only be rolled back, and the server answers a COMMIT with just that, as
 * if nothing were wrong.
 */
static int check_commit(struct statement *s)
{
	if (strcmp(s->sql, "COMMIT") != 0 || strcmp(PQcmdStatus(s->result), "COMMIT") == 0)
		return DB_OK;
	db_set_message(&s->p->db, "the transaction was rolled back: a statement in it had failed");
	return DB_FAILED;
}

static int run(struct statement *s)
{
	int rc = execute(s);
	if (rc < 0)
		return rc;
	switch (PQresultStatus(s->result)) {
	case PGRES_TUPLES_OK:
		return check_types(s);
	case PGRES_COMMAND_OK:
		return check_commit(s);
	default:
		return postgresql_failed(s->p, s->result);
	}
}

int postgresql_step(struct db *db, void *statement)
{
	struct statement *s = statement;

	if (s->result) {
		s->row++;
	} else {
		s->row = 0;
		int rc = run(s);
		if (rc < 0)
			return rc;
	}
	return s->row < PQntuples(s->result) ? DB_ROW : DB_OK;
}

void postgresql_reset(void *statement)
{
	struct statement *s = statement;
	PQclear(s->result);
	s->result = NULL;
}

/* ---- columns ---- */

int64_t postgresql_column_int(void *statement, int column)
{
	const struct statement *s = statement;
	const char *p = PQgetvalue(s->result, s->row, column);
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	if (PQgetisnull(s->result, s->row, column))
		return 0;
	switch (PQftype(s->result, column)) {
	case TYPE_INT8:
		memcpy(&u64, p, sizeof(u64));
		return (int64_t)be64toh(u64);
	case TYPE_INT4:
		memcpy(&u32, p, sizeof(u32));
		return (int32_t)be32toh(u32);
	case TYPE_INT2:
		memcpy(&u16, p, sizeof(u16));
		return (int16_t)be16toh(u16);
	default:
		return *p; /* a bool */
	}
}

struct slice postgresql_column_bytes(void *statement, int column)
{
	const struct statement *s = statement;
	return slice_of(PQgetvalue(s->result, s->row, column), (size_t)PQgetlength(s->result, s->row, column));
}

struct slice postgresql_column_text(void *statement, int column)
{
	return postgresql_column_bytes(statement, column);
}
