/* SPDX-License-Identifier: GPL-2.0-only */
/* One timer for all work that is done once a second. */
#ifndef XV_TICK_H
#define XV_TICK_H

#include "err.h"

struct event_base;
struct xv_tick;

/* Starts the timer, in an event loop. */
int xv_tick_start(struct event_base *base, struct xv_tick **tick, struct xv_err *err);
/*
 * Calls fn(arg) once a second from now on. Functions are called in the order in which they were
 * added.
 */
void xv_tick_add(struct xv_tick *tick, void (*fn)(void *arg), void *arg);
/* tick may be NULL. */
void xv_tick_stop(struct xv_tick *tick);

#endif
