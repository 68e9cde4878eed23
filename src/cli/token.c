/* cli/token.c - alto token add | list | remove */
#include "cli/client.h"
#include "cli/print.h"

int cli_token_add(struct cli *c)
{
	struct client_path path;
	json_int_t days = 90;
	if (c->options[CLI_DAYS] && !cli_number(c, CLI_DAYS, 3650, &days))
		return 1;
	client_path(&path, "/api/v1/tokens");
	json_t *token = NULL;
	int status = client_ask(c, "POST", &path,
				json_pack("{s:s, s:s*, s:s*, s:s*, s:I}", "name", c->words[0], "tenant",
					  c->options[CLI_TENANT], "role", c->options[CLI_ROLE], "access",
					  c->options[CLI_ACCESS], "days", days),
				&token);
	if (!status)
		status = c->options[CLI_JSON] ? print_json(token)
					      : print_done("%s", json_string_value(json_object_get(token, "token")));
	json_decref(token);
	return status;
}

int cli_token_remove(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/tokens");
	client_path_add(&path, c->words[0]);
	int status = client_remove(c, &path);
	return status ? status : print_done("Token %s removed.", c->words[0]);
}

static void maker(const json_t *item, char *ret, size_t cap)
{
	table_text(json_object_get(item, "made_by"), "name", ret, cap);
}

static void used(const json_t *item, char *ret, size_t cap)
{
	if (json_is_true(json_object_get(item, "suspended")))
		snprintf(ret, cap, "suspended"); /* more than when: nobody can use it */
	else if (json_is_string(json_object_get(item, "used")))
		table_time(item, "used", ret, cap);
	else
		snprintf(ret, cap, "never");
}

int cli_token_list(struct cli *c)
{
	static const struct table_column columns[] = {{"ID", .member = "id"},         {"NAME", .member = "name"},
						      {"TENANT", .member = "tenant"}, {"ROLE", .member = "role"},
						      {"ACCESS", .member = "access"}, {"MADE BY", .cell = maker},
						      {"USED (UTC)", .cell = used},   {"EXPIRES", .member = "expires"}};
	struct client_path path;
	client_path(&path, "/api/v1/tokens");
	client_parameter(&path, "tenant", c->words[0]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No token yet: alto token add");
}
