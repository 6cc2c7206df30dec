/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon may do. Capabilities and their bounding set belong to a thread, and a new thread
 * has its maker's: the first two functions are called while there is one thread, and those that
 * come later have no more.
 */
#ifndef XV_PRIVILEGES_H
#define XV_PRIVILEGES_H

#include "err.h"

/*
 * Before anything is touched: no program that this process executes gets more than it has
 * (NoNewPrivs, empty bounding, ambient and inheritable sets), and what the start does not need
 * goes. Without CAP_SETPCAP the bounding set stays: NoNewPrivs alone holds then. Negative errno.
 */
int xv_privileges_bound(struct xv_err *err);
/*
 * After the start: all goes but what programs, maps and netlink need. -EPERM, also if more is left
 * than was asked for, or if there is another thread.
 */
int xv_privileges_drop(struct xv_err *err);
/* The calling thread's go, all of them. Negative errno: some are left. */
int xv_privileges_none(void);

#endif
