/* cli/status.c - alto status */
#include "cli/client.h"
#include "cli/print.h"

static long long number(const json_t *object, const char *member)
{
	return (long long)json_integer_value(json_object_get(object, member));
}

static void print_uptime(const json_t *s)
{
	char node[80], version[40], line[200];
	long long up_s = number(s, "uptime_s");
	table_text(s, "node", node, sizeof(node));
	table_text(s, "version", version, sizeof(version));
	snprintf(line, sizeof(line), "%s: Alto %s, up %lld d %lld h %lld min %lld s", node, version, up_s / 86400,
		 up_s / 3600 % 24, up_s / 60 % 60, up_s % 60);
	table_put(line);
	(void)putchar('\n');
}

static void print_listeners(const json_t *s)
{
	const json_t *list = json_object_get(s, "listeners");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *l = json_array_get(list, i);
		char transport[16], address[80], whom[16] = "", line[130];
		table_text(l, "transport", transport, sizeof(transport));
		table_text(l, "address", address, sizeof(address));
		if (json_object_get(l, "for"))
			table_text(l, "for", whom, sizeof(whom));
		snprintf(line, sizeof(line), "%s %s%s%s", transport, address, *whom ? " for " : "", whom);
		table_line(i == 0 ? "listens on" : "", line);
	}
}

static void print_figures(const json_t *s)
{
	const json_t *f = json_object_get(s, "figures"), *m = json_object_get(s, "media");
	char line[200], ports[32];
	snprintf(line, sizeof(line), "%lld with %lld users", number(f, "tenants"), number(f, "users"));
	table_line("tenants", line);
	int n = snprintf(line, sizeof(line), "%lld, %lld reachable", number(f, "devices"),
			 number(f, "devices_registered"));
	if (number(f, "unreachable") > 0)
		snprintf(line + n, sizeof(line) - (size_t)n, ", %lld registrations that their phone does not answer",
			 number(f, "unreachable"));
	table_line("devices", line);
	snprintf(line, sizeof(line), "%lld in progress, %lld of them ringing; %lld since the start, %lld answered",
		 number(f, "calls"), number(f, "calls_ringing"), number(f, "calls_total"),
		 number(f, "calls_answered_total"));
	table_line("calls", line);
	table_text(m, "ports", ports, sizeof(ports));
	snprintf(line, sizeof(line), "%lld workers, ports %s", number(m, "workers"), ports);
	table_line("voice", line);
}

static void print_bans(const json_t *s)
{
	const json_t *b = json_object_get(s, "bans");
	char line[160];
	if (number(b, "slowed")) {
		snprintf(line, sizeof(line),
			 "%lld addresses ask too often without a password, and are heard only now and then",
			 number(b, "slowed"));
		table_line("slowed", line);
	}
	if (number(b, "waiting")) {
		snprintf(line, sizeof(line),
			 "%lld offices where many device names fail: new ones wait there (see `alto bans`)",
			 number(b, "waiting"));
		table_line("waiting", line);
	}
	if (number(b, "addresses") + number(b, "networks") == 0)
		return;
	snprintf(line, sizeof(line), "%lld addresses and %lld networks; %lld requests were dropped since the start",
		 number(b, "addresses"), number(b, "networks"), number(b, "dropped_total"));
	table_line("banned", line);
}

static void print_store(const json_t *s)
{
	const json_t *store = json_object_get(s, "store");
	char line[120];
	snprintf(line, sizeof(line), "%s, %lld writes wait",
		 json_is_true(json_object_get(store, "healthy")) ? "healthy" : "in trouble",
		 number(store, "waiting_jobs"));
	table_line("database", line);
}

int cli_status(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/status");
	json_t *s = NULL;
	int status = client_ask(c, "GET", &path, NULL, &s);
	if (status)
		return status;
	if (c->options[CLI_JSON]) {
		status = print_json(s);
		json_decref(s);
		return status;
	}
	print_uptime(s);
	print_listeners(s);
	table_line("certificate", json_string_value(json_object_get(json_object_get(s, "tls"), "fingerprint")));
	print_figures(s);
	print_store(s);
	print_bans(s);
	const json_t *warnings = json_object_get(s, "warnings");
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		(void)fputs(i == 0 ? "\nWarnings\n  " : "  ", stdout);
		table_put(json_string_value(json_array_get(warnings, i)));
		(void)putchar('\n');
	}
	json_decref(s);
	return 0;
}
