/* SPDX-License-Identifier: GPL-2.0-only */
/* Grace periods without blocking the event loop: see grace.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel/rcu.h"
#include "maps/grace.h"

enum {
	ASK = 1,
	STOP = 1 << 16, /* more than ASK can add up to */
};

struct xv_grace {
	pthread_t thread;
	bool running;
	int ask, answer; /* event counters (eventfd) to and from the thread */
	struct event *answered;
	void (*done)(void *arg);
	void *arg;
};

static void *wait_for_them(void *arg)
{
	struct xv_grace *grace = arg;
	uint64_t word;

	while (read(grace->ask, &word, sizeof(word)) == sizeof(word) && word < STOP) {
		xv_rcu_synchronize();
		word = ASK;
		if (write(grace->answer, &word, sizeof(word)) != sizeof(word))
			break;
	}
	return NULL;
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct xv_grace *grace = arg;
	uint64_t word;

	(void)what;
	if (read(fd, &word, sizeof(word)) == sizeof(word))
		grace->done(grace->arg);
}

/* Blocks all signals in the thread, as the event loop handles them. */
int xv_grace_run(struct xv_grace *grace, struct xv_err *err)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&grace->thread, NULL, wait_for_them, grace);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	grace->running = !ret;
	return ret ? xv_err_set(err, -ret, "cannot start a thread: %s", strerror(ret)) : 0;
}

int xv_grace_start(struct event_base *base, void (*done)(void *arg), void *arg,
		   struct xv_grace **out, struct xv_err *err)
{
	struct xv_grace *grace = calloc(1, sizeof(*grace));

	if (!grace)
		return xv_err_set(err, -ENOMEM, "out of memory");
	grace->done = done;
	grace->arg = arg;
	grace->ask = eventfd(0, EFD_CLOEXEC);
	grace->answer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (grace->ask >= 0 && grace->answer >= 0)
		grace->answered = event_new(base, grace->answer, EV_READ | EV_PERSIST, on_answer,
					    grace);
	if (!grace->answered) {
		xv_grace_stop(grace);
		return xv_err_set(err, -ENOMEM, "cannot make event counters: %s", strerror(errno));
	}
	event_add(grace->answered, NULL);
	*out = grace;
	return 0;
}

static void tell(struct xv_grace *grace, uint64_t word)
{
	if (write(grace->ask, &word, sizeof(word)) != sizeof(word))
		abort(); /* cannot happen: the counter cannot be full */
}

void xv_grace_ask(struct xv_grace *grace)
{
	tell(grace, ASK);
}

void xv_grace_stop(struct xv_grace *grace)
{
	if (!grace)
		return;
	if (grace->running) {
		tell(grace, STOP);
		pthread_join(grace->thread, NULL);
	}
	if (grace->answered)
		event_free(grace->answered);
	if (grace->ask >= 0)
		close(grace->ask);
	if (grace->answer >= 0)
		close(grace->answer);
	free(grace);
}
