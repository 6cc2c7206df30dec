/* SPDX-License-Identifier: GPL-2.0-only */
/* The running kernel: see kernel.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"

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

int xv_kernel_parse_cpus(const char *possible)
{
	size_t last = strlen(possible);

	while (last && possible[last - 1] != '-' && possible[last - 1] != ',')
		last--;
	return atoi(possible + last) + 1;
}

int xv_kernel_cpu_ids(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	char line[4096] = "";

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	return xv_kernel_parse_cpus(line);
}
