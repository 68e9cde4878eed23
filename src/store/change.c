/* store/change.c - the feed: noted beside every write, loaded before the commit, trimmed as it grows */
#include "store/change.h"
#include "base/log.h"
#include "store/row.h"

static bool make_room(struct db *db)
{
	if (db->note_count < db->note_cap)
		return true;
	size_t cap = db->note_cap ? db->note_cap * 2 : 64;
	struct db_note *notes = realloc(db->notes, cap * sizeof(*notes));
	if (!notes)
		return false;
	db->notes = notes;
	db->note_cap = cap;
	return true;
}

static int newest_seq(struct db *db, int64_t *ret)
{
	return db_number(db, "SELECT coalesce(max(seq), 0) FROM change", NULL, 0, ret);
}

int change_begin(struct db *db)
{
	return newest_seq(db, &db->last_seq);
}

/*
 * Looked up once a transaction: nobody else adds rows while it runs, and the look-up costs as much as the insert. Above
 * what was delivered, even if the database came back older than it was.
 */
static int first_seq(struct db *db)
{
	int64_t newest = 0;
	int rc = newest_seq(db, &newest);
	if (rc == DB_OK)
		db->next_seq = MAX(newest, db->last_seq) + 1;
	return rc;
}

static int add_note(struct db *db, int64_t seq, enum store_kind kind, struct slice tenant, struct slice id)
{
	if (tenant.n >= STORE_ID_CAP || id.n >= STORE_ID_CAP) {
		db_set_message(db, "an id has more than %d characters", STORE_ID_CAP - 1);
		return DB_FAILED;
	}
	if (!make_room(db))
		return db_out_of_memory(db);
	struct db_note *note = &db->notes[db->note_count++];
	*note = (struct db_note){
		.seq = seq, .kind = kind, .tenant_length = (uint8_t)tenant.n, .id_length = (uint8_t)id.n};
	if (tenant.n)
		memcpy(note->tenant, tenant.p, tenant.n);
	if (id.n)
		memcpy(note->id, id.p, id.n);
	return DB_OK;
}

int store_note_change(struct db *db, struct slice tenant, enum store_kind kind, struct slice id)
{
	int rc = db->next_seq && db_in_transaction(db) ? DB_OK : first_seq(db);
	/* Noted first: it can still be refused, and a row that fails takes its note with it (job or savepoint). */
	if (rc == DB_OK)
		rc = add_note(db, db->next_seq, kind, tenant, id);
	if (rc == DB_OK)
		rc = db_do(db, "INSERT INTO change (seq, tenant, kind, id) VALUES ($1, $2, $3, $4)", DB_I(db->next_seq),
			   DB_T(tenant), DB_I(kind), DB_T(id));
	if (rc == DB_OK)
		db->next_seq++;
	return rc;
}

int change_catch_up(struct db *db)
{
	struct db_rows *rows = db_query(db, "SELECT seq, kind, tenant, id FROM change WHERE seq >= $1 ORDER BY seq",
					&DB_I(db->last_seq), 1);
	if (!rows)
		return DB_FAILED;
	bool found = db->last_seq == 0;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		int64_t seq = db_int(rows, 0), kind = db_int(rows, 1);
		if (seq == db->last_seq)
			found = true;
		else if (kind >= 0 && kind < STORE_KIND_COUNT)
			rc = add_note(db, seq, (enum store_kind)kind, db_text(rows, 2), db_text(rows, 3));
		if (rc < 0)
			break;
	}
	db_end(rows);
	/* A standby that did not have everything was made the writer, or more was written than the table keeps. */
	if (rc == DB_OK && !found)
		log_event(LOG_ERROR, "store.feed_broken", LOG_INT("after", db->last_seq));
	return rc;
}

static int load_row(struct db *db, struct arena *arena, struct store_change *change)
{
	const struct store_rows *kind = store_rows_of(change->kind);
	if (!kind)
		return DB_OK;

	struct db_rows *rows = db_query(db, kind->get, &DB_T(change->id), 1);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW) {
		union store_any_row row;
		store_row_read(kind, rows, &row);
		change->row = store_row_copy(kind, arena, &row);
		rc = change->row ? DB_OK : db_out_of_memory(db);
	}
	db_end(rows);
	return rc;
}

int change_set_load(struct db *db, struct change_set **ret)
{
	size_t count = db->note_count;
	if (count == 0) {
		*ret = NULL;
		return DB_OK;
	}
	struct change_set *set = calloc(1, sizeof(*set) + count * sizeof(set->changes[0]));
	if (!set)
		return db_out_of_memory(db);
	arena_init(&set->arena, 16384, SIZE_MAX);
	set->count = count;
	set->notes = db->notes;
	db->notes = NULL;
	db->note_count = db->note_cap = 0;

	for (size_t i = 0; i < count; i++) {
		const struct db_note *note = &set->notes[i];
		set->changes[i] = (struct store_change){.seq = note->seq,
							.kind = note->kind,
							.tenant = slice_of(note->tenant, note->tenant_length),
							.id = slice_of(note->id, note->id_length)};
		int rc = load_row(db, &set->arena, &set->changes[i]);
		if (rc < 0) {
			change_set_free(set);
			return rc;
		}
	}
	*ret = set;
	return DB_OK;
}

struct change_set *change_set_free(struct change_set *set)
{
	if (set) {
		arena_done(&set->arena);
		free(set->notes);
		free(set);
	}
	return NULL;
}

int change_trim(struct db *db)
{
	return db_do(db, "DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - $1",
		     DB_I(STORE_CHANGES_KEPT));
}
