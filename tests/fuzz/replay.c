/*
 * replay.c - runs a fuzz target over its corpus without a fuzzer: the main() of tests/fuzz in ordinary builds
 *
 *   replay_NAME [--whole] DIRECTORY...
 *
 * Every file is given to the target whole, and (without --whole) cut at every length where it is small, in memory that
 * ends at an unreadable page: a read past the end stops the program, which then names the file and the length.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Cutting costs the square of the size; 2 KiB holds any ordinary message. */
#define CUT_BYTES_MAX 2048
#define FILE_BYTES_MAX (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is being tried, for the signal handler. */
static char now[PATH_MAX + 64];

static void tell(int signal_number)
{
	(void)signal_number;
	(void)!write(STDERR_FILENO, now, strlen(now));
	/* SA_RESETHAND: returning repeats the fault, now with the default end. */
}

/* AddressSanitizer's own report of a bad access is better than a bare signal; it calls this before it ends. */
void __asan_on_error(void);
void __asan_on_error(void)
{
	tell(0);
}
extern void __asan_init(void) __attribute__((weak));

static void tell_on_crash(void)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESETHAND};
	size_t count = __asan_init ? 1 : sizeof(signals) / sizeof(signals[0]);
	for (size_t i = 0; i < count; i++)
		(void)sigaction(signals[i], &action, NULL);
}

/* `guard` is the first unreadable byte. */
static void try(const char *path, uint8_t *guard, const uint8_t *bytes, size_t n)
{
	(void)snprintf(now, sizeof(now), "replay: stopped at %s, first %zu bytes\n", path, n);
	if (n > 0)
		memcpy(guard - n, bytes, n);
	LLVMFuzzerTestOneInput(guard - n, n);
}

static int replay_file(const char *path, uint8_t *guard, bool cuts)
{
	static uint8_t bytes[FILE_BYTES_MAX];
	FILE *f = fopen(path, "rb");
	if (!f)
		return -errno;
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	bool too_long = n == sizeof(bytes);
	(void)fclose(f);
	if (too_long)
		return -EFBIG;

	try(path, guard, bytes, n);
	for (size_t cut = 0; cuts && n <= CUT_BYTES_MAX && cut < n; cut++)
		try(path, guard, bytes, cut);
	return 0;
}

static int replay_directory(const char *name, uint8_t *guard, bool cuts, size_t *files)
{
	DIR *dir = opendir(name);
	if (!dir)
		return -errno;
	int rc = 0;
	for (const struct dirent *e = readdir(dir); e && rc == 0; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		char path[PATH_MAX];
		if (snprintf(path, sizeof(path), "%s/%s", name, e->d_name) >= (int)sizeof(path))
			rc = -ENAMETOOLONG;
		else
			rc = replay_file(path, guard, cuts);
		if (rc < 0)
			(void)fprintf(stderr, "replay: %s/%s: %s\n", name, e->d_name, strerror(-rc));
		(*files)++;
	}
	(void)closedir(dir);
	return rc;
}

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *memory = mmap(NULL, FILE_BYTES_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + FILE_BYTES_MAX, page, PROT_NONE) < 0) {
		perror("replay: mmap");
		return 1;
	}
	tell_on_crash();
	size_t files = 0;
	bool whole = argc > 1 && strcmp(argv[1], "--whole") == 0;
	for (int i = whole ? 2 : 1; i < argc; i++) {
		int rc = replay_directory(argv[i], memory + FILE_BYTES_MAX, !whole, &files);
		if (rc < 0) {
			(void)fprintf(stderr, "replay: %s: %s\n", argv[i], strerror(-rc));
			return 1;
		}
	}
	(void)printf("%zu files replayed\n", files);
	/* A target whose corpus got lost must not look tested. */
	return files > 0 ? 0 : 1;
}
