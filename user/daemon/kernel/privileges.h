/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restricts the daemon's privileges. Each thread has its own capabilities and bounding set, and a
 * new thread gets those of the thread that makes it. So the first two functions must be called
 * while there is one thread; later threads have no more than that.
 */
#ifndef XV_PRIVILEGES_H
#define XV_PRIVILEGES_H

#include "err.h"

/*
 * To be called first. Programs that this process executes get no more privileges than it has
 * (NoNewPrivs; empty bounding, ambient and inheritable sets), and privileges that the start does
 * not need are dropped. Without CAP_SETPCAP the bounding set stays, and only NoNewPrivs protects. 0
 * or negative errno.
 */
int xv_privileges_bound(struct xv_err *err);
/*
 * To be called after the start: drops all privileges except those for programs, maps and netlink.
 * -EPERM also if more than these are left, or if there is another thread.
 */
int xv_privileges_drop(struct xv_err *err);
/* Drops all capabilities of the calling thread. Negative errno: some are left. */
int xv_privileges_none(void);

#endif
