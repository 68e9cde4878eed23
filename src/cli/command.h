/* cli/command.h - one command: its words, its options, and what it runs */
#pragma once
#include <jansson.h>

#include "base/common.h"

enum cli_option {
	CLI_ACCESS,
	CLI_ALL,
	CLI_CURSOR,
	CLI_DATA,
	CLI_DAYS,
	CLI_DIGEST,
	CLI_DOMAIN,
	CLI_EXTENSION,
	CLI_FLOW,
	CLI_FROM,
	CLI_HELP,
	CLI_HOST,
	CLI_JSON,
	CLI_KEEPALIVE,
	CLI_LIMIT,
	CLI_LINES,
	CLI_LISTENER,
	CLI_LIVE,
	CLI_MESSAGES,
	CLI_NAME,
	CLI_PASSWORD,
	CLI_ROLE,
	CLI_SHARED,
	CLI_SRTP,
	CLI_TENANT,
	CLI_TRANSPORT,
	CLI_USER,
	CLI_USERNAME,
	CLI_OPTION_COUNT
};
#define CLI_BIT(option) (1u << (option))
#define CLI_LISTING (CLI_BIT(CLI_JSON) | CLI_BIT(CLI_LIMIT) | CLI_BIT(CLI_CURSOR))

#define CLI_WORDS_MAX 3
struct cli {
	const char *words[CLI_WORDS_MAX]; /* NULL: not given */
	const char *options[CLI_OPTION_COUNT];
	char socket[108];
};

struct cli_command {
	const char *noun, *verb; /* verb NULL: the noun alone */
	const char *usage;       /* what follows them */
	const char *purpose;
	size_t words_min, words_max;
	unsigned options;  /* allowed, beside --data and --help */
	unsigned required; /* of them */
	int (*run)(struct cli *c);
};

/* What a command is made of; each prints its own error and returns the exit status. */
int cli_token_add(struct cli *c);
int cli_token_list(struct cli *c);
int cli_token_remove(struct cli *c);
int cli_user_password(struct cli *c);
int cli_tenant_add(struct cli *c);
int cli_tenant_set(struct cli *c);
int cli_tenant_list(struct cli *c);
int cli_tenant_remove(struct cli *c);
int cli_user_add(struct cli *c);
int cli_user_list(struct cli *c);
int cli_user_remove(struct cli *c);
int cli_device_add(struct cli *c);
int cli_device_list(struct cli *c);
int cli_device_set(struct cli *c);
int cli_device_remove(struct cli *c);
int cli_number_add(struct cli *c);
int cli_number_set(struct cli *c);
int cli_number_list(struct cli *c);
int cli_number_remove(struct cli *c);
int cli_trunk_add(struct cli *c);
int cli_trunk_list(struct cli *c);
int cli_trunk_remove(struct cli *c);
int cli_calls(struct cli *c);
int cli_calls_show(struct cli *c);
int cli_calls_hangup(struct cli *c);
int cli_audit(struct cli *c);
int cli_bans(struct cli *c);
int cli_bans_lift(struct cli *c);
int cli_status(struct cli *c);

/* "alto: ..." and a line's end on stderr; returns 1. */
int cli_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* A number of --option within [0, max]. False: said so. */
MUST_USE bool cli_number(const struct cli *c, enum cli_option option, json_int_t max, json_int_t *ret);
