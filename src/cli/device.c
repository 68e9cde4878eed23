/* cli/device.c - alto device add | set | list | remove */
#include "cli/client.h"
#include "cli/print.h"

static const char *text(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));
	return s ? s : "";
}

/* "TLS [::]:5061" listens on every address of the host: what counts is the port. */
static void print_registrar(const json_t *registrar)
{
	char line[160];
	const char *address = text(registrar, "address"), *port = strrchr(address, ':');
	bool any = strncmp(address, "[::]:", 5) == 0 || strncmp(address, "0.0.0.0:", 8) == 0;
	if (any && port)
		snprintf(line, sizeof(line), "%s, any address of this host, port %s", text(registrar, "transport"),
			 port + 1);
	else
		snprintf(line, sizeof(line), "%s %s", text(registrar, "transport"), address);
	table_line("registrar", line);
}

static void print_account(const struct cli *c, const json_t *device)
{
	const json_t *account = json_object_get(device, "account");
	const json_t *registrars = json_object_get(account, "registrars");
	(void)printf("Device %s of %s added. Its SIP account, shown only now:\n\n", c->words[2], c->words[1]);
	table_line("user name", text(account, "username"));
	table_line("password", text(account, "password"));
	table_line("domain", text(account, "domain"));
	table_line("address", text(account, "address"));
	table_line("display name", text(account, "display_name"));
	for (size_t i = 0; i < json_array_size(registrars); i++)
		print_registrar(json_array_get(registrars, i));
	table_line("certificate", text(account, "fingerprint"));
	char srtp = *text(device, "srtp");
	bool in_force = json_is_true(json_object_get(account, "plain_rtp"));
	table_line("voice",
		   srtp == 'd'   ? "as browsers have it required: DTLS-SRTP, ICE, RTCP on the same port"
		   : srtp != 'o' ? "SRTP (SDES) required"
		   : in_force    ? "plain RTP allowed"
				 : "plain RTP allowed for this device, but not on this node: media.plain_rtp is false");
}

int cli_device_add(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/devices");
	json_t *device = NULL;
	int status = client_ask(c, "POST", &path,
				json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s*}", "tenant", c->words[0],
					  "user", c->words[1], "name", c->words[2], "username",
					  c->options[CLI_USERNAME], "password", c->options[CLI_PASSWORD], "digest",
					  c->options[CLI_DIGEST], "srtp", c->options[CLI_SRTP], "keepalive",
					  c->options[CLI_KEEPALIVE]),
				&device);
	if (status)
		return status;
	if (c->options[CLI_JSON])
		status = print_json(device);
	else
		print_account(c, device);
	json_decref(device);
	return status;
}

/* The path of the device that the three words name. Exit status. */
static int find_device(const struct cli *c, struct client_path *path)
{
	char id[64], what[240];
	client_path(path, "/api/v1/devices");
	client_parameter(path, "tenant", c->words[0]);
	client_parameter(path, "user", c->words[1]);
	client_parameter(path, "name", c->words[2]);
	snprintf(what, sizeof(what), "device %.64s of %.64s in %.64s", c->words[2], c->words[1], c->words[0]);
	int status = client_find_id(c, path, what, id);
	client_path(path, "/api/v1/devices");
	client_path_add(path, id);
	return status;
}

int cli_device_set(struct cli *c)
{
	struct client_path path;
	int status = find_device(c, &path);
	if (status)
		return status;
	json_t *device = NULL;
	status = client_ask(c, "PATCH", &path, json_pack("{s:s}", "keepalive", c->options[CLI_KEEPALIVE]), &device);
	json_decref(device);
	return status ? status : print_done("Device %s of %s changed.", c->words[2], c->words[1]);
}

int cli_device_remove(struct cli *c)
{
	struct client_path path;
	int status = find_device(c, &path);
	if (status)
		return status;
	status = client_remove(c, &path);
	return status ? status : print_done("Device %s of %s removed.", c->words[2], c->words[1]);
}

static void registered(const json_t *item, char *ret, size_t cap)
{
	const json_t *list = json_object_get(item, "registrations"), *first = json_array_get(list, 0);
	if (!first) {
		snprintf(ret, cap, "no");
		return;
	}
	int n = snprintf(ret, cap, "%s %s%s", text(first, "transport"), text(first, "remote"),
			 json_is_false(json_object_get(first, "reachable")) ? ", not reachable now" : "");
	if (json_array_size(list) > 1 && (size_t)n < cap)
		snprintf(ret + n, cap - (size_t)n, " and %zu more", json_array_size(list) - 1);
}

int cli_device_list(struct cli *c)
{
	static const struct table_column columns[] = {
		{"TENANT", .member = "tenant"},        {"USER", .member = "user"},         {"DEVICE", .member = "name"},
		{"USER NAME", .member = "username"},   {"DIGEST", .member = "digest"},     {"SRTP", .member = "srtp"},
		{"KEEP-ALIVE", .member = "keepalive"}, {"REGISTERED", .cell = registered},
	};
	struct client_path path;
	client_path(&path, "/api/v1/devices");
	client_parameter(&path, "tenant", c->words[0]);
	client_parameter(&path, "user", c->words[1]);
	return print_listing(c, &path, true, columns, ARRAY_LEN(columns), "No device yet: alto device add");
}
