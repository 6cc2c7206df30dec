/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talks to the kernel over rtnetlink and the generic netlink family netdev: requests, dumps, and
 * notifications. All requests are synchronous and short; errors have the kernel's text (extack).
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

/*
 * Opens the sockets in the current network namespace, and subscribes to notifications. ops must
 * stay valid.
 */
int xv_netlink_open(struct xv_netlink **nl, const struct xv_netlink_ops *ops, void *arg,
		    struct xv_err *err);
void xv_netlink_close(struct xv_netlink *nl);
/*
 * File descriptors to poll for reading: rtnetlink and generic netlink notifications; -1: the kernel
 * has no family netdev.
 */
void xv_netlink_fds(const struct xv_netlink *nl, int fds[2]);
/* Reads the queued notifications of both sockets and calls ops. Never blocks. */
void xv_netlink_dispatch(struct xv_netlink *nl);

#endif
