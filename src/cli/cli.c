/* cli/cli.c - finds the command, reads its words and options, finds the server */
#include "cli/cli.h"
#include <stdarg.h>
#include <sys/un.h>

#include "base/slice.h"
#include "cli/command.h"

#define DEFAULT_DATA "/var/lib/alto"

static const struct cli_command commands[] = {
	{"tenant", "add", "NAME --domain DOMAIN [--lines N]",
	 "add a company; it has bought N lines (calls at once), 0: no bound", 1, 1,
	 CLI_BIT(CLI_DOMAIN) | CLI_BIT(CLI_LINES), CLI_BIT(CLI_DOMAIN), cli_tenant_add},
	{"tenant", "set", "NAME --lines N", "change how many lines it has bought, and may use", 1, 1,
	 CLI_BIT(CLI_LINES), CLI_BIT(CLI_LINES), cli_tenant_set},
	{"tenant", "list", "", "show all companies", 0, 0, CLI_LISTING, 0, cli_tenant_list},
	{"tenant", "remove", "NAME", "remove a company with its users and devices", 1, 1, 0, 0, cli_tenant_remove},
	{"user", "add",
	 "TENANT LOGIN --extension EXT --name \"Full Name\" [--role user|admin|supervisor|auditor|provider] "
	 "[--password P]",
	 "add a person; with a password they log in to the console", 2, 2,
	 CLI_BIT(CLI_EXTENSION) | CLI_BIT(CLI_NAME) | CLI_BIT(CLI_ROLE) | CLI_BIT(CLI_PASSWORD),
	 CLI_BIT(CLI_EXTENSION) | CLI_BIT(CLI_NAME), cli_user_add},
	{"user", "password", "TENANT LOGIN --password P", "set a person's password; their sessions end", 2, 2,
	 CLI_BIT(CLI_PASSWORD), CLI_BIT(CLI_PASSWORD), cli_user_password},
	{"user", "list", "[TENANT]", "show people", 0, 1, CLI_LISTING, 0, cli_user_list},
	{"user", "remove", "TENANT LOGIN", "remove a person with the devices", 2, 2, 0, 0, cli_user_remove},
	{"device", "add",
	 "TENANT LOGIN DEVICE [--username U] [--password P] [--digest md5|sha-256] [--srtp sdes|dtls|off] "
	 "[--keepalive crlf|options|off]",
	 "add a phone; prints its SIP account once", 3, 3,
	 CLI_BIT(CLI_USERNAME) | CLI_BIT(CLI_PASSWORD) | CLI_BIT(CLI_DIGEST) | CLI_BIT(CLI_SRTP) |
		 CLI_BIT(CLI_KEEPALIVE) | CLI_BIT(CLI_JSON),
	 0, cli_device_add},
	{"device", "set", "TENANT LOGIN DEVICE --keepalive crlf|options|off",
	 "change what keeps its way through NAT open", 3, 3, CLI_BIT(CLI_KEEPALIVE), CLI_BIT(CLI_KEEPALIVE),
	 cli_device_set},
	{"device", "list", "[TENANT [LOGIN]]", "show phones and where they are registered", 0, 2, CLI_LISTING, 0,
	 cli_device_list},
	{"device", "remove", "TENANT LOGIN DEVICE", "remove a phone", 3, 3, 0, 0, cli_device_remove},
	{"number", "add", "TENANT +E164 --user LOGIN", "give a company a number, and say whom it rings", 2, 2,
	 CLI_BIT(CLI_USER) | CLI_BIT(CLI_FLOW) | CLI_BIT(CLI_JSON), 0, cli_number_add},
	{"number", "set", "TENANT +E164 --user LOGIN", "let a number ring somebody else", 2, 2,
	 CLI_BIT(CLI_USER) | CLI_BIT(CLI_FLOW) | CLI_BIT(CLI_JSON), 0, cli_number_set},
	{"number", "list", "[TENANT [LOGIN]]", "show numbers", 0, 2, CLI_LISTING, 0, cli_number_list},
	{"number", "remove", "TENANT +E164", "take a number away", 2, 2, 0, 0, cli_number_remove},
	{"trunk", "add",
	 "TENANT|--shared NAME --host HOST[:PORT] [--from CIDR,...] [--listener ADDRESS:PORT] "
	 "[--transport tls|udp|tcp] [--srtp sdes|off]",
	 "connect an operator or gateway: a company's, or one that all share", 1, 2,
	 CLI_BIT(CLI_SHARED) | CLI_BIT(CLI_HOST) | CLI_BIT(CLI_FROM) | CLI_BIT(CLI_LISTENER) | CLI_BIT(CLI_TRANSPORT) |
		 CLI_BIT(CLI_SRTP) | CLI_BIT(CLI_JSON),
	 CLI_BIT(CLI_HOST), cli_trunk_add},
	{"trunk", "list", "[TENANT]", "show trunks", 0, 1, CLI_LISTING, 0, cli_trunk_list},
	{"trunk", "remove", "TENANT|--shared NAME", "disconnect an operator; calls in progress go on", 1, 2,
	 CLI_BIT(CLI_SHARED), 0, cli_trunk_remove},
	{"calls", NULL, "[--tenant T] [--live]", "show the newest calls, or those in progress", 0, 0,
	 CLI_LISTING | CLI_BIT(CLI_TENANT) | CLI_BIT(CLI_LIVE), 0, cli_calls},
	{"calls", "show", "ID [--messages]", "tell a call's story, with its SIP messages", 1, 1,
	 CLI_BIT(CLI_MESSAGES) | CLI_BIT(CLI_JSON), 0, cli_calls_show},
	{"calls", "hangup", "ID | --tenant T --all", "end a call in progress, or all of a company", 0, 1,
	 CLI_BIT(CLI_TENANT) | CLI_BIT(CLI_ALL), 0, cli_calls_hangup},
	{"audit", NULL, "[--tenant T]", "show who did what, newest first", 0, 0, CLI_LISTING | CLI_BIT(CLI_TENANT), 0,
	 cli_audit},
	{"bans", NULL, "", "show which addresses are not listened to, and why", 0, 0, CLI_LISTING, 0, cli_bans},
	{"bans", "lift", "ADDRESS|--all", "listen to an address or network again", 0, 1, CLI_BIT(CLI_ALL), 0,
	 cli_bans_lift},
	{"token", "add", "NAME [--tenant T] [--role R] [--access full|read] [--days N]",
	 "let a program use the API; prints its token once", 1, 1,
	 CLI_BIT(CLI_TENANT) | CLI_BIT(CLI_ROLE) | CLI_BIT(CLI_ACCESS) | CLI_BIT(CLI_DAYS) | CLI_BIT(CLI_JSON), 0,
	 cli_token_add},
	{"token", "list", "[TENANT]", "show which programs may use the API", 0, 1, CLI_LISTING, 0, cli_token_list},
	{"token", "remove", "ID", "take a token back, at once", 1, 1, 0, 0, cli_token_remove},
	{"status", NULL, "", "what listens, what is in progress, and what is not safe", 0, 0, CLI_BIT(CLI_JSON), 0,
	 cli_status},
};

