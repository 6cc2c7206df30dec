/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One daemon an instance: flock() on /run/xvtep/INSTANCE/lock, which tells the process id, and on
 * the pin directory, which is there as long as the state is; both held as long as the daemon lives.
 */
#ifndef XV_LOCK_H
#define XV_LOCK_H

#include "err.h"

/* Makes the run directory and takes the lock. -EBUSY: a daemon runs, its process id is in err. */
int xv_lock_take(const char *instance, int *fd, struct xv_err *err);
/*
 * Locks a pin directory. -ENOENT: there is none (err untouched); -EBUSY: a daemon runs whose run
 * directory was removed.
 */
int xv_lock_pins(const char *dir, int *fd, struct xv_err *err);
/* Takes the lock file anew if somebody removed it; *fd is replaced. */
int xv_lock_renew(const char *instance, int *fd, struct xv_err *err);
/* fd may be -1. */
void xv_lock_release(int fd);

#endif
