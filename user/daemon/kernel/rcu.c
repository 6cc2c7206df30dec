/* SPDX-License-Identifier: GPL-2.0-only */
/* Grace periods of the kernel: see rcu.h. */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/rcu.h"

enum {
	FALLBACK_US = 100000,
};

/*
 * MEMBARRIER_CMD_GLOBAL is a synchronize_rcu(), and programs run under RCU. It is refused with
 * nohz_full CPUs; then we wait longer than any program can run.
 */
void xv_rcu_synchronize(void)
{
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(FALLBACK_US);
}
