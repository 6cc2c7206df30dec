/* SPDX-License-Identifier: GPL-2.0-only */
/* One daemon an instance: /run/xvtep/INSTANCE/lock, held with flock() as long as the daemon lives.
 */
#ifndef XV_LOCK_H
#define XV_LOCK_H

#include "err.h"

/* Makes the run directory and takes the lock. -EBUSY: a daemon runs, its process id is in err. */
int xv_lock_take(const char *instance, int *fd, struct xv_err *err);
/* fd may be -1. */
void xv_lock_release(int fd);

#endif
