/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_vni_index and xv_peer_index: what decapsulation reads first (xv_abi.h). A slot that more than
 * one wants is the latest one's; the others are found in xv_vni and xv_peer.
 */
#ifndef XV_INDEX_H
#define XV_INDEX_H

#include "maps/datapath.h"

/* The network's slot leads to it, with the flags that xv_bd has for it now. */
void xv_index_add_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* Takes the network's flags over, if the slot leads to it. */
void xv_index_update_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* The network's slot leads to it no more; it may have led elsewhere. */
void xv_index_del_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* The network's slot leads to it, unless the slot leads elsewhere. */
void xv_index_offer_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd);
/* Frees slots that lead to what is not there: a daemon may have been killed half-way. */
void xv_index_sweep_networks(struct xv_datapath *dp,
			     bool (*is_known)(void *arg, uint32_t vni, uint32_t bd), void *arg);

/* The same for peers. kernel: their outer packets are the kernel's (XV_PEER_KERNEL). */
void xv_index_add_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
void xv_index_update_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
void xv_index_del_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id);
void xv_index_offer_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel);
/* ip_of: the address of a peer; NULL: there is none with that id. */
void xv_index_sweep_peers(struct xv_datapath *dp,
			  const struct xv_ip *(*ip_of)(void *arg, uint32_t id), void *arg);

#endif
