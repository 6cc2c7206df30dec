/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grace periods of BPF programs for the event loop, which cannot wait the 15 ms that one takes. A
 * thread waits, and does nothing else.
 */
#ifndef XV_GRACE_H
#define XV_GRACE_H

#include <event2/event.h>

#include "err.h"

struct xv_grace;

/*
 * xv_grace_run() starts the thread, which keeps the privileges of that moment. What was asked
 * before is done then. After each grace period done(arg) is called from the event loop. 0 or
 * negative errno.
 */
int xv_grace_start(struct event_base *base, void (*done)(void *arg), void *arg,
		   struct xv_grace **grace, struct xv_err *err);
int xv_grace_run(struct xv_grace *grace, struct xv_err *err);
/*
 * Asks for done() to be called after a grace period that begins now. To be called again only after
 * done().
 */
void xv_grace_ask(struct xv_grace *grace);
/*
 * Waits until the thread has ended, a grace period at most. done() is not called any more. grace
 * may be NULL.
 */
void xv_grace_stop(struct xv_grace *grace);

#endif
