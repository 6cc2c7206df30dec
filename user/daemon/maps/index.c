/* SPDX-License-Identifier: GPL-2.0-only */
/* Shortcuts for decapsulation. See index.h. */
#include "model/ids.h"
#include "maps/index.h"

#include "addr.h"
#include "maps/datapath.h"
#include "instance.h"

static struct xv_vni_slot *vni_slot(struct xv_datapath *dp, uint32_t vni)
{
	return &dp->vni_index[vni % XV_VNI_INDEX];
}

static bool leads_to_network(const struct xv_vni_slot *slot, const struct xv_network *net)
{
	return slot->flags && slot->vni == net->vni && slot->bd == net->bd;
}

void xv_index_add_network(struct xv_datapath *dp, const struct xv_network *net)
{
	const struct xv_vni_slot val = {
		.vni = net->vni, .bd = net->bd, .flags = dp->bd[net->bd].flags};

	__atomic_store_n(&vni_slot(dp, net->vni)->word, val.word, __ATOMIC_RELEASE);
}

void xv_index_update_network(struct xv_datapath *dp, const struct xv_network *net)
{
	if (leads_to_network(vni_slot(dp, net->vni), net))
		xv_index_add_network(dp, net);
}

void xv_index_del_network(struct xv_datapath *dp, const struct xv_network *net)
{
	struct xv_vni_slot *slot = vni_slot(dp, net->vni);

	if (leads_to_network(slot, net))
		__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
}

static struct xv_peer_slot *peer_slot(struct xv_datapath *dp, const struct xv_peer *peer)
{
	return &dp->peer_index[xv_ip_slot(&peer->ip)];
}

void xv_index_add_peer(struct xv_datapath *dp, const struct xv_peer *peer)
{
	const struct xv_peer_slot val = {.low = peer->ip.w[3],
					 .peer = peer->id,
					 .flags = (xv_ip_is_v4(&peer->ip) ? 0 : XV_PEER_V6) |
						  (peer->kernel ? XV_PEER_KERNEL : 0)};

	__atomic_store_n(&peer_slot(dp, peer)->word, val.word, __ATOMIC_RELEASE);
}

void xv_index_update_peer(struct xv_datapath *dp, const struct xv_peer *peer)
{
	if (peer_slot(dp, peer)->peer == peer->id)
		xv_index_add_peer(dp, peer);
}

void xv_index_del_peer(struct xv_datapath *dp, const struct xv_peer *peer)
{
	struct xv_peer_slot *slot = peer_slot(dp, peer);

	if (slot->peer == peer->id)
		__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
}

static void adopt_networks(struct xv_instance *inst)
{
	struct xv_network *net, *tmp;
	struct xv_vni_slot *slot;
	uint32_t i;

	for (i = 0; i < XV_VNI_INDEX; i++) {
		slot = &inst->dp->vni_index[i];
		net = xv_network_of(inst, slot->bd);
		if (slot->word && !(net && leads_to_network(slot, net)))
			__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
	}
	HASH_ITER (hh, inst->networks, net, tmp) {
		slot = vni_slot(inst->dp, net->vni);
		if (!slot->word || leads_to_network(slot, net))
			xv_index_add_network(inst->dp, net);
	}
}

static void adopt_peers(struct xv_instance *inst)
{
	struct xv_peer *peer, *tmp;
	struct xv_peer_slot *slot;
	uint32_t i;

	for (i = 0; i < XV_PEER_INDEX; i++) {
		slot = &inst->dp->peer_index[i];
		peer = xv_peer_of(inst, slot->peer);
		if (slot->word && !(peer && peer_slot(inst->dp, peer) == slot))
			__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
	}
	HASH_ITER (hh, inst->peers, peer, tmp) {
		slot = peer_slot(inst->dp, peer);
		if (!slot->word || slot->peer == peer->id)
			xv_index_add_peer(inst->dp, peer);
	}
}

void xv_index_adopt(struct xv_instance *inst)
{
	adopt_networks(inst);
	adopt_peers(inst);
}
