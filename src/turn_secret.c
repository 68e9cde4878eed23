/* turn_secret.c - see turn_secret.h */
#include "turn_secret.h"

#include <errno.h>
#include <stdio.h>

#include "base/slice.h"
#include "crypto/crypto.h"

int turn_secret_load(const char *path, struct turn_secret *secret)
{
	char line[TURN_SECRET_MAX + 3] = "";
	FILE *file = fopen(path, "re");
	if (!file) {
		int rc = -errno;
		warning_set_with(&secret->trouble, WARNING_TURN_SECRET_UNREADABLE, "%.511s\t%s", path, strerror(-rc));
		return rc;
	}
	bool read = fgets(line, sizeof(line), file) != NULL;
	(void)fclose(file);
	struct slice s = slice_trim(slice_from_string(line));
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	bool good = read && s.n >= TURN_SECRET_MIN && s.n <= TURN_SECRET_MAX;
	if (good) {
		slice_to_string(s, secret->text, sizeof(secret->text));
		warning_set(&secret->trouble, WARNING_NONE);
	} else {
		warning_set_with(&secret->trouble, WARNING_TURN_SECRET_ODD, "%s", path);
	}
	crypto_wipe(line, sizeof(line));
	return good ? 0 : -EINVAL;
}
