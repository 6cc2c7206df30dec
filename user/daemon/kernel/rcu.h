/* SPDX-License-Identifier: GPL-2.0-only */
/* Grace periods of the kernel's RCU. */
#ifndef XV_RCU_H
#define XV_RCU_H

/* Waits until every BPF program that runs now has returned. */
void xv_rcu_synchronize(void);

#endif
