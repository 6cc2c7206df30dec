/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's counters of lost frames for each device. */
#ifndef XV_NETLINK_COUNTS_H
#define XV_NETLINK_COUNTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct xv_netlink;

/* What a device lost since it was made, as it counts. */
struct xv_netlink_counts {
	uint32_t ifindex;
	uint64_t rx_dropped; /* including frames missed because the receive ring was full */
	uint64_t tx_dropped;
	uint64_t rx_errors, tx_errors;
	uint64_t qdisc_dropped; /* dropped by its queueing discipline, before the device */
};

/* Reads the counters of all devices into an array, by ascending ifindex, which the caller frees. */
int xv_netlink_list_counts(struct xv_netlink *nl, struct xv_netlink_counts **counts, size_t *n,
			   struct xv_err *err);
/*
 * The same for a few devices, each given once; those that are gone are left out. Much quicker than
 * the above if there are thousands of others. With qdiscs, also qdisc_dropped, if the kernel lists
 * these devices early enough.
 */
void xv_netlink_few_counts(struct xv_netlink *nl, const uint32_t *ifindex, size_t n, bool qdiscs,
			   struct xv_netlink_counts **counts, size_t *n_counts);
/* The counters of a device in the array. NULL: it has none. */
struct xv_netlink_counts *xv_netlink_counts_find(struct xv_netlink_counts *counts, size_t n,
						 uint32_t ifindex);

#endif
