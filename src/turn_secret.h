/* turn_secret.h - the secret that is shared with a TURN server, read from its file at the start and on SIGHUP */
#pragma once
#include "base/warning.h"

/* An HMAC-SHA1 takes 64 bytes as they are; below 16 it could be guessed from one of the passwords made with it. */
#define TURN_SECRET_MAX 64
#define TURN_SECRET_MIN 16

struct turn_secret {
	char text[TURN_SECRET_MAX + 1]; /* empty: none */
	struct warning trouble;         /* why it is not read anew; or WARNING_NONE */
};

/* The first line of a file. 0; -EINVAL, -ENOENT, -EACCES ...: text stays as it was, and trouble says why. */
MUST_USE int turn_secret_load(const char *path, struct turn_secret *secret);
