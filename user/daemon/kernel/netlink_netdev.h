/* SPDX-License-Identifier: GPL-2.0-only */
/* XDP features that devices announce, from the generic netlink family "netdev" (Linux 6.3). */
#ifndef XV_NETLINK_NETDEV_H
#define XV_NETLINK_NETDEV_H

#include "kernel/netlink_request.h"

struct xv_netlink_features {
	uint32_t ifindex;
	uint64_t xdp_features;
};

/*
 * open: on an older kernel it leaves nl without the family, and returns 0. get:
 * XV_XDP_FEATURES_UNKNOWN without the family, 0 if the device is gone. list: an array ordered by
 * ifindex, which the caller frees; empty without the family.
 */
int xv_netlink_netdev_open(struct xv_netlink *nl, struct xv_err *err);
uint64_t xv_netlink_netdev_get(struct xv_netlink *nl, uint32_t ifindex);
int xv_netlink_netdev_list(struct xv_netlink *nl, struct xv_netlink_features **list, size_t *n,
			   struct xv_err *err);
/* Parses a notification. False: it does not report a change of features. */
bool xv_netlink_netdev_parse(const struct nlmsghdr *nlh, struct xv_netlink_features *features);

#endif
