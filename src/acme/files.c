/* acme/files.c - DATA/acme/HOST: the account's key, and a file for each name with its key and chain */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/private.h"
#include "base/log.h"
#include "net/file.h"
#include "net/loop.h"
#include "net/tls.h"

#define PATH_CAP (sizeof(((struct acme *)NULL)->directory) + ACME_NAME_MAX + 8)

static void path_of(const struct acme *a, const char *name, char ret[PATH_CAP])
{
	snprintf(ret, PATH_CAP, "%s/%s.pem", a->directory, name);
}

static int refuse(struct acme_reason *reterr, const char *path, int rc)
{
	snprintf(reterr->text, sizeof(reterr->text), "%.400s: %s", path,
		 rc == -EINVAL ? "there is no P-256 key in it; move it away, and another account is made"
			       : strerror(-rc));
	return rc;
}

/* ---- the account's key ---- */

static int read_key(const char *path, EVP_PKEY **ret)
{
	char pem[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, pem, sizeof(pem));
	int rc = n < 0 ? -errno : 0;
	close(fd);
	if (rc == 0 && !(*ret = acme_key_parse(slice_of(pem, (size_t)n))))
		rc = -EINVAL;
	explicit_bzero(pem, sizeof(pem));
	return rc;
}

static int make_key(const char *path, EVP_PKEY **ret)
{
	EVP_PKEY *key = acme_key_make();
	char *pem = key ? acme_key_pem(key) : NULL;
	int rc = pem ? file_write_whole(path, slice_from_string(pem)) : -ENOMEM;
	acme_key_pem_free(pem);
	if (rc < 0)
		EVP_PKEY_free(key);
	else
		*ret = key;
	return rc;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* A directory for each authority: what one has issued, for a test perhaps, is not shown as another's. */
int acme_files_open(struct acme *a, struct acme_reason *reterr)
{
	struct http_url url;
	char path[PATH_CAP];
	EVP_PKEY *key = NULL;
	int rc = http_url_read(a->setup.config->directory, &url);
	if (rc < 0) {
		snprintf(reterr->text, sizeof(reterr->text), "acme.directory is no URL that can be asked");
		return rc;
	}
	snprintf(a->directory, sizeof(a->directory), "%s/acme", a->setup.data);
	rc = make_directory(a->directory);
	snprintf(a->directory, sizeof(a->directory), "%s/acme/%.100s_%u", a->setup.data, url.host, url.port);
	if (rc == 0)
		rc = make_directory(a->directory);
	if (rc < 0)
		return refuse(reterr, a->directory, rc);
	snprintf(path, sizeof(path), "%s/account.key", a->directory);
	rc = read_key(path, &key);
	if (rc == -ENOENT)
		rc = make_key(path, &key);
	if (rc < 0)
		return refuse(reterr, path, rc);
	if (acme_server_init(&a->server, a->setup.config->directory, a->setup.config->contact, key))
		return 0;
	EVP_PKEY_free(key);
	a->server.key = NULL;
	return refuse(reterr, path, -ENOMEM);
}

/* ---- certificates ---- */

struct tls_identity *acme_file_load(struct acme *a, const char *name)
{
	char path[PATH_CAP];
	struct tls_identity *i = NULL;
	struct tls_reason why;
	path_of(a, name, path);
	int rc = tls_identity_load(path, path, &i, &why);
	if (rc == 0 && tls_identity_covers(i, slice_from_string(name)))
		return i;
	if (rc != -ENOENT)
		log_event(LOG_WARN, "acme.file_ignored", LOG_STR("name", name),
			  LOG_STR("why", rc == 0 ? "it is for another name" : why.text));
	return tls_identity_free(i);
}

static void work(uv_work_t *w)
{
	struct acme_file *f = container_of(w, struct acme_file, work);
	char path[PATH_CAP];
	path_of(f->acme, f->name, path);
	if (f->bytes)
		f->rc = file_write_whole(path, slice_from_string(f->bytes));
	else
		f->rc = unlink(path) < 0 ? -errno : 0;
}

static void after(uv_work_t *w, int status)
{
	struct acme_file *f = container_of(w, struct acme_file, work);
	f->done(f);
}

static struct acme_file *file_start(struct acme *a, const char *name, char *bytes, void (*done)(struct acme_file *f))
{
	struct acme_file *f = calloc(1, sizeof(*f));
	if (!f) {
		acme_key_pem_free(bytes);
		return NULL;
	}
	f->acme = a;
	f->bytes = bytes;
	f->done = done;
	snprintf(f->name, sizeof(f->name), "%s", name);
	int rc = uv_queue_work(loop_uv(a->setup.loop), &f->work, work, after);
	ASSERT(rc == 0); /* it has no other failure than a NULL work() */
	return f;
}

struct acme_file *acme_file_save(struct acme *a, const char *name, char *bytes, void (*done)(struct acme_file *f))
{
	return file_start(a, name, bytes, done);
}

void acme_file_free(struct acme_file *f)
{
	acme_key_pem_free(f->bytes);
	tls_identity_free(f->identity);
	free(f);
}

/* Without memory for it a file stays that nobody reads until its name comes back. */
void acme_file_remove(struct acme *a, const char *name)
{
	(void)file_start(a, name, NULL, acme_file_free);
}
