/* cli/number.c - alto number add | set | list | remove */
#include "cli/client.h"
#include "cli/print.h"

/* Exit status; takes number. */
static int show(const struct cli *c, json_t *number, const char *what)
{
	int status = c->options[CLI_JSON] ? print_json(number)
					  : print_done("Number %s %s: it rings %s.",
						       json_string_value(json_object_get(number, "number")), what,
						       json_string_value(json_object_get(number, "user")));
	json_decref(number);
	return status;
}

int cli_number_add(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/numbers");
	json_t *number = NULL;
	int status = client_ask(c, "POST", &path,
				json_pack("{s:s, s:s, s:s*, s:s*}", "tenant", c->words[0], "number", c->words[1],
					  "flow", c->options[CLI_FLOW], "user", c->options[CLI_USER]),
				&number);
	return status ? status : show(c, number, "added");
}

/* The path of the number that the command names. Exit status. */
static int find(const struct cli *c, struct client_path *ret)
{
	char id[64], what[160];
	client_path(ret, "/api/v1/numbers");
	client_parameter(ret, "tenant", c->words[0]);
	client_parameter(ret, "number", c->words[1]);
	snprintf(what, sizeof(what), "number %.64s in %.64s", c->words[1], c->words[0]);
	int status = client_find_id(c, ret, what, id);
	if (status)
		return status;
	client_path(ret, "/api/v1/numbers");
	client_path_add(ret, id);
	return 0;
}

int cli_number_set(struct cli *c)
{
	struct client_path path;
	int status = find(c, &path);
	if (status)
		return status;
	json_t *number = NULL;
	status = client_ask(c, "PATCH", &path,
			    json_pack("{s:s*, s:s*}", "flow", c->options[CLI_FLOW], "user", c->options[CLI_USER]),
			    &number);
	return status ? status : show(c, number, "changed");
}

int cli_number_remove(struct cli *c)
{
	struct client_path path;
	int status = find(c, &path);
	if (status)
		return status;
	status = client_remove(c, &path);
	return status ? status : print_done("Number %s removed.", c->words[1]);
}

int cli_number_list(struct cli *c)
{
	static const struct table_column columns[] = {
		{"NUMBER", .member = "number"}, {"TENANT", .member = "tenant"}, {"RINGS", .member = "user"}};
	struct client_path path;
	client_path(&path, "/api/v1/numbers");
	client_parameter(&path, "tenant", c->words[0]);
	client_parameter(&path, "user", c->words[1]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No number yet: alto number add");
}
