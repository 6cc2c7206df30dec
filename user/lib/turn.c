/* SPDX-License-Identifier: GPL-2.0-only */
/* Long work in turns: see turn.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "clock.h"
#include "turn.h"

enum {
	TURN_US = 4000,	 /* length of a turn */
	STACK = 1 << 20, /* the kernel provides the pages that are touched */
	GUARD = 1 << 16, /* below the stack: an overflow faults instead of corrupting memory */
};

struct work {
	void (*fn)(void *arg);
	void *arg;
	struct work *next;
};

/* There is one for the process, as it has one event loop. */
static struct {
	struct work *first; /* the work under way, else the next to begin */
	struct event_base *base;
	struct event *resume;
	char *stack;
	ucontext_t loop, work; /* where the loop and the work continue */
	bool begun;	       /* the first piece of work has begun */
	bool on;	       /* work is running now */
	uint64_t until;	       /* us: when the turn ends */
	const char *what;
	size_t done, total;
} turn;

/* The first function on the work's stack. It must not return, as it has no caller. */
static void run(void)
{
	turn.first->fn(turn.first->arg);
	turn.begun = false;
	setcontext(&turn.loop);
}

static void drop_first(void)
{
	struct work *done = turn.first;

	turn.first = done->next;
	turn.begun = false;
	turn.what = NULL;
	free(done);
}

/* Runs the first piece of work until it gives way or ends. When it ends, begins the next one. */
static void go_on(void)
{
	while (turn.first) {
		if (!turn.begun) {
			getcontext(&turn.work);
			turn.work.uc_stack.ss_sp = turn.stack + GUARD;
			turn.work.uc_stack.ss_size = STACK;
			turn.work.uc_link = NULL;
			makecontext(&turn.work, run, 0);
		}
		turn.begun = true;
		turn.on = true;
		turn.until = xv_clock_us() + TURN_US;
		swapcontext(&turn.loop, &turn.work);
		turn.on = false;
		if (turn.begun)
			return;
		drop_first();
	}
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	go_on();
}

static int prepare(struct event_base *base)
{
	void *stack;

	if (!turn.stack) {
		stack = mmap(NULL, GUARD + STACK, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (stack == MAP_FAILED)
			return -ENOMEM;
		mprotect(stack, GUARD, PROT_NONE);
		turn.stack = stack;
	}
	if (turn.base == base)
		return 0;
	if (turn.resume)
		event_free(turn.resume);
	turn.base = base;
	turn.resume = evtimer_new(base, on_resume, NULL);
	return turn.resume ? 0 : -ENOMEM;
}

int xv_turn_begin(struct event_base *base, void (*fn)(void *arg), void *arg)
{
	struct work *work = calloc(1, sizeof(*work)), **last = &turn.first;
	bool idle = !turn.first;

	if (!work || prepare(base)) {
		free(work);
		return -ENOMEM;
	}
	work->fn = fn;
	work->arg = arg;
	while (*last)
		last = &(*last)->next;
	*last = work;
	if (idle)
		go_on();
	return 0;
}

/* Returns to the event loop. turn.resume brings the work back. */
static void leave(void)
{
	turn.on = false;
	swapcontext(&turn.work, &turn.loop);
}

bool xv_turn_pause(unsigned int us)
{
	struct timeval delay = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	if (!turn.on)
		return false;
	evtimer_add(turn.resume, &delay);
	leave();
	return true;
}

void xv_turn_give_way(void)
{
	if (turn.on && xv_clock_us() >= turn.until)
		xv_turn_pause(0);
}

bool xv_turn_wait(int fd)
{
	if (!turn.on)
		return false;
	if (event_base_once(turn.base, fd, EV_READ, on_resume, NULL, NULL))
		return false;
	leave();
	return true;
}

bool xv_turn_is_on(void)
{
	return turn.on;
}

bool xv_turn_is_busy(void)
{
	return turn.first;
}

void xv_turn_tell(const char *what, size_t done, size_t total)
{
	if (!turn.on)
		return;
	turn.what = what;
	turn.done = done;
	turn.total = total;
}

void xv_turn_text(char *text, size_t size)
{
	if (!turn.what)
		snprintf(text, size, "%s", "");
	else if (turn.total)
		snprintf(text, size, "%s, %zu of %zu", turn.what, turn.done, turn.total);
	else
		snprintf(text, size, "%s", turn.what);
}

void xv_turn_stop(void)
{
	while (turn.first)
		drop_first();
	if (turn.resume)
		event_free(turn.resume);
	turn.resume = NULL;
	turn.base = NULL;
}
