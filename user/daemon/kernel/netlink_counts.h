/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters that the kernel keeps of devices. */
#ifndef XV_NETLINK_COUNTS_H
#define XV_NETLINK_COUNTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct xv_netlink;

/* What a device lost by its own account, since it was made. */
struct xv_netlink_counts {
	uint32_t ifindex;
	uint64_t rx_dropped; /* and missed: found no room in its receive ring */
	uint64_t tx_dropped;
	uint64_t rx_errors, tx_errors;
	uint64_t qdisc_dropped; /* by its queueing discipline, before they came to the device */
};

/* Of all devices, by ascending ifindex, as an array that the caller frees. */
int xv_netlink_list_counts(struct xv_netlink *nl, struct xv_netlink_counts **counts, size_t *n,
			   struct xv_err *err);
/*
 * The same of a few devices, each named once; those that are gone are left out. Where there are
 * thousands of others it is much quicker; with qdisc_dropped only if these are older.
 */
void xv_netlink_few_counts(struct xv_netlink *nl, const uint32_t *ifindex, size_t n, bool qdiscs,
			   struct xv_netlink_counts **counts, size_t *n_counts);
/* NULL: no such device in it. */
struct xv_netlink_counts *xv_netlink_counts_find(struct xv_netlink_counts *counts, size_t n,
						 uint32_t ifindex);

#endif
