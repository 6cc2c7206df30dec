/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is told of changes. */
#ifndef XV_NETLINK_OPS_H
#define XV_NETLINK_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

struct xv_link;
struct xv_routes;

/* Changes, told to one callback. Callbacks may make requests, but neither dispatch nor close. */
struct xv_netlink_ops {
	/* Link appeared or changed (xdp_features filled in). */
	void (*link)(void *arg, const struct xv_link *link);
	/* Link is gone from this network namespace. */
	void (*link_gone)(void *arg, uint32_t ifindex, const char *name);
	/* XDP features of a device changed (genetlink notification). */
	void (*features)(void *arg, uint32_t ifindex, uint64_t xdp_features);
	/* Local addresses changed; once a dispatch. */
	void (*address)(void *arg);
	/* Routes, rules or nexthop objects (not: path MTUs) changed; once a dispatch. */
	void (*route)(void *arg, const struct xv_routes *changed);
	/* Neighbour changed; mac NULL when it is not (or no longer) resolved; kept: see below. */
	void (*neigh)(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		      bool kept);
	/*
	 * Notifications were lost (ENOBUFS), and what else was queued is thrown away: dump
	 * everything again and reconcile; links that are gone are told by their absence only.
	 */
	void (*resync)(void *arg);
};

#endif
