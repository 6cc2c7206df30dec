/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread without privileges, beside the event loop, for work on its own memory. */
#ifndef XV_WORKER_H
#define XV_WORKER_H

/*
 * Runs fn(arg) and returns when it has finished. If the caller is work in turns (turn.h), fn runs
 * in a thread that has dropped all capabilities, while the event loop serves others; nobody else
 * may use fn's memory meanwhile. Otherwise, or if no such thread can be made, fn runs in the
 * caller's thread.
 */
void xv_worker_run(void (*fn)(void *arg), void *arg);

#endif
