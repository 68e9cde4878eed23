/* cli/print.h - how commands end: a sentence, a table, or JSON */
#pragma once
#include "cli/client.h"
#include "cli/table.h"

/* A line on stdout; 0. */
int print_done(const char *format, ...) PRINTF_LIKE(1, 2);
/* As text with an end of line; exit status. */
int print_json(const json_t *value);
/* Asks for the listing and prints it as a table, or as JSON with --json. Exit status. */
int print_listing(const struct cli *c, const struct client_path *path, bool all, const struct table_column *columns,
		  size_t count, const char *none);
