/* base/pulse.c - the pulses of all threads, and the round through them */
#include <signal.h>

#include "base/pulse.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list; a thread takes it at its begin and end */
static struct pulse *pulses;

void pulse_begin(struct pulse *p, const char *name, void (*wake)(void *arg), void *arg)
{
	sigset_t set;

	*p = (struct pulse){.name = name, .wake = wake, .arg = arg, .thread = pthread_self()};
	sigemptyset(&set);
	sigaddset(&set, PULSE_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_mutex_lock(&lock);
	p->next = pulses;
	pulses = p;
	pthread_mutex_unlock(&lock);
}

void pulse_end(struct pulse *p)
{
	pthread_mutex_lock(&lock);
	for (struct pulse **at = &pulses; *at; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		break;
	}
	pthread_mutex_unlock(&lock);
}

static void ask(struct pulse *p)
{
	p->missed = 0;
	atomic_fetch_add_explicit(&p->asked, 1, memory_order_relaxed);
	p->wake(p->arg);
}

unsigned pulse_round(unsigned missed_max, void (*stuck)(const struct pulse *p, void *arg), void *arg)
{
	unsigned owing = 0;

	pthread_mutex_lock(&lock);
	for (struct pulse *p = pulses; p; p = p->next) {
		uint32_t asked = atomic_load_explicit(&p->asked, memory_order_relaxed);
		if (asked == atomic_load_explicit(&p->answered, memory_order_relaxed)) {
			ask(p);
		} else if (atomic_load_explicit(&p->outside, memory_order_relaxed)) {
			p->missed = 0;
		} else {
			owing++;
			if (++p->missed >= missed_max)
				stuck(p, arg);
		}
	}
	pthread_mutex_unlock(&lock);
	return owing;
}
