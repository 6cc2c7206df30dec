/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grace periods of the datapath for the event loop, which cannot wait the 15 ms that one takes: a
 * thread of its own waits. It touches nothing else.
 */
#ifndef XV_GRACE_H
#define XV_GRACE_H

#include <event2/event.h>

#include "err.h"

struct xv_grace;

/*
 * done(arg) is called from the event loop. Questions wait until the thread runs, which is made by
 * xv_grace_run(): with the privileges that its maker has by then. 0 or negative errno.
 */
int xv_grace_start(struct event_base *base, void (*done)(void *arg), void *arg,
		   struct xv_grace **grace, struct xv_err *err);
int xv_grace_run(struct xv_grace *grace, struct xv_err *err);
/* done() will be called after a grace period that begins now. Not again before it was called. */
void xv_grace_ask(struct xv_grace *grace);
/* Waits for the thread, a grace period at most. done() is not called any more. NULL is fine. */
void xv_grace_stop(struct xv_grace *grace);

#endif