static const struct {
	const char *name;
	bool has_value;
} options[CLI_OPTION_COUNT] = {
	[CLI_ACCESS] = {"--access", true},      [CLI_ALL] = {"--all", false},
	[CLI_CURSOR] = {"--cursor", true},      [CLI_DATA] = {"--data", true},
	[CLI_DAYS] = {"--days", true},          [CLI_DIGEST] = {"--digest", true},
	[CLI_DOMAIN] = {"--domain", true},      [CLI_EXTENSION] = {"--extension", true},
	[CLI_FLOW] = {"--flow", true},          [CLI_FROM] = {"--from", true},
	[CLI_HELP] = {"--help", false},         [CLI_HOST] = {"--host", true},
	[CLI_JSON] = {"--json", false},         [CLI_KEEPALIVE] = {"--keepalive", true},
	[CLI_LIMIT] = {"--limit", true},        [CLI_LINES] = {"--lines", true},
	[CLI_LISTENER] = {"--listener", true},  [CLI_LIVE] = {"--live", false},
	[CLI_MESSAGES] = {"--messages", false}, [CLI_NAME] = {"--name", true},
	[CLI_PASSWORD] = {"--password", true},  [CLI_ROLE] = {"--role", true},
	[CLI_SHARED] = {"--shared", false},     [CLI_SRTP] = {"--srtp", true},
	[CLI_TENANT] = {"--tenant", true},      [CLI_TRANSPORT] = {"--transport", true},
	[CLI_USERNAME] = {"--username", true},  [CLI_USER] = {"--user", true},
};

