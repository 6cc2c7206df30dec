/* SPDX-License-Identifier: GPL-2.0-only */
/* Next hops: see nexthop.h. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "addr.h"
#include "egress.h"
#include "nexthop.h"

void xv_nexthop_keep(struct xv_instance *inst, struct xv_peer *peer, uint32_t ifindex,
		     const struct xv_ip *nexthop)
{
	struct xv_peer *other, *tmp;
	bool shared = false;

	if (peer->kept && peer->ifindex == ifindex && nexthop &&
	    xv_ip_equal(&peer->nexthop, nexthop))
		return;
	if (peer->kept) {
		HASH_ITER (hh, inst->peers, other, tmp)
			shared |= other != peer && other->kept && other->ifindex == peer->ifindex &&
				  xv_ip_equal(&other->nexthop, &peer->nexthop);
		if (!shared)
			xv_netlink_forget_neigh(inst->nl, peer->ifindex, &peer->nexthop, NULL);
		peer->kept = false;
	}
	peer->ifindex = ifindex;
	if (!nexthop)
		return;
	peer->nexthop = *nexthop;
	peer->kept = !xv_netlink_keep_neigh(inst->nl, ifindex, nexthop, NULL);
}

static int get_link(struct xv_instance *inst, struct xv_nexthop_memo *memo, uint32_t ifindex,
		    struct xv_link *link, struct xv_err *err)
{
	int ret = 0;

	if (memo->ifindex != ifindex) {
		ret = xv_netlink_get_link(inst->nl, NULL, ifindex, &memo->link, err);
		memo->ifindex = ret ? 0 : ifindex;
		if (!ret)
			xv_egress_use(inst, &memo->link);
	}
	if (!ret)
		*link = memo->link;
	return ret;
}

bool xv_nexthop_resolve(struct xv_instance *inst, struct xv_nexthop_memo *memo,
			struct xv_peer *peer)
{
	if (memo->neigh_ifindex != peer->ifindex || !xv_ip_equal(&memo->nexthop, &peer->nexthop)) {
		memo->resolved = false;
		memo->nexthop = peer->nexthop;
		memo->neigh_ifindex = xv_netlink_get_neigh(inst->nl, peer->ifindex, &peer->nexthop,
							   &memo->resolved, memo->mac, NULL)
					      ? 0
					      : peer->ifindex;
	}
	if (!memo->neigh_ifindex || !memo->resolved)
		return false;
	memcpy(peer->mac, memo->mac, sizeof(peer->mac));
	return true;
}

int xv_nexthop_find(struct xv_instance *inst, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		    struct xv_link *link, bool keep)
{
	const struct xv_ip *own = xv_ip_is_v4(&peer->ip) ? &inst->config->address
							 : &inst->config->address6;
	struct xv_err err = {.text = ""};
	struct xv_route route;
	int ret = xv_netlink_get_route(inst->nl, &peer->ip, own, inst->config->udp_port, &route,
				       &err);

	ret = ret ?: get_link(inst, memo, route.ifindex, link, &err);
	if (ret) {
		xv_nexthop_keep(inst, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "%s",
			 err.text[0] ? err.text : strerror(-ret));
		return ret;
	}
	if (link->flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT) || !(link->flags & IFF_UP)) {
		xv_nexthop_keep(inst, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "route leads to %s, which is %s",
			 link->name, link->flags & IFF_UP ? "not Ethernet" : "down");
		return -ENETUNREACH;
	}
	if (keep)
		xv_nexthop_keep(inst, peer, route.ifindex, &route.nexthop);
	peer->mtu = route.mtu && route.mtu < link->mtu ? route.mtu : link->mtu;
	return 0;
}
