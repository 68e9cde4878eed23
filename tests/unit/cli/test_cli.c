/* test_cli.c - the commands against a running node: what they print, where, and how they exit */
#include <unistd.h>

#include "cli/cli.h"
#include "support/test.h"
#include "unit/web/node.h"

#define WORDS_MAX 16
static char out[65536], err[4096];

static int start(void **state)
{
	struct node *n = malloc(sizeof(*n));
	if (!n)
		return -1;
	node_init(n);
	n->calls[0] = (struct call_view){.id = SLICE("one"),
					 .from = SLICE("200"),
					 .to = SLICE("201"),
					 .state = "answered",
					 .caller = {.transport = SLICE("TLS"),
						    .srtp = SLICE("AEAD_AES_128_GCM"),
						    .codec = SLICE("opus/48000/2")},
					 .started_us = 1000000};
	n->call_count = 1;
	node_start(n);
	*state = n;
	return n->failed || setenv("ALTO_DATA", n->directory, 1);
}

static int stop(void **state)
{
	node_stop(*state);
	free(*state);
	return 0;
}

/* A stream into a file for as long as a command runs; back with what was written. */
static int divert(int fd, int *ret_kept)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	*ret_kept = dup(fd);
	int to = dup(fileno(file));
	assert_true(*ret_kept >= 0 && to >= 0 && dup2(to, fd) == fd);
	assert_int_equal(fclose(file), 0);
	return to;
}

static void restore(int fd, int kept, int from, char *ret, size_t cap)
{
	ssize_t n = pread(from, ret, cap - 1, 0);
	assert_true(n >= 0 && dup2(kept, fd) == fd);
	ret[n] = 0;
	close(kept);
	close(from);
}

