/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_vni_index and xv_peer_index: what decapsulation reads first (xv_abi.h). A slot that more than
 * one wants is the latest one's; the others are found in xv_vni and xv_peer.
 */
#ifndef XV_INDEX_H
#define XV_INDEX_H

#include "model/network.h"
#include "model/peer.h"

/* The network's slot leads to it, with the flags that xv_bd has for it now. */
void xv_index_add_network(struct xv_datapath *dp, const struct xv_network *net);
/* Takes the network's flags over, if the slot leads to it. */
void xv_index_update_network(struct xv_datapath *dp, const struct xv_network *net);
/* The network's slot leads to it no more; it may have led elsewhere. */
void xv_index_del_network(struct xv_datapath *dp, const struct xv_network *net);
void xv_index_add_peer(struct xv_datapath *dp, const struct xv_peer *peer);
/* Takes the peer's flags over, if the slot leads to it. */
void xv_index_update_peer(struct xv_datapath *dp, const struct xv_peer *peer);
void xv_index_del_peer(struct xv_datapath *dp, const struct xv_peer *peer);
/*
 * Of adopted maps: frees slots that lead to what is not there, as a daemon that was killed half-way
 * may have left them; takes flags over; and gives free slots to what another program provisioned.
 */
void xv_index_adopt(struct xv_instance *inst);

#endif
