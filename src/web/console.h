/*
 * web/console.h - the files of the console, in memory
 *
 * Read once, at the start: what is served is looked up by its name in a list, so no path reaches outside, and no file
 * is opened while calls go on. Immutable once loaded.
 */
#pragma once
#include "web/request.h"

struct web_console;

/*
 * Every plain file below the directory; those whose names begin with a dot, and links, are left out. x.js.br and
 * x.js.gz are x.js, packed. 0; -ENOENT: no such directory, or no index.html in it; -EFBIG: more than WEB_CONSOLE_FILES
 * or WEB_CONSOLE_BYTES; -ENOMEM, or the system's own; with *ret_why.
 */
MUST_USE int web_console_load(const char *directory, struct web_console **ret, struct warning *ret_why);
/*
 * The one beside the program, as in the directory that it was built in; else the one in this directory. *ret stays
 * untouched if there is none, or with *ret_why if it cannot be read.
 */
void web_console_find(const char *installed, struct web_console **ret, struct warning *ret_why);
struct web_console *web_console_free(struct web_console *c);

/*
 * Answers a GET for a path that is no resource: the file, or index.html for what only looks like a page's own path, so
 * that a page can be opened where it was left. context->console NULL: a sentence.
 */
void web_console_get(struct web_request *r);
