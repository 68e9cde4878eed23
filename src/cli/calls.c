/* cli/calls.c - alto calls */
#include "cli/client.h"
#include "cli/print.h"

static void started(const json_t *item, char *ret, size_t cap)
{
	table_time(item, "started", ret, cap);
}

static void duration(const json_t *item, char *ret, size_t cap)
{
	const json_t *ms = json_object_get(item, "duration_ms");
	if (json_is_integer(ms))
		snprintf(ret, cap, "%.1f s", (double)json_integer_value(ms) / 1000);
	else
		snprintf(ret, cap, "-");
}

/* "TLS SRTP opus/48000/2": how one leg was protected. */
static void leg(const json_t *item, const char *member, char *ret, size_t cap)
{
	const json_t *l = json_object_get(item, member);
	char transport[64], srtp[64], codec[64];
	table_text(l, "transport", transport, sizeof(transport));
	table_text(l, "srtp", srtp, sizeof(srtp));
	table_text(l, "codec", codec, sizeof(codec));
	if (!json_is_string(json_object_get(l, "transport"))) {
		snprintf(ret, cap, "-"); /* never came to be */
		return;
	}
	bool clear = json_is_true(json_object_get(l, "keys_in_clear"));
	snprintf(ret, cap, "%s %s%s %s", transport, json_is_string(json_object_get(l, "srtp")) ? srtp : "plain",
		 clear ? " (keys in clear)" : "", codec);
}

static void caller(const json_t *item, char *ret, size_t cap)
{
	leg(item, "caller", ret, cap);
}

static void callee(const json_t *item, char *ret, size_t cap)
{
	leg(item, "callee", ret, cap);
}

int cli_calls(struct cli *c)
{
	static const struct table_column history[] = {{"STARTED (UTC)", .cell = started},
						      {"TENANT", .member = "tenant"},
						      {"FROM", .member = "from"},
						      {"TO", .member = "to"},
						      {"CAUSE", .member = "cause"},
						      {"TALK", .cell = duration},
						      {"CALLER", .cell = caller},
						      {"CALLEE", .cell = callee},
						      {"ID", .member = "id"}};
	static const struct table_column live[] = {{"STARTED (UTC)", .cell = started}, {"TENANT", .member = "tenant"},
						   {"FROM", .member = "from"},         {"TO", .member = "to"},
						   {"STATE", .member = "state"},       {"CALLER", .cell = caller},
						   {"CALLEE", .cell = callee},         {"ID", .member = "id"}};
	struct client_path path;
	client_path(&path, "/api/v1/calls");
	client_parameter(&path, "tenant", c->options[CLI_TENANT]);
	if (!c->options[CLI_LIVE])
		return print_listing(c, &path, false, history, ARRAY_LEN(history), "No call yet.");
	client_parameter(&path, "live", "true");
	return print_listing(c, &path, true, live, ARRAY_LEN(live), "No call in progress.");
}
