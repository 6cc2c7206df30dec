/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread beside the event loop, without any privilege, for work on memory of its own. */
#ifndef XV_WORKER_H
#define XV_WORKER_H

/*
 * Runs fn(arg) and returns when it is done. For work in turns (turn.h): in a thread that has
 * dropped all capabilities, while the event loop serves others; what fn touches is nobody else's
 * meanwhile. Otherwise, or where no such thread can be had, here.
 */
void xv_worker_run(void (*fn)(void *arg), void *arg);

#endif
