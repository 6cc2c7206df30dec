/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the running kernel is one that xvtep works on. */
#ifndef XV_KERNEL_H
#define XV_KERNEL_H

#include "err.h"

/* release: as of uname(2). -EOPNOTSUPP if older than Linux 6.1, or not to be read as a version. */
int xv_kernel_check(const char *release, struct xv_err *err);

#endif
