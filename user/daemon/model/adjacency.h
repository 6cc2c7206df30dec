/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adjacencies: how outer packets reach each peer, from the kernel's routes and neighbours, with the
 * prebuilt outer header.
 */
#ifndef XV_ADJACENCY_H
#define XV_ADJACENCY_H

#include "kernel/routes.h"
#include "model/peer.h"

/*
 * Looks up route and neighbour of every peer, and writes the adjacencies that changed, with one
 * grace period for all.
 */
void xv_adjacency_refresh_all(struct xv_model *model);
/* The same in turns of the event loop, as a thousand peers take tens of milliseconds. */
void xv_adjacency_refresh_begin(struct xv_model *model);
/*
 * Looks up the peers that changed routes may concern: at once if they are few, else all peers in
 * turns.
 */
void xv_adjacency_refresh_routes(struct xv_model *model, const struct xv_routes *changed);
/* Looks up only the peers whose route must be asked for again (peer->asks; see pmtu.h). */
void xv_adjacency_refresh_asked(struct xv_model *model);
void xv_adjacency_stop(struct xv_model *model);
/*
 * From netlink: a neighbour changed. mac NULL: it is no longer resolved. kept: the kernel keeps it
 * resolved because the daemon asked for that.
 */
void xv_adjacency_neigh(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip,
			const uint8_t *mac, bool kept);
/*
 * The peer is being deleted, and no program uses it any more: clears its adjacency, and drops it
 * from the pass under way.
 */
void xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer);
/*
 * To be called when everything is adopted: clears adjacencies whose id no peer has, which a killed
 * daemon may have left.
 */
void xv_adjacency_adopted(struct xv_model *model);

#endif
