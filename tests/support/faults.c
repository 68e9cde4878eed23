/*
 * support/faults.c - what a scenario test makes go wrong inside the real program: loaded before the C library, told
 * what to do through a file that both have mapped (tests/scenario/faults.py)
 */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's own names are reserved */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct faults {
	char stuck[16]; /* the thread of this name goes no further than its next sleep; "hashing": passwords */
	_Atomic uint32_t disk_ms;     /* so long takes each write and sync of the store's threads */
	_Atomic uint32_t disk_writes; /* how many there were, so that a test sees that one is under way */
	_Atomic int32_t disk_error;   /* errno of each write and sync of theirs; 0: none */
};

static struct faults *faults;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("ALTO_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	close(fd);
	faults = at;
}

void faults_stand_still(void);
void faults_stand_still(void)
{
	for (;;)
		pause();
}

static void maybe_stop_at(const char *name)
{
	if (strncmp(name, faults->stuck, sizeof(faults->stuck)) == 0)
		faults_stand_still();
}

static void maybe_stop(void)
{
	char name[16] = "";
	if (*faults->stuck && pthread_getname_np(pthread_self(), name, sizeof(name)) == 0)
		maybe_stop_at(name);
}

static bool is_store(void)
{
	char name[16] = "";
	return pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 && strncmp(name, "store-", 6) == 0;
}

/* False: the disk refuses. */
static bool use_disk(void)
{
	uint32_t ms = faults->disk_ms;
	int error = faults->disk_error;
	if ((ms == 0 && error == 0) || !is_store())
		return true;
	faults->disk_writes++;
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	while (ms && nanosleep(&left, &left) < 0)
		;
	errno = error;
	return error == 0;
}

/* POSIX has it both ways, ISO C does not. */
#define NEXT(function) (__extension__(__typeof__(&function)) dlsym(RTLD_NEXT, #function))

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	maybe_stop();
	return NEXT(epoll_wait)(fd, events, count, timeout_ms);
}

int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout_ms, const sigset_t *mask)
{
	maybe_stop();
	return NEXT(epoll_pwait)(fd, events, count, timeout_ms, mask);
}

int sem_wait(sem_t *semaphore)
{
	maybe_stop();
	return NEXT(sem_wait)(semaphore);
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
	maybe_stop();
	return NEXT(sem_clockwait)(semaphore, clock, until);
}

/* A thread of libuv's has no name of its own. */
int crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *const password, unsigned long long n,
		      unsigned long long work, size_t memory)
{
	maybe_stop_at("hashing");
	return NEXT(crypto_pwhash_str)(out, password, n, work, memory);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	return use_disk() ? NEXT(pwrite64)(fd, bytes, n, at) : -1;
}

int fdatasync(int fd)
{
	return use_disk() ? NEXT(fdatasync)(fd) : -1;
}

int fsync(int fd)
{
	return use_disk() ? NEXT(fsync)(fd) : -1;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
