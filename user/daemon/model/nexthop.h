/* SPDX-License-Identifier: GPL-2.0-only */
/* The next hop of a peer, as the kernel's routes, links and neighbours have it. */
#ifndef XV_NEXTHOP_H
#define XV_NEXTHOP_H

#include "model/peer.h"

/*
 * What the kernel last said about a device and a neighbour. Most peers share them, and each
 * question takes 10 us. Good for one turn of the event loop.
 */
struct xv_nexthop_memo {
	uint32_t ifindex; /* of the link; 0: none yet */
	struct xv_link link;
	uint32_t neigh_ifindex; /* 0: none yet */
	struct xv_ip nexthop;
	bool resolved;
	uint8_t mac[6];
};

/* This is its next hop, and no longer the one before; NULL: none. */
void xv_nexthop_set(struct xv_model *model, struct xv_peer *peer, uint32_t ifindex,
		    const struct xv_ip *nexthop);
/* Egress device and next hop, from the kernel's routes. 0, or negative with peer->status set. */
int xv_nexthop_find(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		    struct xv_link *link);
/* Fills in peer->mac, and asks the kernel to keep it resolved. False: it is not. */
bool xv_nexthop_resolve(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer);

#endif
