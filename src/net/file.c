/* net/file.c - see net/file.h */
#include "net/file.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int write_bytes(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t written = write(fd, p, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		p += written;
		n -= (size_t)written;
	}
	return 0;
}

static int sync_directory_of(const char *path)
{
	char directory[512];
	const char *slash = strrchr(path, '/');

	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

int file_write_whole(const char *path, struct slice bytes)
{
	char temporary[512];

	int length = snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (length < 0 || (size_t)length >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* A file of that name is left from a crash, perhaps with other rights. */
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	int rc = write_bytes(fd, bytes.p, bytes.n);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -errno;
	if (rc < 0) {
		unlink(temporary);
		return rc;
	}
	return sync_directory_of(path);
}
