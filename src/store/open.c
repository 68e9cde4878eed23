/* store/open.c - the directory, the lock against a second alto, and the databases, with a sentence when one refuses */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/migrate.h"
#include "store/store_private.h"

/* What the operator can do, for the errors that are theirs to mend. */
static const char *advice(int error)
{
	switch (error) {
	case -ENOSPC:
		return "the disk is full: free some space and start again";
	case -EROFS:
		return "the file system is read-only: mount it writable or name another directory";
	case -EACCES:
	case -EPERM:
		return "the user that alto runs as may not write there: change the owner, or name another directory";
	case -ENOENT:
		return "the directory above it does not exist: make it, or name another directory with --data DIR";
	case -EBUSY:
		return "another program holds it: stop that first";
	default:
		return strerror(-error);
	}
}

/* A long path cuts the sentence, no more. */
PRINTF_LIKE(2, 3) static void say(struct store_reason *reterr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reterr->text, sizeof(reterr->text), format, args);
	va_end(args);
}

static int refuse(struct store_reason *reterr, int error, const char *path, const char *what)
{
	say(reterr, "%s: %s: %s", path, what, advice(error));
	/* Who asks wants to know that a right is missing, not which call found out. */
	return error == -EPERM ? -EACCES : error;
}

static MUST_USE int join(struct store_reason *reterr, const char *directory, const char *name, char ret[4096])
{
	int n = snprintf(ret, 4096, "%s/%s", directory, name);
	if (n < 0 || n >= 4096)
		return refuse(reterr, -ENAMETOOLONG, directory, "no data directory");
	return 0;
}

/* Held until the process ends or the store is closed; the kernel lets go of it however that happens. */
static int lock(struct store *s, const char *path, struct store_reason *reterr)
{
	char holder[16] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse(reterr, -errno, path, "cannot be written");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int error = -errno;
		ssize_t n = pread(fd, holder, sizeof(holder) - 1, 0);
		close(fd);
		if (error != -EWOULDBLOCK)
			return refuse(reterr, error, path, "cannot be locked");
		say(reterr,
		    "%s: another alto (process %.*s) is using this data directory: stop it first, or name another",
		    path, (int)strspn(n > 0 ? holder : "?", "0123456789?"), n > 0 ? holder : "?");
		return -EBUSY;
	}
	/* For whoever reads the file; the lock does not depend on it, so a full disk does not matter here. */
	int n = snprintf(holder, sizeof(holder), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, holder, (size_t)n, 0) < 0)
		holder[0] = '\0';
	s->lock_fd = fd;
	return 0;
}

static int open_file(const char *path, bool read_only, struct db **ret, struct store_reason *reterr)
{
	char why[256] = "";
	int rc = sqlite_open(path, read_only, ret, why);
	if (rc < 0)
		say(reterr, "%s: %s", why, advice(rc));
	return rc;
}

static int open_server(const char *url, bool read_only, struct db **ret, struct store_reason *reterr)
{
	char why[256] = "";
	int rc = postgresql_open(url, read_only, ret, why);
	if (rc < 0)
		say(reterr, "database: %s", why);
	return rc;
}

static bool is_embedded(const struct store *s)
{
	return strcmp(s->config.database, "sqlite") == 0;
}

/* path: for the sentence. Up to the last schema, and all changes up to here count as delivered. */
static int migrate(struct store *s, const char *path, struct store_reason *reterr)
{
	struct store_reason why = {{0}};
	/* Threadless is for the simulator, where nothing depends on the system's clock. */
	int64_t wall_us = s->config.threadless ? 0 : clock_wall_us();
	int rc = db_migrate(s->writer.db, store_migrations, store_migration_count, wall_us, &why);
	/* What the operator of a server can do is in its own words. */
	if (rc == -EINVAL || (rc < 0 && !is_embedded(s)))
		say(reterr, "%s: %s", path, why.text);
	else if (rc < 0)
		say(reterr, "%s: %s: %s", path, why.text, advice(rc));
	if (rc < 0)
		return rc;
	rc = store_errno(change_begin(s->writer.db));
	if (rc < 0)
		say(reterr, "%s: the database cannot be read: %s", path, db_message(s->writer.db));
	return rc;
}

static int open_directory(struct store *s, struct store_reason *reterr)
{
	const char *directory = s->config.directory;
	char path[4096];
	struct stat st;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return refuse(reterr, -errno, directory, "cannot be made");
	if (stat(directory, &st) == 0 && !S_ISDIR(st.st_mode)) {
		say(reterr, "%s is not a directory", directory);
		return -ENOTDIR;
	}
	int rc = join(reterr, directory, "alto.lock", path);
	return rc == 0 ? lock(s, path, reterr) : rc;
}

/* path: a file or a URL. The reader is opened when there is a schema to read. */
static int open_both(struct store *s, const char *path, const char *name,
		     int (*open_one)(const char *path, bool read_only, struct db **ret, struct store_reason *reterr),
		     struct store_reason *reterr)
{
	int rc = open_one(path, false, &s->writer.db, reterr);
	if (rc == 0)
		rc = migrate(s, name, reterr);
	if (rc == 0 && !s->config.threadless)
		rc = open_one(path, true, &s->reader.db, reterr);
	return rc;
}

int store_open_files(struct store *s, struct store_reason *reterr)
{
	char path[4096];

	/* A database in memory belongs to one connection, so its reads go to the writer too. */
	if (strcmp(s->config.directory, ":memory:") == 0) {
		ASSERT(is_embedded(s));
		int rc = open_file(":memory:", false, &s->writer.db, reterr);
		return rc < 0 ? rc : migrate(s, ":memory:", reterr);
	}
	int rc = open_directory(s, reterr);
	if (rc < 0)
		return rc;
	if (!is_embedded(s))
		return open_both(s, s->config.database, "database", open_server, reterr);
	rc = join(reterr, s->config.directory, "alto.db", path);
	return rc < 0 ? rc : open_both(s, path, path, open_file, reterr);
}

void store_close_files(struct store *s)
{
	/* The writer's last: closing the last connection folds the log into the database. */
	s->reader.db = db_close(s->reader.db);
	s->writer.db = db_close(s->writer.db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
}
