/* cli/table.c - measures, then prints; what comes from phones and people cannot move the terminal */
#include "cli/table.h"

#define CELL_CAP 256
#define COLUMNS_MAX 12

/* Characters of UTF-8, which is what a terminal shows one a column for the scripts of Europe. */
static size_t width(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_put(const char *text)
{
	for (const char *s = text; *s; s++) {
		unsigned char c = (unsigned char)*s;
		/* C0, DEL, and the first byte's next of C1 (c2 80 to c2 9f). */
		bool c1 = c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;
		if (c1)
			s++;
		(void)putchar(c < 0x20 || c == 0x7f || c1 ? '?' : *s);
	}
}

static void put_padded(const char *text, size_t to, bool last)
{
	table_put(text);
	for (size_t n = width(text); !last && n < to + 2; n++)
		(void)putchar(' ');
}

static void write_cell(const struct table_column *column, const json_t *item, char *ret, size_t cap)
{
	if (column->cell)
		column->cell(item, ret, cap);
	else
		table_text(item, column->member, ret, cap);
}

void table_print(const struct table_column *columns, size_t count, const json_t *items, const char *none)
{
	size_t widths[COLUMNS_MAX] = {0};
	char cell[CELL_CAP];
	ASSERT(count <= COLUMNS_MAX);
	if (json_array_size(items) == 0) {
		(void)printf("%s\n", none);
		return;
	}
	for (size_t k = 0; k < count; k++) {
		widths[k] = width(columns[k].title);
		for (size_t i = 0; i < json_array_size(items); i++) {
			write_cell(&columns[k], json_array_get(items, i), cell, sizeof(cell));
			widths[k] = MAX(widths[k], width(cell));
		}
	}
	for (size_t k = 0; k < count; k++)
		put_padded(columns[k].title, widths[k], k + 1 == count);
	(void)putchar('\n');
	for (size_t i = 0; i < json_array_size(items); i++) {
		for (size_t k = 0; k < count; k++) {
			write_cell(&columns[k], json_array_get(items, i), cell, sizeof(cell));
			put_padded(cell, widths[k], k + 1 == count);
		}
		(void)putchar('\n');
	}
}

void table_text(const json_t *item, const char *member, char *ret, size_t cap)
{
	const json_t *value = json_object_get(item, member);
	if (json_is_string(value))
		snprintf(ret, cap, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(ret, cap, "%lld", (long long)json_integer_value(value));
	else
		snprintf(ret, cap, "-");
}

void table_time(const json_t *item, const char *member, char *ret, size_t cap)
{
	table_text(item, member, ret, cap);
	if (cap < 20 || strlen(ret) < 19 || ret[10] != 'T')
		return;
	ret[10] = ' ';
	ret[19] = 0;
}

void table_line(const char *label, const char *value)
{
	if (!value || !*value)
		return;
	(void)printf("  %-14s", label);
	table_put(value);
	(void)putchar('\n');
}
