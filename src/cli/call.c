/* cli/call.c - alto calls show | hangup: one call's story with a ladder of its messages, and its end */
#include "cli/client.h"
#include "cli/ladder.h"
#include "cli/print.h"

/* ---- show ---- */

static void print_leg(const json_t *call, const char *side)
{
	const json_t *leg = json_object_get(call, side);
	char uri[80], user[80], device[80], transport[16], tls[80], srtp[40], codec[40], line[400];
	table_text(leg, "uri", uri, sizeof(uri));
	table_text(leg, "user", user, sizeof(user));
	table_text(leg, "device", device, sizeof(device));
	table_text(leg, "transport", transport, sizeof(transport));
	table_text(leg, "tls", tls, sizeof(tls));
	table_text(leg, "srtp", srtp, sizeof(srtp));
	table_text(leg, "codec", codec, sizeof(codec));
	snprintf(line, sizeof(line), "%s, user %s, device %s", uri, user, device);
	table_line(side, line);
	if (!json_is_string(json_object_get(leg, "transport")))
		return; /* never came to be */
	bool encrypted = json_is_string(json_object_get(leg, "tls"));
	bool keys_in_clear = json_is_true(json_object_get(leg, "keys_in_clear"));
	int n = snprintf(line, sizeof(line), "%s %s; ", transport, encrypted ? tls : "in clear");
	if (json_is_string(json_object_get(leg, "codec")))
		snprintf(line + n, sizeof(line) - (size_t)n, "voice %s%s, %s",
			 json_is_string(json_object_get(leg, "srtp")) ? srtp : "in clear",
			 keys_in_clear ? " with keys sent in clear" : "", codec);
	else /* nothing has been agreed on, or ever will be */
		snprintf(line + n, sizeof(line) - (size_t)n, "no voice yet");
	table_line("", line);
}

static double milliseconds(const json_t *leg, const char *member)
{
	return (double)json_integer_value(json_object_get(leg, member)) / 1000;
}

static void print_figures(const json_t *call, const char *side)
{
	const json_t *leg = json_object_get(call, side);
	char label[32], in[24], out[24], lost[24], line[200];
	table_text(leg, "packets_in", in, sizeof(in));
	table_text(leg, "packets_out", out, sizeof(out));
	table_text(leg, "lost", lost, sizeof(lost));
	snprintf(label, sizeof(label), "%s voice", side);
	snprintf(line, sizeof(line), "%s packets received (%s lost, jitter %.1f ms), %s sent; round trip %.1f ms", in,
		 lost, milliseconds(leg, "jitter_us"), out, milliseconds(leg, "round_trip_us"));
	table_line(label, line);
}

static void print_member(const json_t *call, const char *label, const char *member)
{
	if (!json_is_null(json_object_get(call, member))) {
		char text[300];
		table_text(call, member, text, sizeof(text));
		table_line(label, text);
	}
}

static void print_story(const json_t *call)
{
	static const char *const members[] = {"tenant", "state", "started", "answered", "ended", "status", "cause"};
	print_member(call, "call", "id");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		print_member(call, members[i], members[i]);
	print_member(call, "ended by", "ended_by");
	print_member(call, "SIP Call-ID", "sip_call_id");
	print_leg(call, "caller");
	print_leg(call, "callee");
	print_figures(call, "caller");
	print_figures(call, "callee");
	const json_t *trace = json_object_get(call, "trace");
	for (size_t i = 0; i < json_array_size(trace); i++)
		table_line(i == 0 ? "decisions" : "", json_string_value(json_array_get(trace, i)));
}

int cli_calls_show(struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/calls");
	client_path_add(&path, c->words[0]);
	json_t *call = NULL, *messages = NULL;
	int status = client_ask(c, "GET", &path, NULL, &call);
	if (status)
		return status;
	client_path_add(&path, "messages");
	status = client_list(c, &path, true, &messages);
	const json_t *items = json_object_get(messages, "items");
	if (status == 0 && c->options[CLI_JSON]) {
		json_t *whole = json_pack("{s:O, s:O}", "call", call, "messages", items);
		status = print_json(whole);
		json_decref(whole);
	} else if (status == 0) {
		print_story(call);
		ladder_print(items, json_string_value(json_object_get(call, "started")),
			     c->options[CLI_MESSAGES] != NULL);
	}
	json_decref(call);
	json_decref(messages);
	return status;
}

/* ---- hangup ---- */

static int hang_up_all(const struct cli *c)
{
	struct client_path path;
	client_path(&path, "/api/v1/calls");
	client_parameter(&path, "tenant", c->options[CLI_TENANT]);
	json_t *answer = NULL;
	int status = client_ask(c, "DELETE", &path, NULL, &answer);
	long long ended = (long long)json_integer_value(json_object_get(answer, "ended"));
	json_decref(answer);
	return status ? status : print_done("Calls that are being ended: %lld.", ended);
}

int cli_calls_hangup(struct cli *c)
{
	bool all = c->options[CLI_TENANT] && c->options[CLI_ALL];
	bool neither = !c->options[CLI_TENANT] && !c->options[CLI_ALL];
	if (all && !c->words[0])
		return hang_up_all(c);
	if (!neither || !c->words[0])
		return cli_fail("say which: the ID of one call, or --tenant T --all") + 1;
	struct client_path path;
	client_path(&path, "/api/v1/calls");
	client_path_add(&path, c->words[0]);
	json_t *call = NULL;
	int status = client_ask(c, "DELETE", &path, NULL, &call);
	json_decref(call);
	return status ? status : print_done("Call %s is being ended.", c->words[0]);
}
