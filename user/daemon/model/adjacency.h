/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adjacencies: a peer's next hop as the kernel has it now, with the prebuilt outer header.
 */
#ifndef XV_ADJACENCY_H
#define XV_ADJACENCY_H

#include "kernel/routes.h"
#include "model/peer.h"

/* Looks up route and neighbour of every peer and rewrites what differs, with one grace period. */
void xv_adjacency_refresh_all(struct xv_model *model);
/* The same, some peers in each turn of the event loop: a thousand take tens of milliseconds. */
void xv_adjacency_refresh_begin(struct xv_model *model);
/* The peers that changed routes can concern: at once if they are few, else all in turns. */
void xv_adjacency_refresh_routes(struct xv_model *model, const struct xv_routes *changed);
/* Peers whose route is to be asked for again (pmtu.h), and those alone. */
void xv_adjacency_refresh_asked(struct xv_model *model);
void xv_adjacency_stop(struct xv_model *model);
/* From netlink: a neighbour changed. mac NULL: not resolved any more; kept: by the kernel, for us.
 */
void xv_adjacency_neigh(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip,
			const uint8_t *mac, bool kept);
/* A peer goes, and nobody looks it up any more: nothing is found out about it either. */
void xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer);
/* After all adoption: ids that no peer has, as of a daemon that was killed half-way, are free. */
void xv_adjacency_adopted(struct xv_model *model);

#endif
