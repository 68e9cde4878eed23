/* store/messages.c - rows of SIP messages: put with their secrets cut, listed, deleted when they are old */
#include "store/messages.h"
#include "store/db_private.h"
#include "store/secrets.h"

int store_messages_next_id(struct db *db, int64_t *ret)
{
	struct db_rows *rows = db_query(db, "SELECT coalesce(max(id), 0) + 1 FROM messages", NULL, 0);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW)
		*ret = db_int(rows, 0);
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_message_put(struct db *db, const struct store_message *m)
{
	size_t cap = m->text.n + SECRETS_GROWTH;
	char *text = malloc(cap);
	if (!text) {
		db_set_message(db, "out of memory");
		return DB_FAILED;
	}
	struct writer w = writer_on(text, cap);
	secrets_cut(m->text, &w);
	ASSERT(!w.overflow);
	int rc = db_do(db,
		       "INSERT INTO messages (id, call, at_us, sent, callee, transport, remote, text) "
		       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		       DB_I(m->id), DB_T(m->call), DB_I(m->at_us), DB_I(m->sent), DB_I(m->callee), DB_T(m->transport),
		       DB_T(m->remote), DB_T(writer_slice(&w)));
	free(text);
	return rc;
}

int store_messages_list(struct db *db, struct slice call, int64_t after,
			bool (*fn)(void *arg, const struct store_message *m), void *arg)
{
	struct db_rows *rows = db_query(db,
					"SELECT id, call, at_us, sent, callee, transport, remote, text FROM messages "
					"WHERE call = $1 AND id > $2 ORDER BY id",
					(struct db_value[]){DB_T(call), DB_I(after)}, 2);
	if (!rows)
		return DB_FAILED;
	int rc;
	bool more = true;
	while (more && (rc = db_next(rows)) == DB_ROW) {
		struct store_message m = {.id = db_int(rows, 0),
					  .call = db_text(rows, 1),
					  .at_us = db_int(rows, 2),
					  .sent = db_int(rows, 3) != 0,
					  .callee = db_int(rows, 4) != 0,
					  .transport = db_text(rows, 5),
					  .remote = db_text(rows, 6),
					  .text = db_text(rows, 7)};
		more = fn(arg, &m);
	}
	db_end(rows);
	return more ? rc : DB_OK;
}

/* The last of the oldest rows that are to go; 0: none. Ids grow with time, so no index by time is needed. */
static int find_last(struct db *db, int64_t before_us, int64_t *ret, bool *ret_more)
{
	struct db_rows *rows = db_query(db, "SELECT id, at_us FROM messages ORDER BY id LIMIT $1",
					&DB_I(STORE_MESSAGES_TRIM), 1);
	if (!rows)
		return DB_FAILED;
	int rc, count = 0;
	while ((rc = db_next(rows)) == DB_ROW && db_int(rows, 1) < before_us) {
		*ret = db_int(rows, 0);
		count++;
	}
	db_end(rows);
	*ret_more = count == STORE_MESSAGES_TRIM;
	return MIN(rc, DB_OK);
}

int store_messages_trim(struct db *db, int64_t before_us, bool *ret_more)
{
	int64_t last = 0;
	int rc = find_last(db, before_us, &last, ret_more);
	return rc < 0 || !last ? rc : db_do(db, "DELETE FROM messages WHERE id <= $1", DB_I(last));
}
