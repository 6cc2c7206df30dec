/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: see tick.h. */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "model/tick.h"

enum {
	MAX_LOOKS = 8,
};

struct xv_tick {
	struct event *timer;
	struct {
		void (*fn)(void *arg);
		void *arg;
	} looks[MAX_LOOKS];
	size_t n;
};

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct xv_tick *tick = arg;
	size_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < tick->n; i++)
		tick->looks[i].fn(tick->looks[i].arg);
}

int xv_tick_start(struct event_base *base, struct xv_tick **out, struct xv_err *err)
{
	static const struct timeval second = {.tv_sec = 1};
	struct xv_tick *tick = calloc(1, sizeof(*tick));

	if (tick)
		tick->timer = event_new(base, -1, EV_PERSIST, on_second, tick);
	if (!tick || !tick->timer) {
		free(tick);
		return xv_err_set(err, -ENOMEM, "out of memory");
	}
	event_add(tick->timer, &second);
	*out = tick;
	return 0;
}

void xv_tick_add(struct xv_tick *tick, void (*fn)(void *arg), void *arg)
{
	assert(tick->n < MAX_LOOKS);
	tick->looks[tick->n].fn = fn;
	tick->looks[tick->n++].arg = arg;
}

void xv_tick_stop(struct xv_tick *tick)
{
	if (!tick)
		return;
	event_free(tick->timer);
	free(tick);
}
