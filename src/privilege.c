/* privilege.c - another user, no way back, no look inside.   record 014 */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/rights.h"

static int fail(const char *user, const char *why)
{
	fprintf(stderr, "alto: user: %s: %s\n", user, why);
	return -1;
}

int privilege_become(const char *user)
{
	if (!*user)
		return 0;
	errno = 0;
	const struct passwd *p = getpwnam(user);
	if (!p)
		return fail(user, errno ? strerror(errno) : "there is no such user; make it with useradd --system");
	if (p->pw_uid == geteuid())
		return 0;
	if (geteuid() != 0)
		return fail(user, "only root can become another user: start alto as root, or as this user");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || initgroups(user, p->pw_gid) < 0 ||
	    setresgid(p->pw_gid, p->pw_gid, p->pw_gid) < 0 || setresuid(p->pw_uid, p->pw_uid, p->pw_uid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fail(user, strerror(errno));
	/* Each only as far as it is there, as in a container: without them voice is a thread like others, and ports
	 * below 1024 are refused by name. */
	if (rights_keep(1u << CAP_NET_BIND_SERVICE | 1u << CAP_SYS_NICE) < 0 &&
	    rights_keep(1u << CAP_NET_BIND_SERVICE) < 0 && rights_keep(0) < 0)
		return fail(user, "the rights of root cannot be given up");
	return 0;
}

int privilege_lock(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		fprintf(stderr, "alto: the process cannot be locked: %s\n", strerror(errno));
		return -1;
	}
	return 0;
}

int privilege_finish(void)
{
	int rc = rights_give_up();
	if (rc == 0)
		return 0;
	fprintf(stderr, "alto: the rights of root cannot be given up: %s\n", strerror(-rc));
	return -1;
}

bool privilege_is_root(void)
{
	return geteuid() == 0;
}
