/* cli/client.h - one request to the server over its unix socket */
#pragma once
#include "cli/command.h"

#define CLIENT_PATH_CAP 2048
/* A path with parameters, percent-encoded where needed. */
struct client_path {
	char text[CLIENT_PATH_CAP];
	size_t n;
	bool overflow, has_parameter;
};
void client_path(struct client_path *p, const char *resource);                     /* "/api/v1/users" */
void client_path_add(struct client_path *p, const char *part);                     /* "/" and the part */
void client_parameter(struct client_path *p, const char *name, const char *value); /* value NULL: left out */

/*
 * body: taken; NULL: none. 0 and *ret (NULL when the answer has no body), or the exit status after its one line on
 * stderr. *ret is the caller's.
 */
MUST_USE int client_ask(const struct cli *c, const char *method, const struct client_path *path, json_t *body,
			json_t **ret);
/* DELETE; what it answers is not looked at. */
MUST_USE int client_remove(const struct cli *c, const struct client_path *path);
/*
 * A listing as {"items", "next"}. all: every page, unless --limit was given; else one page.
 */
MUST_USE int client_list(const struct cli *c, const struct client_path *path, bool all, json_t **ret);
/* The id of the only item of a listing; `what` is named when there is none. */
MUST_USE int client_find_id(const struct cli *c, const struct client_path *path, const char *what, char ret_id[64]);
