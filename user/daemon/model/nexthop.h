/* SPDX-License-Identifier: GPL-2.0-only */
/* The next hop of a peer, from the kernel's routes, links and neighbours. */
#ifndef XV_NEXTHOP_H
#define XV_NEXTHOP_H

#include "model/peer.h"

/*
 * The kernel's last answers about a device and a neighbour. Most peers share them, and each request
 * takes 10 us. Valid for one turn of the event loop.
 */
struct xv_nexthop_memo {
	uint32_t ifindex; /* of the link; 0: none asked for yet */
	struct xv_link link;
	uint32_t neigh_ifindex; /* 0: none asked for yet */
	struct xv_ip nexthop;
	bool resolved;
	uint8_t mac[6];
};

/* Sets the peer's next hop, and releases the one before. nexthop NULL: none. */
void xv_nexthop_set(struct xv_model *model, struct xv_peer *peer, uint32_t ifindex,
		    const struct xv_ip *nexthop);
/*
 * Finds the peer's egress device, next hop and MTU from the kernel's routes. 0; or negative: only
 * the kernel can send to the peer, by the device and next hop that are set then, if it has any.
 * peer->status then says why, unless peer->kernel.
 */
int xv_nexthop_find(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		    struct xv_link *link);
/* Sets peer->mac, and asks the kernel to keep the next hop resolved. False: it is not resolved. */
bool xv_nexthop_resolve(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer);

#endif
