/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes and addresses, as the kernel would use them. */
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
	struct xv_ip nexthop; /* gateway, or the destination itself when on link */
	uint32_t mtu;	      /* path or route MTU if one is set, else 0 */
	uint32_t expires;     /* seconds that what was learned of the path still counts; or 0 */
};

/*
 * Whether ip is assigned to a device here, and no duplicate: 1, 0 or negative errno. ifindex, which
 * may be NULL: which device, when it is.
 */
int xv_netlink_has_address(struct xv_netlink *nl, const struct xv_ip *ip, uint32_t *ifindex,
			   struct xv_err *err);
/*
 * `ip route get dst from src ipproto udp dport port`, as rules with these words see it; src may be
 * NULL, port is in host order. -ENETUNREACH no route, -EHOSTUNREACH, -EINVAL and
 * -EACCES routes of type unreachable, blackhole and prohibit, -EADDRINUSE dst is this host's own,
 * -EADDRNOTAVAIL src is not, or dst is not unicast, -EOPNOTSUPP the route encapsulates (lwtunnel).
 */
int xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst, const struct xv_ip *src,
			 uint16_t port, struct xv_route *route, struct xv_err *err);
/*
 * The device of the route to a multicast group, for packets from an own address. src NULL: from
 * none in particular, and -ENOENT if there is no route but those that the kernel makes for each
 * device.
 */
int xv_netlink_get_group_dev(struct xv_netlink *nl, const struct xv_ip *group,
			     const struct xv_ip *src, uint16_t port, uint32_t *ifindex,
			     struct xv_err *err);

/* Adds what RTM_NEWROUTE or RTM_DELROUTE can concern. */
void xv_netlink_parse_route(const struct nlmsghdr *nlh, struct xv_routes *changed);

#endif