/* "alto tenant list": words apart by single spaces. Returns the exit status; what was printed is in out and err. */
static int run(const char *line)
{
	char copy[512], *argv[WORDS_MAX + 1], *at = copy;
	int argc = 0, kept_out, kept_err;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word; argc < WORDS_MAX && (word = strsep(&at, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	assert_int_equal(fflush(stdout), 0);
	int to_out = divert(STDOUT_FILENO, &kept_out), to_err = divert(STDERR_FILENO, &kept_err);
	int status = cli_main(argc, argv);
	(void)fflush(stdout);
	(void)fflush(stderr);
	restore(STDERR_FILENO, kept_err, to_err, err, sizeof(err));
	restore(STDOUT_FILENO, kept_out, to_out, out, sizeof(out));
	return status;
}

/* Done: says something on stdout, nothing on stderr. */
static void done(const char *line)
{
	int status = run(line);
	if (status != 0 || !*out || *err)
		fail_msg("%s: %d: %s%s", line, status, out, err);
}

/* One line on stderr that says `why`, nothing on stdout. */
static void refused(const char *line, int expected, const char *why)
{
	int status = run(line);
	const char *end = strchr(err, '\n');
	if (status != expected || *out || !end || end[1] || !strstr(err, why) || strncmp(err, "alto: ", 6) != 0)
		fail_msg("%s: %d: %s%s", line, status, out, err);
}

static void a_company_is_made_shown_and_removed(void **state)
{
	done("alto tenant add acme --domain acme.example --lines 20");
	refused("alto tenant add acme --domain acme.example", 1, "there is a tenant acme already");
	done("alto tenant set acme --lines=7");
	done("alto tenant list");
	assert_non_null(strstr(out, "NAME  DOMAIN        LINES  BOUGHT  USERS  CALLS  CREATED (UTC)\n"
				    "acme  acme.example  7      7       0      0      20"));
	done("alto user add acme zoe --extension 200 --name Zo\xc3\xab --role admin");
	done("alto user add acme bob --extension 201 --name Robert");
	done("alto user list acme");
	/* Columns are as wide as what is seen, not as many bytes. */
	assert_non_null(strstr(out, "acme    zoe    200        Zo\xc3\xab     admin  0 of 0\n"
				    "acme    bob    201        Robert  user   0 of 0\n"));
	done("alto device add acme zoe desk --username zoe-desk --password correct-horse --srtp off");
	assert_non_null(strstr(out, "user name     zoe-desk\n"));
	assert_non_null(strstr(out, "password      correct-horse\n"));
	assert_non_null(strstr(out, "any address of this host, port 5061\n"));
	assert_non_null(strstr(out, "media.plain_rtp is false"));
	done("alto device list acme zoe");
	assert_non_null(strstr(out, "zoe-desk"));
	assert_null(strstr(out, "correct-horse"));
	assert_non_null(strstr(out, "crlf"));
	done("alto device set acme zoe desk --keepalive options");
	done("alto device list acme zoe");
	assert_non_null(strstr(out, "options"));
	refused("alto device set acme zoe desk --keepalive often", 1, "keepalive must be crlf, options or off");
	refused("alto device set acme zoe lamp --keepalive off", 1, "there is no device lamp of zoe in acme");
	done("alto device add acme zoe web --username zoe-web --password correct-horse --srtp dtls");
	assert_non_null(strstr(out, "DTLS-SRTP"));
	done("alto device set acme zoe web --keepalive off");
	done("alto device list acme zoe");
	assert_non_null(strstr(out, "  dtls  "));
	refused("alto device add acme zoe tab --srtp tls", 1, "srtp must be sdes, dtls or off");
	done("alto device remove acme zoe web");
	done("alto device remove acme zoe desk");
	refused("alto device remove acme zoe desk", 1, "there is no device desk of zoe in acme");
	done("alto user remove acme bob");
	refused("alto user remove acme bob", 1, "there is no user bob in acme");
	done("alto tenant remove acme");
	refused("alto user list --limit 0", 1, "limit must be a number from 1 to 1000");
	refused("alto user list acme", 1, "there is no tenant \"acme\"");
	done("alto device list");
	assert_string_equal(out, "No device yet: alto device add\n");
}

static void an_operator_is_connected(void **state)
{
	done("alto tenant add acme --domain acme.example");
	done("alto user add acme zoe --extension 200 --name Zo");
	done("alto user add acme bob --extension 201 --name Robert");
	done("alto trunk add --shared op --host op.example --listener [::]:5061");
	assert_non_null(strstr(out, "Trunk op added.\nCalls go out to it; calls from it are not known"));
	done("alto trunk add acme gw --host 192.0.2.7:5062");
	assert_string_equal(out, "Trunk gw added.\n");
	refused("alto trunk add acme gw --host 192.0.2.7", 1, "there is a trunk gw already");
	refused("alto trunk add op --host op.example", 2, "say TENANT NAME, or --shared NAME");
	refused("alto trunk add acme op --shared --host op.example", 2, "leave acme out");
	refused("alto trunk add acme x --host op.example --transport udp --srtp off", 1, "does not listen for UDP");
	done("alto trunk list");
	assert_non_null(strstr(out, "(shared)  op     op.example      -                [::]:5061  tls        sdes\n"
				    "acme      gw     192.0.2.7:5062  192.0.2.7        any        tls        sdes\n"));
	done("alto number add acme +33142685300 --user zoe");
	assert_string_equal(out, "Number +33142685300 added: it rings zoe.\n");
	refused("alto number add acme +33142685301 --flow main", 1, "flow cannot be used: this version has no flows");
	refused("alto number add acme +33142685301", 1, "user is missing");
	refused("alto number add acme 0142685300 --user zoe", 1, "must be an international number");
	refused("alto number add acme +33142685300 --user bob", 1, "in use already");
	done("alto number set acme +33142685300 --user bob");
	assert_string_equal(out, "Number +33142685300 changed: it rings bob.\n");
	done("alto number list acme");
	assert_string_equal(out, "NUMBER        TENANT  RINGS\n+33142685300  acme    bob\n");
	done("alto number list acme bob --json");
	assert_non_null(strstr(out, "\"number\": \"+33142685300\""));
	done("alto number remove acme +33142685300");
	refused("alto number remove acme +33142685300", 1, "there is no number +33142685300 in acme");
	done("alto trunk remove --shared op");
	refused("alto trunk remove --shared op", 1, "there is no trunk op that is shared");
	done("alto trunk remove acme gw");
	done("alto trunk list");
	assert_string_equal(out, "No trunk yet: alto trunk add\n");
}

static void json_is_json(void **state)
{
	done("alto tenant list --json");
	assert_string_equal(out, "{\n  \"items\": [],\n  \"next\": null\n}\n");
	done("alto status --json");
	assert_non_null(strstr(out, "\"node\": \"node-1\""));
	done("alto calls --json");
	assert_non_null(strstr(out, "\"next\": null"));
}

static void calls_and_status(void **state)
{
	done("alto calls --live");
	assert_non_null(strstr(out, "answered  TLS AEAD_AES_128_GCM opus/48000/2  -       one"));
	done("alto calls");
	assert_string_equal(out, "No call yet.\n");
	done("alto calls hangup one");
	refused("alto calls hangup two", 1, "no call with the id \"two\"");
	done("alto status");
	assert_non_null(strstr(out, "node-1: Alto test, up"));
	assert_non_null(strstr(out, "listens on    TLS [::]:5061"));
	assert_non_null(strstr(out, "The certificate is self-signed"));
}

static void wrong_usage_ends_with_2(void **state)
{
	refused("alto", 2, "alto help");
	refused("alto foo", 2, "there is no command foo");
	refused("alto tenant", 2, "tenant what?");
	refused("alto tenant foo", 2, "there is no command tenant foo");
	refused("alto tenant add", 2, "usage: alto tenant add NAME");
	refused("alto tenant add a", 2, "missing: --domain");
	refused("alto tenant add a b --domain c", 2, "one word too many: b");
	refused("alto tenant add a --domain", 2, "wants a value: --domain");
	refused("alto tenant add a --domain c --domain d", 2, "given twice: --domain");
	refused("alto tenant list --lines 3", 2, "there is no option --lines");
	refused("alto tenant list --json=yes", 2, "takes no value: --json");
	refused("alto help foo", 2, "there is no command foo");
	refused("alto tenant set a --lines -1", 2, "--lines must be a number");
	refused("alto tenant set a --lines many", 2, "--lines must be a number");
}

static void the_directory_may_stand_before_the_command(void **state)
{
	const struct node *n = *state;
	char line[300];
	assert_int_equal(setenv("ALTO_DATA", "/nonexistent", 1), 0);
	snprintf(line, sizeof(line), "alto --data %s status", n->directory);
	done(line);
	assert_non_null(strstr(out, "node-1: Alto test, up"));
	snprintf(line, sizeof(line), "alto --data %s tenant list", n->directory);
	done(line);
	assert_string_equal(out, "No tenant yet: alto tenant add\n");
	snprintf(line, sizeof(line), "alto --data %s status --data %s", n->directory, n->directory);
	refused(line, 2, "given twice: --data");
	refused("alto --data /elsewhere status", 1, "no server answers at /elsewhere/alto.sock");
	/* Where no command follows, nothing runs. */
	refused("alto --data", 2, "alto help");
	refused("alto --data /elsewhere", 2, "alto help");
	refused("alto --data  status", 1, "--data wants the name of a directory");
	refused("alto status --data=", 1, "--data wants the name of a directory");
}

static void what_is_no_text_is_refused(void **state)
{
	refused("alto user add acme zoe --extension 200 --name \xff", 1, "--name is not UTF-8");
	refused("alto device add acme zoe desk --password \xc3", 1, "--password is not UTF-8");
	refused("alto tenant add acme --domain \xff", 1, "--domain is not UTF-8");
	refused("alto tenant add \xff --domain acme.example", 1, "word 1 after the command is not UTF-8");
}

static void help_says_what_there_is(void **state)
{
	done("alto --data /elsewhere help"); /* options may stand first here too */
	done("alto help");
	assert_non_null(strstr(out, "alto device add TENANT LOGIN DEVICE"));
	assert_non_null(strstr(out, "alto serve"));
	assert_non_null(strstr(out, "alto version"));
	done("alto -h");
	assert_non_null(strstr(out, "alto device add TENANT LOGIN DEVICE"));
	done("alto calls hangup -h");
	assert_non_null(strstr(out, "alto calls hangup ID"));
	done("alto tenant -h");
	assert_non_null(strstr(out, "alto tenant add NAME"));
	done("alto help calls");
	assert_non_null(strstr(out, "alto calls hangup ID"));
	assert_null(strstr(out, "tenant add"));
	done("alto user add --help");
	assert_non_null(strstr(out, "--extension EXT"));
}

static void without_a_server_it_says_so(void **state)
{
	refused("alto status --data /nonexistent", 1,
		"no server answers at /nonexistent/alto.sock: is `alto serve` running?");
	char line[200];
	snprintf(line, sizeof(line), "alto status --data /%0120d", 0);
	refused(line, 1, "longer than a socket's name may be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_company_is_made_shown_and_removed, start, stop),
		cmocka_unit_test_setup_teardown(an_operator_is_connected, start, stop),
		cmocka_unit_test_setup_teardown(json_is_json, start, stop),
		cmocka_unit_test_setup_teardown(calls_and_status, start, stop),
		cmocka_unit_test_setup_teardown(the_directory_may_stand_before_the_command, start, stop),
		cmocka_unit_test_setup_teardown(what_is_no_text_is_refused, start, stop),
		cmocka_unit_test(wrong_usage_ends_with_2),
		cmocka_unit_test(help_says_what_there_is),
		cmocka_unit_test(without_a_server_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
