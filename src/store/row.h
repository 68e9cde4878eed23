/* store/row.h - rows described as tables of columns, so that binding, reading and copying is written once */
#pragma once
#include "base/arena.h"
#include "store/rows.h"

#define STORE_COLUMNS_MAX 40

/* What a member of the struct is: a slice, an int64_t or a bool. */
enum store_column_type { COLUMN_TEXT, COLUMN_BYTES, COLUMN_INT64, COLUMN_BOOL };
struct store_column {
	uint16_t offset;
	uint8_t type;
	const char *name; /* of the member */
};
#define COLUMN(type, row, member)                                                                                      \
	{                                                                                                              \
		offsetof(struct row, member), type, #member                                                            \
	}

/* A kind of row. All statements give the columns in this order, the listings in order of id. */
struct store_rows {
	size_t bytes; /* of the struct */
	const struct store_column *columns;
	size_t count;
	uint16_t updated;           /* the column updated_us; 0: none that names a state */
	const char *all;            /* how many there are */
	const char *get;            /* by id */
	const char *list;           /* $1: ids above, $2: limit */
	const char *list_of_tenant; /* $1: tenant, $2: ids above, $3: limit */
	const char *search; /* $1: pattern, $2: ids above; tenants then $3: limit, others $3: tenant or empty, $4: role
			       or user or empty, $5: limit; NULL: none */
	const char *list_of_user; /* $1: user, $2: ids above, $3: tenant or empty, $4: limit; NULL: none */
};
extern const struct store_rows store_tenant_rows, store_user_rows, store_device_rows, store_binding_rows,
	store_trunk_rows, store_number_rows, store_pass_rows, store_webhook_rows, store_issuer_rows;
/* NULL: a kind whose rows do not travel with their changes (calls, the audit trail). */
const struct store_rows *store_rows_of(enum store_kind kind);
/* ret borrows from the row that db_next() gave. */
void store_row_read(const struct store_rows *rows, struct db_rows *from, void *ret);
/* A copy that lives as long as the arena; NULL: out of memory. */
MUST_USE const void *store_row_copy(const struct store_rows *rows, struct arena *arena, const void *row);

/* Write a row with `sql` (its columns in order). */
MUST_USE int store_row_write(struct db *db, const char *sql, const struct store_rows *rows, const void *row);
/* The same, and note the change. */
MUST_USE int store_row_put(struct db *db, const char *sql, const struct store_rows *rows, const void *row,
			   struct slice tenant, enum store_kind kind, struct slice id);
/* sql: UPDATE or DELETE of the row with this id, RETURNING its tenant. Notes the change if there was such a row. */
MUST_USE int store_row_change(struct db *db, const char *sql, const struct db_value *values, size_t count,
			      enum store_kind kind, struct slice id);
/* sql: DELETE by id RETURNING its tenant. Notes the change if there was such a row. */
MUST_USE int store_row_remove(struct db *db, const char *sql, enum store_kind kind, struct slice id);
