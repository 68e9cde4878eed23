/* cli/audit.c - alto audit: who did what */
#include "base/writer.h"
#include "cli/client.h"
#include "cli/print.h"

static void at(const json_t *item, char *ret, size_t cap)
{
	table_time(item, "at", ret, cap);
}

static void who(const json_t *item, char *ret, size_t cap)
{
	const json_t *actor = json_object_get(item, "actor");
	table_text(actor, json_is_string(json_object_get(actor, "name")) ? "name" : "kind", ret, cap);
}

static void what(const json_t *item, char *ret, size_t cap)
{
	table_text(json_object_get(item, "object"), "name", ret, cap);
}

static void whose(const json_t *item, char *ret, size_t cap)
{
	table_text(json_object_get(item, "owner"), "name", ret, cap);
}

/* "name, role user>admin" */
static void changed(const json_t *item, char *ret, size_t cap)
{
	const json_t *list = json_object_get(item, "changed");
	struct writer w = writer_on(ret, cap - 1);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *from = json_string_value(json_object_get(one, "from"));
		const char *to = json_string_value(json_object_get(one, "to"));
		write_string(&w, i ? ", " : "");
		write_string(&w, json_string_value(json_object_get(one, "field")));
		if (to)
			write_format(&w, " %s>%s", from ? from : "", to);
	}
	ret[w.n] = 0;
}

int cli_audit(struct cli *c)
{
	static const struct table_column columns[] = {
		{"AT (UTC)", .cell = at}, {"TENANT", .member = "tenant"}, {"WHO", .cell = who},
		{"ACT", .member = "act"}, {"THING", .member = "thing"},   {"WHICH", .cell = what},
		{"OF", .cell = whose},    {"FROM", .member = "address"},  {"CHANGED", .cell = changed}};
	struct client_path path;
	client_path(&path, "/api/v1/audit");
	client_parameter(&path, "tenant", c->options[CLI_TENANT]);
	return print_listing(c, &path, false, columns, ARRAY_LEN(columns), "Nothing was done yet.");
}
