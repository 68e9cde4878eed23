/* store/row.c - what all kinds of rows have in common */
#include "store/row.h"

const struct store_rows *store_rows_of(enum store_kind kind)
{
	static const struct store_rows *const kinds[STORE_KIND_COUNT] = {
		[STORE_TENANT] = &store_tenant_rows, [STORE_USER] = &store_user_rows,
		[STORE_DEVICE] = &store_device_rows, [STORE_BINDING] = &store_binding_rows,
		[STORE_TRUNK] = &store_trunk_rows,   [STORE_NUMBER] = &store_number_rows,
		[STORE_PASS] = &store_pass_rows,     [STORE_WEBHOOK] = &store_webhook_rows,
		[STORE_ISSUER] = &store_issuer_rows,
	};
	ASSERT(kind < STORE_KIND_COUNT);
	return kinds[kind];
}

static void row_values(const struct store_rows *rows, const void *row, struct db_value ret[STORE_COLUMNS_MAX])
{
	ASSERT(rows->count <= STORE_COLUMNS_MAX);
	for (size_t i = 0; i < rows->count; i++) {
		const void *member = (const char *)row + rows->columns[i].offset;
		switch (rows->columns[i].type) {
		case COLUMN_TEXT:
			ret[i] = DB_T(*(const struct slice *)member);
			break;
		case COLUMN_BYTES:
			ret[i] = DB_B(*(const struct slice *)member);
			break;
		case COLUMN_INT64:
			ret[i] = DB_I(*(const int64_t *)member);
			break;
		default:
			ret[i] = DB_I(*(const bool *)member);
			break;
		}
	}
}

void store_row_read(const struct store_rows *rows, struct db_rows *from, void *ret)
{
	memset(ret, 0, rows->bytes);
	for (size_t i = 0; i < rows->count; i++) {
		void *member = (char *)ret + rows->columns[i].offset;
		switch (rows->columns[i].type) {
		case COLUMN_TEXT:
			*(struct slice *)member = db_text(from, (int)i);
			break;
		case COLUMN_BYTES:
			*(struct slice *)member = db_bytes(from, (int)i);
			break;
		case COLUMN_INT64:
			*(int64_t *)member = db_int(from, (int)i);
			break;
		default:
			*(bool *)member = db_int(from, (int)i) != 0;
			break;
		}
	}
}

const void *store_row_copy(const struct store_rows *rows, struct arena *arena, const void *row)
{
	size_t bytes = rows->bytes;
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->columns[i].type <= COLUMN_BYTES)
			bytes += ((const struct slice *)(const void *)((const char *)row + rows->columns[i].offset))->n;
	}
	char *copy = arena_alloc(arena, bytes);
	if (!copy)
		return NULL;

	char *text = copy + rows->bytes;
	memcpy(copy, row, rows->bytes);
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->columns[i].type > COLUMN_BYTES)
			continue;
		struct slice *s = (struct slice *)(void *)(copy + rows->columns[i].offset);
		if (s->n)
			memcpy(text, s->p, s->n);
		s->p = text;
		text += s->n;
	}
	return copy;
}

int store_row_write(struct db *db, const char *sql, const struct store_rows *rows, const void *row)
{
	struct db_value values[STORE_COLUMNS_MAX];

	row_values(rows, row, values);
	return db_run(db, sql, values, rows->count);
}

int store_row_put(struct db *db, const char *sql, const struct store_rows *rows, const void *row, struct slice tenant,
		  enum store_kind kind, struct slice id)
{
	int rc = store_row_write(db, sql, rows, row);
	return rc < 0 ? rc : store_note_change(db, tenant, kind, id);
}

int store_row_change(struct db *db, const char *sql, const struct db_value *values, size_t count, enum store_kind kind,
		     struct slice id)
{
	struct db_rows *rows = db_query(db, sql, values, count);
	if (!rows)
		return DB_FAILED;
	int rc = db_next(rows);
	if (rc == DB_ROW)
		rc = store_note_change(db, db_text(rows, 0), kind, id);
	/* To the end, where foreign keys are checked. */
	if (rc == DB_OK)
		rc = db_next(rows);
	db_end(rows);
	return rc;
}

int store_row_remove(struct db *db, const char *sql, enum store_kind kind, struct slice id)
{
	return store_row_change(db, sql, &DB_T(id), 1, kind, id);
}

int store_put(struct db *db, enum store_kind kind, const void *row)
{
	switch (kind) {
	case STORE_TENANT:
		return store_tenant_put(db, row);
	case STORE_USER:
		return store_user_put(db, row);
	case STORE_DEVICE:
		return store_device_put(db, row);
	case STORE_TRUNK:
		return store_trunk_put(db, row);
	case STORE_WEBHOOK:
		return store_webhook_put(db, row);
	case STORE_ISSUER:
		return store_issuer_put(db, row);
	default:
		ASSERT(kind == STORE_NUMBER);
		return store_number_put(db, row);
	}
}

