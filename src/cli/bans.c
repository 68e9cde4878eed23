/* cli/bans.c - alto bans, alto bans lift */
#include "cli/client.h"
#include "cli/print.h"

static void since(const json_t *item, char *ret, size_t cap)
{
	table_time(item, "since", ret, cap);
}

static void until(const json_t *item, char *ret, size_t cap)
{
	table_time(item, "until", ret, cap);
}

/* Who only asks over UDP may be anybody, and is never banned: told beside the bans, for there is nothing to lift. */
static int print_slowed(struct cli *c)
{
	struct client_path path;
	json_t *answer = NULL;
	client_path(&path, "/api/v1/status");
	int status = client_ask(c, "GET", &path, NULL, &answer);
	if (status)
		return status;
	json_int_t slowed = json_integer_value(json_object_get(json_object_get(answer, "bans"), "slowed"));
	json_decref(answer);
	return slowed ? print_done("%lld addresses ask too often without a password: they are heard only now and then.",
				   (long long)slowed)
		      : 0;
}

int cli_bans(struct cli *c)
{
	static const struct table_column columns[] = {{"ADDRESS", .member = "address"}, {"SINCE (UTC)", .cell = since},
						      {"UNTIL (UTC)", .cell = until},   {"TIMES", .member = "times"},
						      {"DROPPED", .member = "dropped"}, {"WHY", .member = "why"}};
	struct client_path path;
	client_path(&path, "/api/v1/bans");
	int status = print_listing(c, &path, true, columns, ARRAY_LEN(columns), "Nobody is banned.");
	return status || c->options[CLI_JSON] ? status : print_slowed(c);
}

int cli_bans_lift(struct cli *c)
{
	bool all = c->options[CLI_ALL] != NULL;
	if (all == (c->words[0] != NULL))
		return cli_fail("which ban? say ADDRESS as `alto bans` shows it, or --all") + 1;
	struct client_path path;
	client_path(&path, "/api/v1/bans");
	client_parameter(&path, "address", c->words[0]);
	client_parameter(&path, "all", all ? "true" : NULL);
	json_t *answer = NULL;
	int status = client_ask(c, "DELETE", &path, NULL, &answer);
	if (status)
		return status;
	json_int_t lifted = json_integer_value(json_object_get(answer, "lifted"));
	json_decref(answer);
	return all ? print_done("%lld bans lifted.", (long long)lifted)
		   : print_done("The ban of %s is lifted.", c->words[0]);
}
