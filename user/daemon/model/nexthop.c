/* SPDX-License-Identifier: GPL-2.0-only */
/* Next hops: see nexthop.h. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "addr.h"
#include "model/egress.h"
#include "model/hop.h"
#include "model/nexthop.h"
#include "model/pmtu.h"

void xv_nexthop_set(struct xv_model *model, struct xv_peer *peer, uint32_t ifindex,
		    const struct xv_ip *nexthop)
{
	struct xv_hop *old = peer->hop;

	peer->ifindex = ifindex;
	if (nexthop)
		peer->nexthop = *nexthop;
	peer->hop = nexthop ? xv_hop_get(model, ifindex, nexthop) : NULL;
	xv_hop_put(model, old);
}

static int get_link(struct xv_model *model, struct xv_nexthop_memo *memo, uint32_t ifindex,
		    struct xv_link *link, struct xv_err *err)
{
	int ret = 0;

	if (memo->ifindex != ifindex) {
		ret = xv_netlink_get_link(model->nl, NULL, ifindex, &memo->link, err);
		memo->ifindex = ret ? 0 : ifindex;
		if (!ret)
			xv_egress_use(model, &memo->link);
	}
	if (!ret)
		*link = memo->link;
	return ret;
}

/* Asks the kernel for the neighbour entry of the peer's next hop. */
static void look_up(struct xv_model *model, struct xv_nexthop_memo *memo,
		    const struct xv_peer *peer)
{
	bool kept = false;

	memo->resolved = false;
	memo->nexthop = peer->nexthop;
	memo->neigh_ifindex = 0;
	if (xv_netlink_get_neigh(model->nl, peer->ifindex, &peer->nexthop, &memo->resolved, &kept,
				 memo->mac, NULL))
		return;
	memo->neigh_ifindex = peer->ifindex;
	if (peer->hop)
		xv_hop_seen(model, peer->hop, memo->resolved, kept, true);
}

bool xv_nexthop_resolve(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer)
{
	if (memo->neigh_ifindex != peer->ifindex || !xv_ip_equal(&memo->nexthop, &peer->nexthop))
		look_up(model, memo, peer);
	if (!memo->neigh_ifindex || !memo->resolved)
		return false;
	memcpy(peer->mac, memo->mac, sizeof(peer->mac));
	return true;
}

int xv_nexthop_find(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		    struct xv_link *link)
{
	const struct xv_ip *own = xv_ip_is_v4(&peer->ip) ? &model->config->address
							 : &model->config->address6;
	struct xv_err err = {.text = ""};
	struct xv_route route;
	int ret = xv_netlink_get_route(model->nl, &peer->ip, own, model->config->udp_port, &route,
				       &err);

	ret = ret ?: get_link(model, memo, route.ifindex, link, &err);
	if (ret) {
		xv_nexthop_set(model, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "%s",
			 err.text[0] ? err.text : strerror(-ret));
		return ret;
	}
	if (link->flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT) || !(link->flags & IFF_UP)) {
		xv_nexthop_set(model, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "route leads to %s, which is %s",
			 link->name, link->flags & IFF_UP ? "not Ethernet" : "down");
		return -ENETUNREACH;
	}
	xv_nexthop_set(model, peer, route.ifindex, &route.nexthop);
	xv_pmtu_route(peer, &route);
	peer->mtu = route.mtu && route.mtu < link->mtu ? route.mtu : link->mtu;
	return 0;
}
