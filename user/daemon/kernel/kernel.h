/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running kernel is: whether xvtep works on it, and its CPUs. */
#ifndef XV_KERNEL_H
#define XV_KERNEL_H

#include "err.h"

/* release: as of uname(2). -EOPNOTSUPP if older than Linux 6.1, or not to be read as a version. */
int xv_kernel_check(const char *release, struct xv_err *err);

/*
 * CPU numbers are below that; with holes among them it is more than there are CPUs. possible: a
 * list such as "0-3,8-11", as in /sys/devices/system/cpu/possible. At least 1.
 */
int xv_kernel_parse_cpus(const char *possible);
int xv_kernel_cpu_ids(void);

#endif
