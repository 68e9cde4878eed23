/* cli/trunk.c - alto trunk add | list | remove */
#include "cli/client.h"
#include "cli/print.h"

struct owned {
	const char *tenant; /* NULL: the provider's */
	const char *name;
};

/* TENANT NAME, or --shared NAME. Exit status. */
static int take_owner(const struct cli *c, struct owned *ret)
{
	bool shared = c->options[CLI_SHARED] != NULL;
	if (shared && c->words[1])
		return cli_fail("a shared trunk is no tenant's: leave %s out, or --shared", c->words[0]) + 1;
	if (!shared && !c->words[1])
		return cli_fail("whose trunk? say TENANT NAME, or --shared NAME") + 1;
	*ret = shared ? (struct owned){NULL, c->words[0]} : (struct owned){c->words[0], c->words[1]};
	return 0;
}

static bool member_empty(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));
	return !s || !*s;
}

static int show_added(const struct cli *c, const struct owned *trunk, const json_t *added)
{
	if (c->options[CLI_JSON])
		return print_json(added);
	(void)print_done("Trunk %s added.", trunk->name);
	if (member_empty(added, "from"))
		(void)print_done("Calls go out to it; calls from it are not known as its own without --from.");
	return 0;
}

int cli_trunk_add(struct cli *c)
{
	struct owned trunk = {NULL, NULL};
	int status = take_owner(c, &trunk);
	if (status)
		return status;
	struct client_path path;
	client_path(&path, "/api/v1/trunks");
	json_t *added = NULL;
	status = client_ask(c, "POST", &path,
			    json_pack("{s:s*, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "tenant", trunk.tenant, "name",
				      trunk.name, "host", c->options[CLI_HOST], "from", c->options[CLI_FROM],
				      "listener", c->options[CLI_LISTENER], "transport", c->options[CLI_TRANSPORT],
				      "srtp", c->options[CLI_SRTP]),
			    &added);
	if (status == 0)
		status = show_added(c, &trunk, added);
	json_decref(added);
	return status;
}

int cli_trunk_remove(struct cli *c)
{
	struct owned trunk = {NULL, NULL};
	int status = take_owner(c, &trunk);
	if (status)
		return status;
	struct client_path path;
	char id[64], what[160];
	client_path(&path, "/api/v1/trunks");
	client_parameter(&path, "tenant", trunk.tenant);
	client_parameter(&path, "name", trunk.name);
	snprintf(what, sizeof(what), "trunk %.64s %s%.64s", trunk.name, trunk.tenant ? "in " : "that is shared",
		 trunk.tenant ? trunk.tenant : "");
	status = client_find_id(c, &path, what, id);
	if (status)
		return status;
	client_path(&path, "/api/v1/trunks");
	client_path_add(&path, id);
	status = client_remove(c, &path);
	return status ? status : print_done("Trunk %s removed.", trunk.name);
}

static void tenant(const json_t *item, char *ret, size_t cap)
{
	if (json_is_null(json_object_get(item, "tenant")))
		snprintf(ret, cap, "(shared)");
	else
		table_text(item, "tenant", ret, cap);
}

static void to(const json_t *item, char *ret, size_t cap)
{
	char host[256], port[16];
	table_text(item, "host", host, sizeof(host));
	table_text(item, "port", port, sizeof(port));
	bool has_port = json_is_integer(json_object_get(item, "port")), v6 = strchr(host, ':') != NULL;
	snprintf(ret, cap, "%s%s%s%s%s", v6 && has_port ? "[" : "", host, v6 && has_port ? "]" : "",
		 has_port ? ":" : "", has_port ? port : "");
}

static void from(const json_t *item, char *ret, size_t cap)
{
	if (member_empty(item, "from"))
		snprintf(ret, cap, "-");
	else
		table_text(item, "from", ret, cap);
}

static void listener(const json_t *item, char *ret, size_t cap)
{
	if (json_is_null(json_object_get(item, "listener")))
		snprintf(ret, cap, "any");
	else
		table_text(item, "listener", ret, cap);
}

int cli_trunk_list(struct cli *c)
{
	static const struct table_column columns[] = {
		{"TENANT", .cell = tenant},        {"TRUNK", .member = "name"},    {"CALLS GO TO", .cell = to},
		{"CALLS COME FROM", .cell = from}, {"LISTENER", .cell = listener}, {"TRANSPORT", .member = "transport"},
		{"SRTP", .member = "srtp"},
	};
	struct client_path path;
	client_path(&path, "/api/v1/trunks");
	client_parameter(&path, "tenant", c->words[0]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No trunk yet: alto trunk add");
}
