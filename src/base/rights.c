/* base/rights.c - by capset(2), for which the C library has no word, and a few bits are no reason for a library */
#include "base/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Written before there are other threads. Otherwise there is nothing to give up, and capset() is not among the calls
 * that the service may make. */
static bool kept;

static int set(uint32_t capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = capabilities, .permitted = capabilities}};
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int rights_keep(uint32_t capabilities)
{
	int rc = set(capabilities);
	kept |= rc == 0;
	return rc;
}

int rights_give_up(void)
{
	return kept ? set(0) : 0;
}
