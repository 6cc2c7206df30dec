/* SPDX-License-Identifier: GPL-2.0-only */
/* Lookup of networks, and of the configuration that all of them share. */
#ifndef XV_BPF_NETWORK_H
#define XV_BPF_NETWORK_H

#include "parse.h"

static __always_inline const struct xv_config_val *xv_config_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xv_config, &zero);
}

static __always_inline struct xv_bd_val *xv_bd_get(__u32 bd)
{
	struct xv_bd_val *net = bpf_map_lookup_elem(&xv_bd, &bd);

	return net && net->flags & XV_BD_VALID ? net : NULL;
}

/* What decapsulation must know of a network. */
struct xv_net {
	__u32 bd;
	__u32 flags; /* enum xv_bd_flags; 0: there is no such network */
};

/*
 * The network with this VNI, by the index where that has it, else by xv_vni and xv_bd. xv_bd must
 * say the same VNI: the element of xv_vni may be another's by now (maps.h).
 */
static __always_inline struct xv_net xv_net_of_vni(__u32 vni)
{
	__u32 slot = vni & (XV_VNI_INDEX - 1), bd, *id;
	const struct xv_vni_slot *indexed = bpf_map_lookup_elem(&xv_vni_index, &slot);
	struct xv_net net = {};
	const struct xv_bd_val *val;
	struct xv_vni_slot copy;

	if (likely(indexed)) {
		copy.word = READ_ONCE(indexed->word);
		if (likely(copy.vni == vni && copy.flags)) {
			net.bd = copy.bd;
			net.flags = copy.flags;
			return net;
		}
	}
	id = bpf_map_lookup_elem(&xv_vni, &vni);
	if (!id)
		return net;
	bd = READ_ONCE(*id);
	val = xv_bd_get(bd);
	if (val && val->vni == vni) {
		net.bd = bd;
		net.flags = val->flags;
	}
	return net;
}

/* Drops a frame to a link-local address unless the network forwards that one. 0 or a drop. */
static __always_inline int xv_link_local_check(const __u8 *dest, __u32 bd)
{
	const struct xv_bd_info_val *info;

	if (likely(!xv_mac_is_link_local(dest)))
		return 0;
	info = bpf_map_lookup_elem(&xv_bd_info, &bd);
	return info && info->link_local >> (dest[5] & 0xf) & 1 ? 0 : XV_DROP(RESERVED_MAC);
}

#endif
