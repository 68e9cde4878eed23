/* turn_secret.c - see turn_secret.h */
#include "turn_secret.h"

#include <errno.h>
#include <stdio.h>

#include "base/slice.h"
#include "crypto/crypto.h"

static int refuse(struct turn_secret *s, const char *path, const char *why, int rc)
{
	snprintf(s->trouble, sizeof(s->trouble), "turn.secret: %.512s: %s", path, why);
	return rc;
}

int turn_secret_load(const char *path, struct turn_secret *secret)
{
	char line[TURN_SECRET_MAX + 3] = "";
	FILE *file = fopen(path, "re");
	if (!file)
		return refuse(secret, path, strerror(errno), -errno);
	bool read = fgets(line, sizeof(line), file) != NULL;
	(void)fclose(file);
	struct slice s = slice_trim(slice_from_string(line));
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	int rc = 0;
	if (!read || s.n < TURN_SECRET_MIN || s.n > TURN_SECRET_MAX)
		rc = refuse(secret, path, "must hold one line of 16 to 64 characters, as static-auth-secret of coturn",
			    -EINVAL);
	else
		slice_to_string(s, secret->text, sizeof(secret->text));
	if (rc == 0)
		*secret->trouble = 0;
	crypto_wipe(line, sizeof(line));
	return rc;
}
