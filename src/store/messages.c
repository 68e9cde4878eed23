/* store/messages.c - rows of SIP messages: put, listed message by message, deleted when they are old */
#include "store/messages.h"
#include "store/db_private.h"

int store_messages_next_id(struct db *db, int64_t *ret)
{
	return db_number(db, "SELECT coalesce(max(id), 0) + 1 FROM messages", NULL, 0, ret);
}

int store_messages_put(struct db *db, int64_t id, struct slice call, int64_t at_us, struct slice frames)
{
	return db_do(db, "INSERT INTO messages (id, call, at_us, text) VALUES ($1, $2, $3, $4)", DB_I(id), DB_T(call),
		     DB_I(at_us), DB_T(frames));
}

struct reading {
	int64_t row, after; /* the first row wanted, and the message before the first one wanted */
	bool (*fn)(void *arg, const struct store_message *m);
	void *arg;
	bool ended; /* by fn, or by a frame that cannot be read */
};

static void read_row(struct reading *r, int64_t row, struct slice frames)
{
	struct store_message m;
	for (int64_t i = 0; frames.n && !r->ended; i++) {
		r->ended = i == STORE_MESSAGES_A_ROW || !store_frame_read(&frames, &m);
		m.id = row * STORE_MESSAGES_A_ROW + i;
		if (!r->ended && m.id > r->after)
			r->ended = !r->fn(r->arg, &m);
	}
	r->row = row + 1;
}

/* DB_ROW: there may be others. */
static int read_rows(struct db *db, struct slice call, struct reading *r)
{
	struct db_rows *rows = db_query(
		db, "SELECT id, text FROM messages WHERE call = $1 AND id >= $2 ORDER BY id LIMIT $3",
		(struct db_value[]){DB_T(call), DB_I(r->row), DB_I(STORE_MESSAGES_ROWS)}, 3);
	if (!rows)
		return DB_FAILED;
	int rc = DB_OK, count = 0;
	while (!r->ended && (rc = db_next(rows)) == DB_ROW) {
		read_row(r, db_int(rows, 0), db_text(rows, 1));
		count++;
	}
	db_end(rows);
	if (rc < 0 || r->ended)
		return MIN(rc, DB_OK);
	return count == STORE_MESSAGES_ROWS ? DB_ROW : DB_OK;
}

int store_messages_list(struct db *db, struct slice call, int64_t after,
			bool (*fn)(void *arg, const struct store_message *m), void *arg)
{
	struct reading r = {.row = after / STORE_MESSAGES_A_ROW, .after = after, .fn = fn, .arg = arg};
	int rc;
	do
		rc = read_rows(db, call, &r);
	while (rc == DB_ROW);
	return rc;
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
