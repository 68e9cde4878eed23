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
	json_t *nothing = NULL;
	int status = client_ask(c, "DELETE", &path, NULL, &nothing);
	json_decref(nothing);
	return status ? status : print_done("Token %s removed.", c->words[0]);
}

static void id(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "id", ret, cap);
}

static void name(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "name", ret, cap);
}

static void tenant(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "tenant", ret, cap);
}

static void role(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "role", ret, cap);
}

static void access_of(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "access", ret, cap);
}

static void expires(const json_t *item, char *ret, size_t cap)
{
	table_text(item, "expires", ret, cap);
}

int cli_token_list(struct cli *c)
{
	static const struct table_column columns[] = {{"ID", id},     {"NAME", name},        {"TENANT", tenant},
						      {"ROLE", role}, {"ACCESS", access_of}, {"EXPIRES", expires}};
	struct client_path path;
	client_path(&path, "/api/v1/tokens");
	client_parameter(&path, "tenant", c->words[0]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No token yet: alto token add");
}
