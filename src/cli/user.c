/* cli/user.c - alto user add | list | remove */
#include "cli/client.h"
#include "cli/print.h"

/* Exit status. */
static int set_password(struct cli *c, const char *id)
{
	struct client_path path;
	client_path(&path, "/api/v1/users");
	client_path_add(&path, id);
	client_path_add(&path, "password");
	json_t *nothing = NULL;
	int status = client_ask(c, "POST", &path, json_pack("{s:s}", "password", c->options[CLI_PASSWORD]), &nothing);
	json_decref(nothing);
	return status;
}

int cli_user_add(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/users");
	json_t *user = NULL;
	int status = client_ask(c, "POST", &path,
				json_pack("{s:s, s:s, s:s, s:s, s:s*}", "tenant", c->words[0], "login", c->words[1],
					  "extension", c->options[CLI_EXTENSION], "name", c->options[CLI_NAME], "role",
					  c->options[CLI_ROLE]),
				&user);
	const char *id = json_string_value(json_object_get(user, "id"));
	if (!status && c->options[CLI_PASSWORD] && id)
		status = set_password(c, id);
	json_decref(user);
	return status ? status
		      : print_done("User %s added with the extension %s.", c->words[1], c->options[CLI_EXTENSION]);
}

/* The id of the person that the command names. Exit status. */
static int find(struct cli *c, char id[64])
{
	struct client_path path;
	char what[160];
	client_path(&path, "/api/v1/users");
	client_parameter(&path, "tenant", c->words[0]);
	client_parameter(&path, "login", c->words[1]);
	snprintf(what, sizeof(what), "user %.64s in %.64s", c->words[1], c->words[0]);
	return client_find_id(c, &path, what, id);
}

int cli_user_password(struct cli *c)
{
	char id[64];
	int status = find(c, id);
	if (!status)
		status = set_password(c, id);
	return status ? status : print_done("The password of %s is set; their sessions have ended.", c->words[1]);
}

int cli_user_remove(struct cli *c)
{
	struct client_path path;
	char id[64];
	int status = find(c, id);
	if (status)
		return status;
	client_path(&path, "/api/v1/users");
	client_path_add(&path, id);
	status = client_remove(c, &path);
	return status ? status : print_done("User %s removed.", c->words[1]);
}

/* "1 of 2": registered of all. */
static void devices(const json_t *item, char *ret, size_t cap)
{
	snprintf(ret, cap, "%lld of %lld", (long long)json_integer_value(json_object_get(item, "devices_registered")),
		 (long long)json_integer_value(json_object_get(item, "devices")));
}

int cli_user_list(struct cli *c)
{
	static const struct table_column columns[] = {
		{"TENANT", .member = "tenant"}, {"LOGIN", .member = "login"}, {"EXTENSION", .member = "extension"},
		{"NAME", .member = "name"},     {"ROLE", .member = "role"},   {"REGISTERED", .cell = devices}};
	struct client_path path;
	client_path(&path, "/api/v1/users");
	client_parameter(&path, "tenant", c->words[0]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No user yet: alto user add");
}
