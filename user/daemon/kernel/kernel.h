/* SPDX-License-Identifier: GPL-2.0-only */
/* The running kernel: whether xvtep works on it, and its CPUs. */
#ifndef XV_KERNEL_H
#define XV_KERNEL_H

#include "err.h"

/* release: as of uname(2). -EOPNOTSUPP: it is older than Linux 6.1, or cannot be parsed. */
int xv_kernel_check(const char *release, struct xv_err *err);

/*
 * The number that all CPU numbers are below, at least 1. It exceeds the number of CPUs if there are
 * gaps. possible: a list such as "0-3,8-11", as in /sys/devices/system/cpu/possible.
 */
int xv_kernel_parse_cpus(const char *possible);
int xv_kernel_cpu_ids(void);

#endif
