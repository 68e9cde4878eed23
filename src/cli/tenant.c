/* cli/tenant.c - alto tenant add | set | list | remove */
#include "cli/client.h"
#include "cli/print.h"

#define LINES_MAX 1000000

int cli_tenant_add(struct cli *c)
{
	json_int_t lines = 0;
	if (c->options[CLI_LINES] && !cli_number(c, CLI_LINES, LINES_MAX, &lines))
		return 2;
	struct client_path path;
	client_path(&path, "/api/v1/tenants");
	json_t *tenant = NULL;
	int status = client_ask(c, "POST", &path,
				json_pack("{s:s, s:s, s:I}", "name", c->words[0], "domain", c->options[CLI_DOMAIN],
					  "lines_bought", lines),
				&tenant);
	json_decref(tenant);
	return status ? status : print_done("Tenant %s added.", c->words[0]);
}

int cli_tenant_set(struct cli *c)
{
	json_int_t lines;
	if (!cli_number(c, CLI_LINES, LINES_MAX, &lines))
		return 2;
	struct client_path path;
	client_path(&path, "/api/v1/tenants");
	client_path_add(&path, c->words[0]);
	json_t *tenant = NULL;
	/* Whoever says how many there are wants them in use, too. */
	int status = client_ask(c, "PATCH", &path, json_pack("{s:I, s:I}", "lines_bought", lines, "lines", lines),
				&tenant);
	json_decref(tenant);
	return status ? status : print_done("Tenant %s changed.", c->words[0]);
}

int cli_tenant_remove(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/tenants");
	client_path_add(&path, c->words[0]);
	int status = client_remove(c, &path);
	return status ? status : print_done("Tenant %s removed.", c->words[0]);
}

static void count(const json_t *item, const char *member, char *ret, size_t cap)
{
	if (json_integer_value(json_object_get(item, member)) == 0)
		snprintf(ret, cap, "any");
	else
		table_text(item, member, ret, cap);
}

static void lines_of(const json_t *item, char *ret, size_t cap)
{
	count(item, "lines", ret, cap);
}

static void bought(const json_t *item, char *ret, size_t cap)
{
	count(item, "lines_bought", ret, cap);
}

static void created(const json_t *item, char *ret, size_t cap)
{
	table_time(item, "created", ret, cap);
}

int cli_tenant_list(struct cli *c)
{
	static const struct table_column columns[] = {{"NAME", .member = "name"},        {"DOMAIN", .member = "domain"},
						      {"LINES", .cell = lines_of},       {"BOUGHT", .cell = bought},
						      {"USERS", .member = "users"},      {"CALLS", .member = "calls"},
						      {"CREATED (UTC)", .cell = created}};
	struct client_path path;
	client_path(&path, "/api/v1/tenants");
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No tenant yet: alto tenant add");
}
