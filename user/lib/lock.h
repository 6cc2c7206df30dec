/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One daemon an instance. The daemon holds flock() locks as long as it lives: on
 * /run/xvtep/INSTANCE/lock, a file that holds its process id, and on the pin directory, which
 * exists as long as the instance has state in the kernel.
 */
#ifndef XV_LOCK_H
#define XV_LOCK_H

#include <stdbool.h>

#include "err.h"

/* Makes the run directory and takes the lock. -EBUSY: a daemon runs; err has its process id. */
int xv_lock_take(const char *instance, int *fd, struct xv_err *err);
/*
 * Locks a pin directory. -ENOENT: there is none (err untouched). -EBUSY: a daemon runs, although
 * its lock file is gone.
 */
int xv_lock_pins(const char *dir, int *fd, struct xv_err *err);
/* If somebody has removed the lock file, makes it again and takes it; *fd is replaced. */
int xv_lock_renew(const char *instance, int *fd, struct xv_err *err);
/* Whether path names the file or directory that is open as fd: nobody has removed or replaced it.
 */
bool xv_lock_is_at(int fd, const char *path);
/* fd may be -1. */
void xv_lock_release(int fd);

#endif
