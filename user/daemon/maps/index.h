/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_vni_index and xv_peer_index, which decapsulation reads first (xv_abi.h). If several networks
 * or peers have the same slot, the latest gets it, and programs find the others in xv_vni and
 * xv_peer.
 */
#ifndef XV_INDEX_H
#define XV_INDEX_H

#include "maps/datapath.h"

/* Makes the network's slot lead to it, with the flags that xv_bd has now. */
void xv_index_add_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* If the slot leads to the network, updates its flags. */
void xv_index_update_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* If the slot leads to the network, frees it. */
void xv_index_del_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* If the slot is free, makes it lead to the network. */
void xv_index_offer_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* Frees slots that lead to networks that do not exist, as a killed daemon may leave them. */
void xv_index_sweep_networks(struct xv_datapath *dp,
			     bool (*is_known)(void *arg, uint32_t vni, uint32_t bd), void *arg);

/* The same for peers. kernel: the kernel handles the peer's outer packets (XV_PEER_KERNEL). */
void xv_index_add_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
void xv_index_update_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
void xv_index_del_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id);
void xv_index_offer_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
/* ip_of: returns the address of a peer, or NULL if no peer has the id. */
void xv_index_sweep_peers(struct xv_datapath *dp,
			  const struct xv_ip *(*ip_of)(void *arg, uint32_t id), void *arg);

#endif
