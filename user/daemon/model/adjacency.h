/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adjacencies: a peer's next hop as the kernel has it now, with the prebuilt outer header. xv_adj
 * is written here and nowhere else.
 */
#ifndef XV_ADJACENCY_H
#define XV_ADJACENCY_H

#include "model/peer.h"

/* Looks up route and neighbour of every peer and rewrites what differs, with one grace period. */
void xv_adjacency_refresh_all(struct xv_model *model);
/* The same, some peers in each turn of the event loop: a thousand take tens of milliseconds. */
void xv_adjacency_refresh_begin(struct xv_model *model);
/* Peers whose route is to be asked for again (pmtu.h), and those alone. */
void xv_adjacency_refresh_asked(struct xv_model *model);
void xv_adjacency_stop(struct xv_model *model);
/* From netlink: a neighbour changed. mac NULL: not resolved any more; kept: by the kernel, for us.
 */
void xv_adjacency_neigh(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip,
			const uint8_t *mac, bool kept);
/* A new peer: names it for the slow path, not valid yet. */
void xv_adjacency_clear(struct xv_model *model, struct xv_peer *peer);
/* Keeps for the next daemon whether the peer was added by hand, or admitted. */
void xv_adjacency_origin(struct xv_model *model, const struct xv_peer *peer);
/* Flags of xv_adj that say which outer IPv4 packets have DF; 0 for IPv6. */
uint32_t xv_adjacency_df(const struct xv_config *config, bool v4);
/* Writes the adjacency of a group (group.h); all zero: it is gone. */
void xv_adjacency_group(struct xv_model *model, uint32_t id, const struct xv_adj_val *adj);
/* A peer goes, and is looked up no more. */
void xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer);
/* Takes over what an earlier daemon wrote. */
void xv_adjacency_adopt(struct xv_model *model, struct xv_peer *peer);
/* After all adoption: ids that no peer has, as of a daemon that was killed half-way, are free. */
void xv_adjacency_adopted(struct xv_model *model);

/*
 * Builds the outer header: see struct xv_adj_val. own and peer are of one family, port in network
 * order. Pure, for tests.
 */
void xv_adjacency_header(struct xv_adj_val *adj, const uint8_t dst_mac[6], const uint8_t src_mac[6],
			 const struct xv_ip *own, const struct xv_ip *peer, __be16 port);

#endif
