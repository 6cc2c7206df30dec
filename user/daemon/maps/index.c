/* SPDX-License-Identifier: GPL-2.0-only */
/* Shortcuts for decapsulation: see index.h. */
#include "addr.h"
#include "maps/index.h"

static struct xv_vni_slot *vni_slot(struct xv_datapath *dp, uint32_t vni)
{
	return &dp->vni_index[vni % XV_VNI_INDEX];
}

static bool leads_to_network(const struct xv_vni_slot *slot, uint32_t vni, uint32_t bd)
{
	return slot->flags && slot->vni == vni && slot->bd == bd;
}

void xv_index_add_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd)
{
	const struct xv_vni_slot val = {.vni = vni, .bd = bd, .flags = dp->bd[bd].flags};

	__atomic_store_n(&vni_slot(dp, vni)->word, val.word, __ATOMIC_RELEASE);
}

void xv_index_update_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd)
{
	if (leads_to_network(vni_slot(dp, vni), vni, bd))
		xv_index_add_network(dp, vni, bd);
}

void xv_index_del_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd)
{
	struct xv_vni_slot *slot = vni_slot(dp, vni);

	if (leads_to_network(slot, vni, bd))
		__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
}

void xv_index_offer_network(struct xv_datapath *dp, uint32_t vni, uint32_t bd)
{
	const struct xv_vni_slot *slot = vni_slot(dp, vni);

	if (!slot->word || leads_to_network(slot, vni, bd))
		xv_index_add_network(dp, vni, bd);
}

void xv_index_sweep_networks(struct xv_datapath *dp,
			     bool (*is_known)(void *arg, uint32_t vni, uint32_t bd), void *arg)
{
	struct xv_vni_slot *slot;
	uint32_t i;

	for (i = 0; i < XV_VNI_INDEX; i++) {
		slot = &dp->vni_index[i];
		if (slot->word && !(slot->flags && is_known(arg, slot->vni, slot->bd)))
			__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
	}
}

static struct xv_peer_slot *peer_slot(struct xv_datapath *dp, const struct xv_ip *ip)
{
	return &dp->peer_index[xv_ip_slot(ip)];
}

void xv_index_add_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel)
{
	const struct xv_peer_slot val = {.low = ip->w[3],
					 .peer = id,
					 .flags = (xv_ip_is_v4(ip) ? 0 : XV_PEER_V6) |
						  (kernel ? XV_PEER_KERNEL : 0)};

	__atomic_store_n(&peer_slot(dp, ip)->word, val.word, __ATOMIC_RELEASE);
}

void xv_index_update_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel)
{
	if (peer_slot(dp, ip)->peer == id)
		xv_index_add_peer(dp, ip, id, kernel);
}

void xv_index_del_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id)
{
	struct xv_peer_slot *slot = peer_slot(dp, ip);

	if (slot->peer == id)
		__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
}

void xv_index_offer_peer(struct xv_datapath *dp, const struct xv_ip *ip, uint32_t id, bool kernel)
{
	const struct xv_peer_slot *slot = peer_slot(dp, ip);

	if (!slot->word || slot->peer == id)
		xv_index_add_peer(dp, ip, id, kernel);
}

void xv_index_sweep_peers(struct xv_datapath *dp,
			  const struct xv_ip *(*ip_of)(void *arg, uint32_t id), void *arg)
{
	const struct xv_ip *ip;
	struct xv_peer_slot *slot;
	uint32_t i;

	for (i = 0; i < XV_PEER_INDEX; i++) {
		slot = &dp->peer_index[i];
		ip = ip_of(arg, slot->peer);
		if (slot->word && !(ip && peer_slot(dp, ip) == slot))
			__atomic_store_n(&slot->word, 0, __ATOMIC_RELEASE);
	}
}
