/* SPDX-License-Identifier: GPL-2.0-only */
/* One timer for all that is looked at once a second. */
#ifndef XV_TICK_H
#define XV_TICK_H

#include "err.h"

struct event_base;
struct xv_tick;

/* Starts the timer, in an event loop. */
int xv_tick_start(struct event_base *base, struct xv_tick **tick, struct xv_err *err);
/* Calls fn each second from now on, after those that were added before. */
void xv_tick_add(struct xv_tick *tick, void (*fn)(void *arg), void *arg);
/* NULL is fine. */
void xv_tick_stop(struct xv_tick *tick);

#endif
