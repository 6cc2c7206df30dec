/* SPDX-License-Identifier: GPL-2.0-only */
/* What devices say that they can do with XDP: the netdev generic netlink family. */
#ifndef XV_NETLINK_NETDEV_H
#define XV_NETLINK_NETDEV_H

#include "kernel/netlink_request.h"

struct xv_netlink_features {
	uint32_t ifindex;
	uint64_t xdp_features;
};

/*
 * The netdev family (Linux 6.3). open leaves nl without it, and returns 0, on an older kernel.
 * get: XV_XDP_FEATURES_UNKNOWN without the family, 0 if the device is gone meanwhile.
 * list: an array ordered by ifindex, which the caller frees; empty without the family.
 */
int xv_netlink_netdev_open(struct xv_netlink *nl, struct xv_err *err);
uint64_t xv_netlink_netdev_get(struct xv_netlink *nl, uint32_t ifindex);
int xv_netlink_netdev_list(struct xv_netlink *nl, struct xv_netlink_features **list, size_t *n,
			   struct xv_err *err);
/* Reads a notification. False if it is not a change of features. */
bool xv_netlink_netdev_parse(const struct nlmsghdr *nlh, struct xv_netlink_features *features);

#endif
