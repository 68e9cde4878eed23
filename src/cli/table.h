/* cli/table.h - aligned columns for people */
#pragma once
#include <jansson.h>

#include "base/common.h"

struct table_column {
	const char *title;
	const char *member; /* of an item: shown as table_text() writes it */
	/* Or, NULL: none, what writes the cell's text of an item. */
	void (*cell)(const json_t *item, char *ret, size_t cap);
};
/* A line of titles and one for each item; `none` when there are no items. */
void table_print(const struct table_column *columns, size_t count, const json_t *items, const char *none);

/* ---- for cells ---- */
/* A member as text: "-" for null or none. */
void table_text(const json_t *item, const char *member, char *ret, size_t cap);
/* "2026-11-24 03:59:33" of an RFC 3339 time. */
void table_time(const json_t *item, const char *member, char *ret, size_t cap);
/* A line of "  label  value", aligned; nothing for an empty value. */
void table_line(const char *label, const char *value);
/* Text from elsewhere, without what a terminal would obey. */
void table_put(const char *text);
