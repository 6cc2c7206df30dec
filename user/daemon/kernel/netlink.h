/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's view, over rtnetlink and the netdev generic netlink family: requests with the
 * kernel's own error text (extack), dumps, and one stream of changes. All requests are synchronous
 * and short.
 */
#ifndef XV_NETLINK_H
#define XV_NETLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

#include "kernel/netlink_counts.h"
#include "kernel/netlink_link.h"
#include "kernel/netlink_neigh.h"
#include "kernel/netlink_ops.h"
#include "kernel/netlink_route.h"
#include "kernel/netlink_vxlan.h"

struct xv_netlink;

/* Opens sockets in the current network namespace, subscribed from now on. ops stays the caller's.
 */
int xv_netlink_open(struct xv_netlink **nl, const struct xv_netlink_ops *ops, void *arg,
		    struct xv_err *err);
void xv_netlink_close(struct xv_netlink *nl);
/* File descriptors to poll for reading (rtnetlink and genetlink events; -1: no such family). */
void xv_netlink_fds(const struct xv_netlink *nl, int fds[2]);
/* Reads what is there on both and calls back. Never blocks. */
void xv_netlink_dispatch(struct xv_netlink *nl);

#endif
