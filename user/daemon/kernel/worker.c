/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread beside the event loop: see worker.h. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel/privileges.h"
#include "kernel/worker.h"
#include "turn.h"

struct job {
	void (*fn)(void *arg);
	void *arg;
	int done;  /* event counter (eventfd) */
	bool safe; /* the thread had dropped its privileges, and has run fn */
};

static void *run(void *arg)
{
	struct job *job = arg;
	uint64_t one = 1;

	job->safe = !xv_privileges_none();
	if (job->safe)
		job->fn(job->arg);
	if (write(job->done, &one, sizeof(one)) != sizeof(one))
		abort(); /* cannot happen: the counter cannot be full */
	return NULL;
}

/* Blocks all signals in the thread, as the event loop handles them. */
static int start(pthread_t *thread, struct job *job)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(thread, NULL, run, job);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

void xv_worker_run(void (*fn)(void *arg), void *arg)
{
	struct job job = {.fn = fn, .arg = arg, .done = -1};
	pthread_t thread;

	if (xv_turn_is_on())
		job.done = eventfd(0, EFD_CLOEXEC);
	if (job.done >= 0 && !start(&thread, &job)) {
		xv_turn_wait(job.done);
		pthread_join(thread, NULL);
	}
	if (job.done >= 0)
		close(job.done);
	if (!job.safe)
		fn(arg);
}
