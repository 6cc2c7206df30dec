/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes and addresses, as the kernel uses them. */
#ifndef XV_NETLINK_ROUTE_H
#define XV_NETLINK_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct nlmsghdr;
struct xv_netlink;
struct xv_routes;

struct xv_route {
	uint32_t ifindex;     /* egress */
	struct xv_ip nexthop; /* the gateway, or the destination itself if it is on-link */
	uint32_t mtu;	      /* path MTU or the route's MTU, if set; else 0 */
	uint32_t expires;     /* seconds until the kernel forgets a learned path MTU; or 0 */
};

/*
 * Whether a device of this host has the address, and it is no duplicate: 1, 0 or negative errno.
 * ifindex, which may be NULL: that device.
 */
int xv_netlink_has_address(struct xv_netlink *nl, const struct xv_ip *ip, uint32_t *ifindex,
			   struct xv_err *err);
/*
 * `ip route get dst from src ipproto udp dport port`, so that rules that match these apply. src may
 * be NULL; port is in host order. -ENETUNREACH: no route; -EHOSTUNREACH, -EINVAL, -EACCES: the
 * route is of type unreachable, blackhole, prohibit; -EADDRINUSE: dst is this host's own;
 * -EADDRNOTAVAIL: src is not this host's, or dst is not unicast; -EOPNOTSUPP: the route
 * encapsulates (lwtunnel).
 */
int xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst, const struct xv_ip *src,
			 uint16_t port, struct xv_route *route, struct xv_err *err);
/*
 * The device by which packets from src to a multicast group leave. src NULL: only routes that
 * somebody added count; -ENOENT: there is none. (The kernel makes a multicast route for each
 * device.)
 */
int xv_netlink_get_group_dev(struct xv_netlink *nl, const struct xv_ip *group,
			     const struct xv_ip *src, uint16_t port, uint32_t *ifindex,
			     struct xv_err *err);

/* Adds the addresses that an RTM_NEWROUTE or RTM_DELROUTE may concern. */
void xv_netlink_parse_route(const struct nlmsghdr *nlh, struct xv_routes *changed);

#endif
