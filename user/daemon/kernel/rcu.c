/* SPDX-License-Identifier: GPL-2.0-only */
/* Grace periods: see rcu.h. */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/rcu.h"

enum {
	FALLBACK_US = 100000,
};

/*
 * MEMBARRIER_CMD_GLOBAL is synchronize_rcu(), and BPF programs run under RCU. The kernel refuses it
 * with nohz_full CPUs; then this waits longer than any program can run.
 */
void xv_rcu_synchronize(void)
{
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(FALLBACK_US);
}
