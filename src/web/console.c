/* web/console.c - reads the console's files, and answers with them */
#include "web/console.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"

enum encoding { PLAIN, BROTLI, GZIP, ENCODINGS };
static const struct {
	const char *name, *ending;
} encodings[ENCODINGS] = {[PLAIN] = {NULL, ""}, [BROTLI] = {"br", ".br"}, [GZIP] = {"gzip", ".gz"}};

struct content {
	char *bytes; /* NULL: there is none in this encoding */
	size_t n;
	char etag[40];
};
struct file {
	char *path; /* "/assets/app-1a2b3c.js" */
	const char *type;
	struct content content[ENCODINGS];
};
struct web_console {
	struct file files[WEB_CONSOLE_FILES];
	size_t count, bytes;
};

static const struct {
	const char *ending, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".json", "application/json"},
	{".webmanifest", "application/manifest+json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
	{".woff2", "font/woff2"},
	{".mp3", "audio/mpeg"},
	{".ogg", "audio/ogg"},
	{".wav", "audio/wav"},
	{".wasm", "application/wasm"},
	{".txt", "text/plain; charset=utf-8"},
};

static bool ends_with(struct slice s, const char *ending)
{
	size_t n = strlen(ending);
	return s.n > n && slice_eq(slice_from(s, s.n - n), slice_from_string(ending));
}

