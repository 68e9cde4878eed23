/* watchdog.c - the rounds through the threads' pulses, the word to the manager, and the report of a hang */
#include "watchdog.h"

#include "base/clock.h"
#include "base/pulse.h"
#include "base/slice.h"
#include "notify.h"

#include <errno.h>
#include <execinfo.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_US (30 * SECOND_US)
#define LEAST_US (1 * SECOND_US)
#define ROUNDS 6     /* in the manager's time */
#define ROUNDS_MAX 3 /* without an answer: half of that time, so that our report comes before its signal */
#define STACK_WAIT_US (2 * SECOND_US)
#define FRAMES_MAX 64

struct watchdog {
	pthread_t thread;
	sem_t over;
	int64_t round_us;
	bool managed; /* somebody waits for WATCHDOG=1 */
};

static sem_t stack_written;

/* On the thread that hangs. Only what is async-signal-safe once backtrace() has been called before. */
static void write_stack(int signal_number)
{
	int saved = errno;
	void *frames[FRAMES_MAX];
	int n = backtrace(frames, FRAMES_MAX);
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
	(void)sem_post(&stack_written);
	errno = saved;
}

/* False: the time is over. */
static bool wait_for(sem_t *semaphore, int64_t at_most_us)
{
	int64_t until_us = clock_monotonic_us() + at_most_us;
	struct timespec until = {.tv_sec = until_us / SECOND_US, .tv_nsec = until_us % SECOND_US * 1000};
	int rc;
	do
		rc = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until);
	while (rc < 0 && errno == EINTR);
	return rc == 0;
}

/* Past the log, whose lock the thread may hold. */
static void say(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

static void end_program(const struct pulse *p, void *arg)
{
	const struct watchdog *w = arg;
	char line[200], program[300] = "";
	snprintf(line, sizeof(line),
		 "alto: the thread %s has not answered for %lld ms and the program ends; its stack:\n", p->name,
		 (long long)(w->round_us * ROUNDS_MAX / MS_US));
	say(line);
	if (pthread_kill(p->thread, PULSE_SIGNAL) != 0 || !wait_for(&stack_written, STACK_WAIT_US))
		say("alto: it does not take a signal either: the kernel holds it, or a debugger\n");
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0) {
		char hint[400];
		snprintf(hint, sizeof(hint),
			 "alto: `addr2line -f -e %s OFFSET` names what has only an offset (+0x...)\n", program);
		say(hint);
	}
	notify("STATUS=The thread %s stood still; its stack is in the log", p->name);
	_exit(WATCHDOG_STATUS);
}

static void *watch(void *arg)
{
	struct watchdog *w = arg;
	while (!wait_for(&w->over, w->round_us))
		if (pulse_round(ROUNDS_MAX, end_program, w) == 0 && w->managed)
			notify("WATCHDOG=1");
	return NULL;
}

/* sd_watchdog_enabled(3): 0 where no manager waits, or not for this process. */
static int64_t managers_time_us(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t value;
	if (pid && (!slice_u64(slice_from_string(pid), INT32_MAX, &value) || value != (uint64_t)getpid()))
		return 0;
	if (!usec || !slice_u64(slice_from_string(usec), INT64_MAX, &value))
		return 0;
	return (int64_t)value;
}

static int start_thread(struct watchdog *w)
{
	sigset_t every, before;
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	int rc = pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		(void)pthread_setname_np(w->thread, "watchdog");
	return -rc;
}

int watchdog_start(struct watchdog **ret)
{
	struct watchdog *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	int64_t given_us = managers_time_us();
	w->managed = given_us > 0;
	w->round_us = (w->managed ? MAX(given_us, LEAST_US) : DEFAULT_US) / ROUNDS;

	/* The first call loads the unwinder, which allocates: no handler may be the one to make it. */
	void *frame;
	(void)backtrace(&frame, 1);
	struct sigaction action = {.sa_handler = write_stack, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	int rc = sem_init(&stack_written, 0, 0) < 0 || sem_init(&w->over, 0, 0) < 0 ||
				 sigaction(PULSE_SIGNAL, &action, NULL) < 0
			 ? -errno
			 : start_thread(w);
	if (rc < 0) {
		free(w);
		return rc;
	}
	*ret = w;
	return 0;
}

struct watchdog *watchdog_stop(struct watchdog *w)
{
	if (!w)
		return NULL;
	(void)sem_post(&w->over);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->over);
	free(w);
	return NULL;
}
