/* SPDX-License-Identifier: GPL-2.0-only */
/* Next hops: see nexthop.h. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "addr.h"
#include "kernel/path_mtu.h"
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

static const struct xv_ip *own_ip(const struct xv_model *model, const struct xv_peer *peer)
{
	return xv_ip_is_v4(&peer->ip) ? &model->config->address : &model->config->address6;
}

/* Finds the peer's route and its device. Negative: there is none, and err may say why. */
static int find_route(struct xv_model *model, struct xv_nexthop_memo *memo,
		      const struct xv_peer *peer, struct xv_route *route, struct xv_link *link,
		      struct xv_err *err)
{
	int ret = xv_netlink_get_route(model->nl, &peer->ip, own_ip(model, peer),
				       model->config->udp_port, route, err);

	ret = ret ?: get_link(model, memo, route->ifindex, link, err);
	if (!ret && !(link->flags & IFF_UP))
		return xv_err_set(err, -ENETUNREACH, "route leads to %s, which is down",
				  link->name);
	return ret;
}

/* As in the kernel, the route's MTU counts before the device's for IPv6. */
static uint32_t mtu_of(const struct xv_route *route, const struct xv_link *link, bool v4)
{
	if (route->mtu)
		return route->mtu < link->mtu ? route->mtu : link->mtu;
	return xv_link_ip_mtu(link, v4);
}

/* The kernel sends to the peer by the device. The kernel resolves the next hop too, if it must. */
static void leave_to_kernel(struct xv_model *model, struct xv_peer *peer, uint32_t ifindex,
			    const struct xv_ip *nexthop)
{
	uint32_t mtu = xv_path_mtu(own_ip(model, peer), &peer->ip, model->config->udp_port);

	xv_nexthop_set(model, peer, ifindex, NULL);
	peer->nexthop = *nexthop;
	memset(peer->mac, 0, sizeof(peer->mac));
	if (mtu && (!peer->mtu || mtu < peer->mtu))
		peer->mtu = mtu;
}

int xv_nexthop_find(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		    struct xv_link *link)
{
	const uint32_t other = IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT;
	struct xv_err err = {.text = ""};
	struct xv_route route = {};
	int ret = find_route(model, memo, peer, &route, link, &err);

	xv_pmtu_route(peer, &route);
	if (ret) {
		peer->mtu = 0;
		leave_to_kernel(model, peer, 0, &peer->ip);
		if (!peer->kernel)
			snprintf(peer->status, sizeof(peer->status), "%s",
				 err.text[0] ? err.text : strerror(-ret));
		return ret;
	}
	peer->mtu = mtu_of(&route, link, xv_ip_is_v4(&peer->ip));
	if (!peer->kernel && !(link->flags & other)) {
		xv_nexthop_set(model, peer, route.ifindex, &route.nexthop);
		return 0;
	}
	leave_to_kernel(model, peer, route.ifindex, &route.nexthop);
	if (!peer->kernel)
		snprintf(peer->status, sizeof(peer->status),
			 "route leads to %s, which is not Ethernet", link->name);
	return -ENETUNREACH;
}