static const char *type_of(struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (ends_with(path, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

static struct file *find(const struct web_console *c, struct slice path)
{
	for (size_t i = 0; i < c->count; i++)
		if (slice_eq(slice_from_string(c->files[i].path), path))
			return (struct file *)(uintptr_t)&c->files[i];
	return NULL;
}

/* ---- the load ---- */

struct reading {
	struct web_console *console;
	char path[WEB_PATH_MAX + 1]; /* below the directory */
};

static int read_bytes(struct web_console *c, int fd, struct content *ret)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if ((uint64_t)st.st_size > WEB_CONSOLE_BYTES - c->bytes)
		return -EFBIG;
	size_t n = (size_t)st.st_size, got = 0;
	char *bytes = malloc(MAX(n, (size_t)1));
	if (!bytes)
		return -ENOMEM;
	while (got < n) {
		ssize_t more = read(fd, bytes + got, n - got);
		if (more <= 0) {
			int rc = more < 0 ? -errno : -EIO;
			free(bytes);
			return rc;
		}
		got += (size_t)more;
	}
	uint8_t mac[32];
	crypto_hmac_sha256(SLICE("alto console"), slice_of(bytes, n), mac);
	struct writer w = writer_on(ret->etag, sizeof(ret->etag) - 1);
	write_char(&w, '"');
	write_hex(&w, mac, 12);
	write_char(&w, '"');
	ret->etag[w.n] = 0;
	free(ret->bytes);
	ret->bytes = bytes;
	ret->n = n;
	c->bytes += n;
	return 0;
}

static int file_of(struct web_console *c, struct slice path, struct file **ret)
{
	*ret = find(c, path);
	if (*ret)
		return 0;
	if (c->count == WEB_CONSOLE_FILES)
		return -EFBIG;
	char *kept = slice_dup(path);
	if (!kept)
		return -ENOMEM;
	*ret = &c->files[c->count++];
	**ret = (struct file){.path = kept, .type = type_of(path)};
	return 0;
}

static int take_file(struct reading *r, int fd)
{
	struct slice path = slice_from_string(r->path);
	enum encoding e = PLAIN;
	for (enum encoding i = BROTLI; i < ENCODINGS; i++)
		if (ends_with(path, encodings[i].ending))
			e = i;
	struct file *f;
	int rc = file_of(r->console, slice_first(path, path.n - strlen(encodings[e].ending)), &f);
	return rc < 0 ? rc : read_bytes(r->console, fd, &f->content[e]);
}

static int take_directory(struct reading *r, int fd, unsigned depth);

static int take_entry(struct reading *r, int directory, const char *name, unsigned depth)
{
	size_t n = strlen(r->path);
	if (name[0] == '.' || (size_t)snprintf(r->path + n, sizeof(r->path) - n, "/%s", name) >= sizeof(r->path) - n) {
		r->path[n] = 0;
		return 0;
	}
	struct stat st;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int rc = fd < 0 ? (errno == ELOOP ? 0 : -errno) : fstat(fd, &st) < 0 ? -errno : 0;
	if (rc == 0 && fd >= 0 && S_ISDIR(st.st_mode) && depth > 0) {
		rc = take_directory(r, fd, depth - 1);
	} else if (fd >= 0) {
		if (rc == 0 && S_ISREG(st.st_mode))
			rc = take_file(r, fd);
		close(fd);
	}
	r->path[n] = 0;
	return rc;
}

/* Takes fd. */
static int take_directory(struct reading *r, int fd, unsigned depth)
{
	DIR *d = fdopendir(fd);
	if (!d) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	int rc = 0;
	for (const struct dirent *e; rc == 0 && (e = readdir(d)) != NULL;)
		rc = take_entry(r, dirfd(d), e->d_name, depth);
	closedir(d);
	return rc;
}

#define DEPTH_MAX 8

int web_console_load(const char *directory, struct web_console **ret, struct warning *ret_why)
{
	struct web_console *c = calloc(1, sizeof(*c));
	struct reading r = {.console = c};
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = !c ? -ENOMEM : fd < 0 ? -errno : take_directory(&r, fd, DEPTH_MAX);
	if (!c && fd >= 0)
		close(fd);
	const struct file *index = rc == 0 ? find(c, SLICE("/index.html")) : NULL;
	if (rc == 0 && (!index || !index->content[PLAIN].bytes))
		rc = -ENOENT;
	if (rc == 0) {
		*ret = c;
		return 0;
	}
	if (rc == -ENOENT)
		warning_set_with(ret_why, WARNING_CONSOLE_MISSING, "%s", directory);
	else
		warning_set_with(ret_why, WARNING_CONSOLE_UNREADABLE, "%.511s\t%s", directory, strerror(-rc));
	web_console_free(c);
	return rc;
}

void web_console_find(const char *installed, struct web_console **ret, struct warning *ret_why)
{
	char beside[512];
	ssize_t n = readlink("/proc/self/exe", beside, sizeof(beside) - sizeof("/console"));
	char *slash = n > 0 ? memrchr(beside, '/', (size_t)n) : NULL;
	if (slash)
		memcpy(slash, "/console", sizeof("/console"));
	const char *directory = slash && access(beside, F_OK) == 0 ? beside : installed;
	if (access(directory, F_OK) == 0)
		(void)!web_console_load(directory, ret, ret_why);
}

struct web_console *web_console_free(struct web_console *c)
{
	for (size_t i = 0; c && i < c->count; i++) {
		free(c->files[i].path);
		for (enum encoding e = PLAIN; e < ENCODINGS; e++)
			free(c->files[i].content[e].bytes);
	}
	free(c);
	return NULL;
}

/* ---- answers ---- */

/* RFC 9110 §12.5.3: named, and not with a weight of nothing. */
static bool accepts(struct slice accepted, const char *name)
{
	while (!slice_empty(accepted)) {
		struct slice weight = slice_cut(&accepted, ',');
		struct slice coding = slice_trim(slice_cut(&weight, ';'));
		if (slice_caseeq(coding, slice_from_string(name))) {
			struct slice q = slice_trim(weight);
			return !slice_eq(q, SLICE("q=0")) && !slice_eq(slice_first(q, 5), SLICE("q=0.0"));
		}
	}
	return false;
}

static enum encoding choose(const struct web_request *r, const struct file *f)
{
	for (enum encoding e = BROTLI; e < ENCODINGS; e++)
		if (f->content[e].bytes && accepts(r->accept_encoding, encodings[e].name))
			return e;
	return PLAIN;
}

/* A page that was opened elsewhere: "/people/anna", not "/assets/app-old.js". */
static bool looks_like_a_page(struct slice path)
{
	struct slice last = path;
	while (!slice_empty(path))
		last = slice_cut(&path, '/');
	return slice_find(last, '.') < 0;
}

static void answer_with(struct web_request *r, const struct file *f)
{
	enum encoding e = choose(r, f);
	const struct content *c = &f->content[e];
	bool immutable = slice_eq(slice_first(slice_from_string(f->path), 8), SLICE("/assets/"));
	r->answer.cache = immutable ? "public, max-age=31536000, immutable" : "no-cache";
	r->answer.etag = c->etag;
	r->answer.vary = "accept-encoding";
	if (web_etag_is_known(r->if_none_match, c->etag)) {
		web_answer_text(r, 304, NULL, NULL, 0);
		return;
	}
	r->answer.encoding = encodings[e].name;
	web_answer_file(r, f->type, slice_of(c->bytes, c->n));
}

void web_console_get(struct web_request *r)
{
	static const char none[] = "The console is not installed on this server. Its API answers at /api/v1.\n";
	const struct web_console *c = r->context->console;
	if (!c) {
		char *text = slice_dup(slice_from_string(none));
		web_answer_text(r, text ? 404 : 503, "text/plain; charset=utf-8", text, text ? strlen(none) : 0);
		return;
	}
	const struct file *f = find(c, slice_eq(r->path, SLICE("/")) ? SLICE("/index.html") : r->path);
	if (!f && looks_like_a_page(r->path))
		f = find(c, SLICE("/index.html"));
	if (f && f->content[PLAIN].bytes)
		answer_with(r, f);
	else
		web_problem(r, WEB_NOT_FOUND, NULL, "there is nothing at this path");
}
