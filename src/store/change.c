/* store/change.c - the feed: noted beside every write, loaded before the commit, trimmed as it grows */
#include "store/change.h"
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

/* Looked up once a transaction: nobody else adds rows while it runs, and the look-up costs as much as the insert. */
static int first_seq(struct db *db)
{
	struct db_rows *rows = db_query(db, "SELECT coalesce(max(seq), 0) + 1 FROM change", NULL, 0);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW)
		db->next_seq = db_int(rows, 0);
	db_end(rows);
	return MIN(rc, DB_OK);
}

int store_note_change(struct db *db, struct slice tenant, enum store_kind kind, struct slice id)
{
	if (tenant.n >= STORE_ID_CAP || id.n >= STORE_ID_CAP) {
		db_set_message(db, "an id has more than %d characters", STORE_ID_CAP - 1);
		return DB_FAILED;
	}
	if (!make_room(db)) {
		db_set_message(db, "out of memory");
		return DB_FAILED;
	}
	int rc = db->next_seq && db_in_transaction(db) ? DB_OK : first_seq(db);
	if (rc == DB_OK)
		rc = db_do(db, "INSERT INTO change (seq, tenant, kind, id) VALUES ($1, $2, $3, $4)", DB_I(db->next_seq),
			   DB_T(tenant), DB_I(kind), DB_T(id));
	if (rc < 0)
		return rc;

	struct db_note *note = &db->notes[db->note_count++];
	*note = (struct db_note){
		.seq = db->next_seq++, .kind = kind, .tenant_length = (uint8_t)tenant.n, .id_length = (uint8_t)id.n};
	if (tenant.n)
		memcpy(note->tenant, tenant.p, tenant.n);
	if (id.n)
		memcpy(note->id, id.p, id.n);
	return DB_OK;
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
		rc = change->row ? DB_OK : DB_FAILED;
		if (rc < 0)
			db_set_message(db, "out of memory");
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
	if (!set) {
		db_set_message(db, "out of memory");
		return DB_FAILED;
	}
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