int cli_fail(const char *format, ...)
{
	va_list args;
	(void)fputs("alto: ", stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return 1;
}

static bool same(const char *a, const char *b)
{
	return slice_eq(slice_from_string(a), slice_from_string(b));
}

/* ---- help ---- */

static void print_usage(FILE *out, const struct cli_command *c)
{
	(void)fprintf(out, "alto %s%s%s %s%s%s%s\n", c->noun, c->verb ? " " : "", c->verb ? c->verb : "", c->usage,
		      c->options & CLI_BIT(CLI_LIMIT) ? " [--limit N] [--cursor C]" : "",
		      c->options & CLI_BIT(CLI_JSON) ? " [--json]" : "", " [--data DIR]");
}

static int print_help(const char *noun)
{
	bool any = false;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (noun && !same(noun, commands[i].noun))
			continue;
		any = true;
		print_usage(stdout, &commands[i]);
		(void)printf("\t%s\n", commands[i].purpose);
	}
	if (!any)
		return cli_fail("there is no command %s; `alto help` shows all", noun) + 1;
	if (!noun)
		(void)printf("alto serve [--config FILE] [--data DIR] [--demo]\n\trun the server\n"
			     "alto help [COMMAND]\n\tthis; -h and --help do the same\n"
			     "alto version\n\twhich version this is; --version does the same\n"
			     "\nThe server is found by --data, else ALTO_DATA, else " DEFAULT_DATA ".\n"
			     "Exit status: 0 done, 1 refused or failed, 2 usage.\n");
	return 0;
}

static int wrong_usage(const struct cli_command *c, const char *why, const char *what)
{
	(void)fprintf(stderr, "alto: %s%s; usage: ", why, what);
	print_usage(stderr, c);
	return 2;
}

/* ---- words and options ---- */

static size_t find_option(struct slice name)
{
	size_t i = 0;
	while (i < CLI_OPTION_COUNT && !slice_eq(name, slice_from_string(options[i].name)))
		i++;
	return i;
}

/* *at stands on an argument that begins with "--" and is moved over what belongs to it. Exit status. */
static int take_option(struct cli *c, const struct cli_command *command, int argc, char **argv, int *at)
{
	const char *arg = argv[*at], *value = "";
	const char *equals = strchr(arg, '=');
	struct slice name = equals ? slice_of(arg, (size_t)(equals - arg)) : slice_from_string(arg);
	size_t i = find_option(name);
	unsigned allowed = command->options | CLI_BIT(CLI_DATA) | CLI_BIT(CLI_HELP);
	if (i == CLI_OPTION_COUNT || !(allowed & CLI_BIT(i)))
		return wrong_usage(command, "there is no option ", arg);
	if (c->options[i])
		return wrong_usage(command, "given twice: ", options[i].name);
	if (!options[i].has_value && equals)
		return wrong_usage(command, "takes no value: ", options[i].name);
	if (options[i].has_value) {
		if (!equals && *at + 1 >= argc)
			return wrong_usage(command, "wants a value: ", options[i].name);
		value = equals ? equals + 1 : argv[++*at];
	}
	c->options[i] = value;
	return 0;
}

static bool is_help(const char *word)
{
	return same(word, "--help") || same(word, "-h");
}

static bool is_utf8(const char *s)
{
	json_t *text = json_string(s);
	bool ok = text != NULL;
	json_decref(text);
	return ok;
}

