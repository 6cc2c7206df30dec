/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow path device xv0: the tunnel key of a frame that xv0 has received or is to send. */
#ifndef XV_BPF_TUNNEL_H
#define XV_BPF_TUNNEL_H

#include "network.h"

/* What xv0 has read of a frame's outer headers, in one form for both families. */
struct xv_tunnel {
	struct xv_ip remote, local;
	__u32 vni, pad;
};

/*
 * Reads the tunnel key of a frame from xv0. An IPv6 address that looks like an IPv4 one is
 * nobody's. 0 or a drop.
 */
static __always_inline int xv_tunnel_get(struct __sk_buff *skb, struct xv_tunnel *t)
{
	struct bpf_tunnel_key key = {};

	if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0)) {
		t->remote = xv_ip_of_v4(bpf_htonl(key.remote_ipv4));
		t->local = xv_ip_of_v4(bpf_htonl(key.local_ipv4));
	} else if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), BPF_F_TUNINFO_IPV6)) {
		__builtin_memcpy(t->remote.w, key.remote_ipv6, sizeof(t->remote));
		__builtin_memcpy(t->local.w, key.local_ipv6, sizeof(t->local));
		if (xv_ip_is_v4(&t->local))
			return XV_DROP(WRONG_LOCAL);
		if (xv_ip_is_v4(&t->remote))
			return XV_DROP(UNKNOWN_PEER);
	} else {
		return XV_DROP(TUNNEL_TXINFO);
	}
	t->vni = key.tunnel_id;
	return 0;
}

/*
 * Sets the tunnel key for xv0: our address of the remote's family as source, TTL 64, no checksum
 * but where IPv6 peers want one, DF as configured (df: xv_inner_df()). The kernel adds ECN, the
 * identification and the source port. 0 or a drop.
 */
static __always_inline int xv_tunnel_set(struct __sk_buff *skb, const struct xv_config_val *cfg,
					 const struct xv_ip *remote, __u32 vni, int df)
{
	struct bpf_tunnel_key key = {.tunnel_id = vni, .tunnel_ttl = XV_OUTER_TTL};
	__u64 flags = BPF_F_ZERO_CSUM_TX;

	if (xv_ip_is_v4(remote)) {
		if (!remote->w[3])
			return XV_DROP(VXLAN_NO_REMOTE);
		key.remote_ipv4 = bpf_ntohl(remote->w[3]);
		key.local_ipv4 = bpf_ntohl(cfg->local4.w[3]);
		if (cfg->flags & XV_CONFIG_DF_SET || (df && cfg->flags & XV_CONFIG_DF_INHERIT))
			flags |= BPF_F_DONT_FRAGMENT;
	} else {
		if (!(remote->q[0] | remote->q[1]))
			return XV_DROP(VXLAN_NO_REMOTE);
		__builtin_memcpy(key.remote_ipv6, remote->w, sizeof(*remote));
		__builtin_memcpy(key.local_ipv6, cfg->local6.w, sizeof(*remote));
		flags = BPF_F_TUNINFO_IPV6;
		if (!(cfg->flags & XV_CONFIG_UDP6_CHECKSUM))
			flags |= BPF_F_ZERO_CSUM_TX;
	}
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags))
		return XV_DROP(TUNNEL_TXINFO);
	return 0;
}

/*
 * Whether xv0 is there: somebody may have deleted it, and the daemon not made it again yet. A
 * redirect to a device that is gone would lose the frame after the program has returned, where
 * nobody counts it.
 */
static __always_inline int xv_slow_there(struct __sk_buff *skb, const struct xv_config_val *cfg)
{
	__u32 mtu = 0;

	return cfg->slow_ifindex && bpf_check_mtu(skb, cfg->slow_ifindex, &mtu, 0, 0) != -ENODEV;
}

#endif
