/* SPDX-License-Identifier: GPL-2.0-only */
/* The oldest kernel: see kernel.h. */
#include <errno.h>
#include <stdio.h>

#include "kernel.h"

enum {
	KERNEL_MAJOR = 6,
	KERNEL_MINOR = 1,
};

int xv_kernel_check(const char *release, struct xv_err *err)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(release, "%u.%u", &major, &minor) == 2 &&
	    (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)))
		return 0;
	return xv_err_set(err, -EOPNOTSUPP,
			  "this kernel is Linux %s, and xvtep needs %d.%d or newer (Debian 12 has "
			  "it): boot a newer one. Nothing was changed",
			  release, KERNEL_MAJOR, KERNEL_MINOR);
}
