/* cli/print.c - what the commands share when they have their answer */
#include "cli/print.h"
#include <stdarg.h>

int print_done(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
	return 0;
}

int print_json(const json_t *value)
{
	if (!value || json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
		return cli_fail("the answer could not be printed");
	(void)putchar('\n');
	return 0;
}

int print_listing(const struct cli *c, const struct client_path *path, bool all, const struct table_column *columns,
		  size_t count, const char *none)
{
	json_t *list = NULL;
	int status = client_list(c, path, all, &list);
	if (status)
		return status;
	if (c->options[CLI_JSON]) {
		status = print_json(list);
	} else {
		table_print(columns, count, json_object_get(list, "items"), none);
		const char *next = json_string_value(json_object_get(list, "next"));
		if (next && c->options[CLI_LIMIT])
			(void)printf("More follow: --cursor %s\n", next);
	}
	json_decref(list);
	return status;
}
