/* SPDX-License-Identifier: GPL-2.0-only */
/* Callbacks for netlink notifications. */
#ifndef XV_NETLINK_OPS_H
#define XV_NETLINK_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"

struct xv_link;
struct xv_routes;

/* Callbacks may make requests, but may neither dispatch nor close. */
struct xv_netlink_ops {
	/* A link appeared or changed. Its xdp_features are filled in. */
	void (*link)(void *arg, const struct xv_link *link);
	/* A link was deleted, or left this network namespace. */
	void (*link_gone)(void *arg, uint32_t ifindex, const char *name);
	/* The XDP features of a device changed. */
	void (*features)(void *arg, uint32_t ifindex, uint64_t xdp_features);
	/* Local addresses changed. Once for each dispatch. */
	void (*address)(void *arg);
	/*
	 * Routes, rules or nexthop objects changed (path MTUs are not reported). Once for each
	 * dispatch.
	 */
	void (*route)(void *arg, const struct xv_routes *changed);
	/* A neighbour changed. mac NULL: it is not resolved. kept: see xv_netlink_keep_neigh(). */
	void (*neigh)(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		      bool kept);
	/*
	 * Notifications were lost (ENOBUFS), and the queued ones were discarded. Read everything
	 * again. A link that was deleted meanwhile is not reported; it is missing in a dump.
	 */
	void (*resync)(void *arg);
};

#endif