/* What goes to the server goes as JSON. A directory's name may be of any bytes. */
static int check_text(const struct cli *c)
{
	for (size_t i = 0; i < CLI_WORDS_MAX; i++)
		if (c->words[i] && !is_utf8(c->words[i]))
			return cli_fail("word %zu after the command is not UTF-8", i + 1);
	for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
		if (i != CLI_DATA && c->options[i] && !is_utf8(c->options[i]))
			return cli_fail("%s is not UTF-8", options[i].name);
	return 0;
}

static int take_arguments(struct cli *c, const struct cli_command *command, int argc, char **argv, int at)
{
	size_t words = 0;
	for (; at < argc; at++) {
		if (same(argv[at], "-h")) {
			c->options[CLI_HELP] = "";
		} else if (strncmp(argv[at], "--", 2) == 0) {
			int status = take_option(c, command, argc, argv, &at);
			if (status)
				return status;
		} else if (words == command->words_max) {
			return wrong_usage(command, "one word too many: ", argv[at]);
		} else {
			c->words[words++] = argv[at];
		}
	}
	if (c->options[CLI_HELP])
		return 0;
	if (words < command->words_min)
		return wrong_usage(command, "something is missing", "");
	for (size_t i = 0; i < CLI_OPTION_COUNT; i++)
		if (command->required & CLI_BIT(i) && !c->options[i])
			return wrong_usage(command, "missing: ", options[i].name);
	return check_text(c);
}

bool cli_number(const struct cli *c, enum cli_option option, json_int_t max, json_int_t *ret)
{
	uint64_t n;
	if (slice_u64(slice_from_string(c->options[option]), (uint64_t)max, &n)) {
		*ret = (json_int_t)n;
		return true;
	}
	(void)cli_fail("%s must be a number from 0 to %lld", options[option].name, (long long)max);
	return false;
}

/* ---- the command ---- */

static const struct cli_command *find_command(int argc, char **argv, int *ret_at)
{
	const struct cli_command *alone = NULL;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct cli_command *c = &commands[i];
		if (!same(argv[1], c->noun))
			continue;
		*ret_at = 3;
		if (c->verb && argc > 2 && same(argv[2], c->verb))
			return c;
		if (!c->verb)
			alone = c;
	}
	*ret_at = 2;
	return alone;
}

static bool is_noun(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (same(word, commands[i].noun))
			return true;
	return false;
}

static int find_server(struct cli *c)
{
	const char *data = c->options[CLI_DATA], *given = getenv("ALTO_DATA");
	if (!data)
		data = given && *given ? given : DEFAULT_DATA;
	if (!*data)
		return cli_fail("--data wants the name of a directory");
	int n = snprintf(c->socket, sizeof(c->socket), "%s/alto.sock", data);
	if (n < 0 || (size_t)n >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return cli_fail("%s/alto.sock is longer than a socket's name may be", data);
	return 0;
}

int cli_main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fputs("alto: which command? `alto help` shows all\n", stderr);
		return 2;
	}
	struct cli c = {.socket = ""};
	if (same(argv[1], "--data") && argc > 3) { /* may stand before the command too */
		c.options[CLI_DATA] = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (same(argv[1], "help") || is_help(argv[1]))
		return print_help(argc > 2 ? argv[2] : NULL);
	int at = 2;
	const struct cli_command *command = find_command(argc, argv, &at);
	if (!command) {
		bool known = is_noun(argv[1]);
		if (known && argc > 2 && is_help(argv[2]))
			return print_help(argv[1]);
		if (known && argc < 3)
			(void)fprintf(stderr, "alto: %s what? `alto help %s` shows what there is\n", argv[1], argv[1]);
		else
			(void)fprintf(stderr, "alto: there is no command %s%s%s; `alto help%s%s` shows what there is\n",
				      argv[1], known ? " " : "", known ? argv[2] : "", known ? " " : "",
				      known ? argv[1] : "");
		return 2;
	}
	int status = take_arguments(&c, command, argc, argv, at);
	if (status)
		return status;
	if (c.options[CLI_HELP]) {
		print_usage(stdout, command);
		(void)printf("\t%s\n", command->purpose);
		return 0;
	}
	status = find_server(&c);
	return status ? status : command->run(&c);
}
