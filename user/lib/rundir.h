/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an instance keeps its socket and lock: /run/xvtep/INSTANCE. */
#ifndef XV_RUNDIR_H
#define XV_RUNDIR_H

#include <stddef.h>

#include "err.h"

/*
 * Makes the path of name in an instance's run directory, which is below /run/xvtep or
 * $XVTEP_RUN_DIR; name "": of the directory itself. -ENAMETOOLONG if it does not fit.
 */
int xv_rundir_path(const char *instance, const char *name, char *path, size_t size,
		   struct xv_err *err);
/* Makes the run directory (0755) and its parents. */
int xv_rundir_make(const char *instance, struct xv_err *err);
/* Removes the run directory with the socket and the lock. */
void xv_rundir_remove(const char *instance);
/* /run/xvtep, or $XVTEP_RUN_DIR. */
const char *xv_rundir_base(void);

#endif
