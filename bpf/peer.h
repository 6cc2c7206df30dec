/* SPDX-License-Identifier: GPL-2.0-only */
/* Lookup of peers, and what may be sent by the way to a peer: its adjacency (xv_adj). */
#ifndef XV_BPF_PEER_H
#define XV_BPF_PEER_H

#include "parse.h"

/*
 * The peer with this address, by the index where that has it, else by xv_peer; or 0. *kernel: its
 * frames are the kernel's to receive. Both indexes are read once. xv_adj must say the same address:
 * the element of xv_peer may be another's by now (maps.h).
 */
static __always_inline __u32 xv_peer_of_ip(const struct xv_ip *ip, int *kernel)
{
	__u32 slot = xv_ip_slot(ip), peer, *id;
	const struct xv_peer_slot *indexed = bpf_map_lookup_elem(&xv_peer_index, &slot);
	const struct xv_adj_val *adj;
	struct xv_peer_slot copy;

	*kernel = 0;
	if (likely(indexed)) {
		copy.word = READ_ONCE(indexed->word);
		peer = copy.peer;
		if (likely(copy.low == ip->w[3] && !copy.flags && xv_ip_is_v4(ip)))
			return peer;
		adj = copy.flags ? bpf_map_lookup_elem(&xv_adj, &peer) : NULL;
		if (adj && xv_ip_equal(&adj->ip, ip)) {
			*kernel = copy.flags & XV_PEER_KERNEL;
			return peer;
		}
	}
	id = bpf_map_lookup_elem(&xv_peer, ip);
	if (!id)
		return 0;
	peer = READ_ONCE(*id);
	adj = bpf_map_lookup_elem(&xv_adj, &peer);
	if (!adj || !xv_ip_equal(&adj->ip, ip))
		return 0;
	*kernel = READ_ONCE(adj->flags) & XV_ADJ_KERNEL;
	return peer;
}

/*
 * The flags of an adjacency whose prebuilt header may be used, else 0. They are read once: the
 * daemon may clear them at any time, and the header then stays good for each program that has seen
 * the flags until it returns. What else the adjacency holds must be loaded after the flags: by
 * xv_table_after(adj, flags).
 */
static __always_inline __u32 xv_adj_usable(const struct xv_adj_val *adj,
					   const struct xv_config_val *cfg)
{
	__u32 flags = READ_ONCE(adj->flags);

	if (!(flags & XV_ADJ_VALID) || (flags & XV_ADJ_V6 && cfg->flags & XV_CONFIG_UDP6_CHECKSUM))
		return 0;
	return flags;
}

/*
 * Whether a frame of total bytes can be sent behind an outer header of so many bytes: by the
 * header's own length field, and by the egress MTU. len: the frame's IP packet, or the longest that
 * the frame is cut into.
 */
static __always_inline int xv_adj_fits(const struct xv_adj_val *adj, __u32 total, __u32 len,
				       __u32 header)
{
	return total + header <= 0xffff && len + header <= adj->mtu;
}

/* Whether the inner packet may not be fragmented, as the kernel's `df inherit` has it. */
static __always_inline int xv_inner_df(const struct xv_ethhdr *eth, void *data_end)
{
	const struct iphdr *ip = (const void *)(eth + 1);

	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return 1;
	return eth->h_proto == bpf_htons(ETH_P_IP) && (void *)(ip + 1) <= data_end &&
	       ip->frag_off & bpf_htons(XV_IPV4_DF);
}

/* Whether an outer IPv4 packet of an adjacency with these flags has DF. inner: xv_inner_df(). */
static __always_inline int xv_adj_df(__u32 flags, int inner)
{
	if (likely(flags & XV_ADJ_DF_UNSET))
		return 0;
	return !(flags & XV_ADJ_DF_INHERIT) || inner;
}

/*
 * Whether the kernel would lose a packet of len bytes behind xv0. Over IPv6 it does not fragment
 * what its vxlan devices send (ip6_fragment() without ignore_df), over IPv4 nothing with DF, and it
 * tells nobody. df: xv_inner_df(). An adjacency that does not know the MTU: 0.
 */
static __always_inline int xv_adj_loses(const struct xv_adj_val *adj, __u32 len, int df)
{
	__u32 flags = READ_ONCE(adj->flags);

	if (!(flags & (XV_ADJ_VALID | XV_ADJ_MTU)))
		return 0;
	adj = xv_table_after(adj, flags);
	if (flags & XV_ADJ_V6)
		return len + XV_ENCAP6_LEN > adj->mtu;
	return xv_adj_df(flags, df) && len + XV_ENCAP4_LEN > adj->mtu;
}

/* The largest IP packet of a tenant that fits on the way to the peer. */
static __always_inline __u32 xv_adj_inner_mtu(const struct xv_adj_val *adj)
{
	return adj->mtu - (adj->flags & XV_ADJ_V6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN);
}

#endif