int store_remove(struct db *db, enum store_kind kind, struct slice id)
{
	switch (kind) {
	case STORE_TENANT:
		return store_tenant_remove(db, id);
	case STORE_USER:
		return store_user_remove(db, id);
	case STORE_DEVICE:
		return store_device_remove(db, id);
	case STORE_TRUNK:
		return store_trunk_remove(db, id);
	case STORE_WEBHOOK:
		return store_webhook_remove(db, id);
	case STORE_ISSUER:
		return store_issuer_remove(db, id);
	default:
		ASSERT(kind == STORE_NUMBER);
		return store_number_remove(db, id);
	}
}

size_t store_row_bytes(enum store_kind kind)
{
	return store_rows_of(kind)->bytes;
}

static size_t updated_at(enum store_kind kind)
{
	const struct store_rows *rows = store_rows_of(kind);
	ASSERT(rows && rows->updated);
	return rows->columns[rows->updated].offset;
}

int64_t store_updated_us(enum store_kind kind, const void *row)
{
	return *(const int64_t *)(const void *)((const char *)row + updated_at(kind));
}

void store_set_updated_us(enum store_kind kind, void *row, int64_t updated_us)
{
	*(int64_t *)(void *)((char *)row + updated_at(kind)) = updated_us;
}

struct slice store_text_of(enum store_kind kind, const void *row, const char *member)
{
	const struct store_rows *rows = store_rows_of(kind);
	for (size_t i = 0; i < rows->count; i++)
		if (rows->columns[i].type == COLUMN_TEXT && strcmp(rows->columns[i].name, member) == 0)
			return *(const struct slice *)(const void *)((const char *)row + rows->columns[i].offset);
	return SLICE_NONE;
}

void store_differences(enum store_kind kind, const void *a, const void *b, void (*fn)(void *arg, const char *member),
		       void *arg)
{
	const struct store_rows *rows = store_rows_of(kind);
	struct db_value of_a[STORE_COLUMNS_MAX], of_b[STORE_COLUMNS_MAX];
	row_values(rows, a, of_a);
	row_values(rows, b, of_b);
	for (size_t i = 0; i < rows->count; i++)
		if (i != rows->updated && (of_a[i].number != of_b[i].number || !slice_eq(of_a[i].bytes, of_b[i].bytes)))
			fn(arg, rows->columns[i].name);
}

static void note_difference(void *arg, const char *member)
{
	*(bool *)arg = true;
}

bool store_same(enum store_kind kind, const void *a, const void *b)
{
	bool differ = false;
	store_differences(kind, a, b, note_difference, &differ);
	return !differ;
}

int store_get(struct db *db, enum store_kind kind, struct slice id, void (*fn)(void *arg, const void *row), void *arg)
{
	const struct store_rows *k = store_rows_of(kind);
	ASSERT(k);
	struct db_rows *rows = db_query(db, k->get, &DB_T(id), 1);
	if (!rows)
		return DB_FAILED;
	union store_any_row row;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		store_row_read(k, rows, &row);
		fn(arg, &row);
	}
	db_end(rows);
	return rc;
}

int store_count(struct db *db, enum store_kind kind, int64_t *ret)
{
	const struct store_rows *k = store_rows_of(kind);
	ASSERT(k);
	return db_number(db, k->all, NULL, 0, ret);
}

static struct db_rows *search(struct db *db, const struct store_rows *k, const struct store_page *page,
			      struct db_value limit)
{
	ASSERT(k->search);
	struct db_value like = DB_T(slice_empty(page->like) ? SLICE("%") : page->like), after = DB_T(page->after);
	struct db_value narrow = DB_T(slice_empty(page->role) ? page->user : page->role);
	if (!k->list_of_user)
		return db_query(db, k->search, (struct db_value[]){like, after, limit}, 3);
	return db_query(db, k->search, (struct db_value[]){like, after, DB_T(page->tenant), narrow, limit}, 5);
}

int store_list(struct db *db, enum store_kind kind, const struct store_page *page,
	       void (*fn)(void *arg, const void *row), void *arg)
{
	const struct store_rows *k = store_rows_of(kind);
	ASSERT(k);
	struct db_value after = DB_T(page->after), limit = DB_I(page->limit > 0 ? page->limit : INT64_MAX);
	struct db_value tenant = DB_T(page->tenant), user = DB_T(page->user);
	struct db_rows *rows;

	if (!slice_empty(page->like) || !slice_empty(page->role))
		rows = search(db, k, page, limit);
	else if (!slice_empty(page->user) && k->list_of_user)
		rows = db_query(db, k->list_of_user, (struct db_value[]){user, after, tenant, limit}, 4);
	else if (!slice_empty(page->tenant))
		rows = db_query(db, k->list_of_tenant, (struct db_value[]){tenant, after, limit}, 3);
	else
		rows = db_query(db, k->list, (struct db_value[]){after, limit}, 2);
	if (!rows)
		return DB_FAILED;

	union store_any_row row;
	int rc;
	while ((rc = db_next(rows)) == DB_ROW) {
		store_row_read(k, rows, &row);
		fn(arg, &row);
	}
	db_end(rows);
	return rc;
}
