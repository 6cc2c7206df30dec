/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tenant's frame to a peer: the prebuilt outer header in front of it and out of the underlay
 * device, GSO included; through xv0 where that cannot be.
 */
#ifndef XV_BPF_ENCAP_H
#define XV_BPF_ENCAP_H

#include <linux/pkt_cls.h>

#include "deliver.h"
#include "flow.h"
#include "ip_id.h"
#include "too_big.h"

/* Facts about the frame that the outer header needs, taken before the room is made. */
struct xv_inner {
	__u32 len; /* inner frame */
	__u8 ecn;  /* outer ECN field */
	__be16 sport;
	__u32 id_off; /* outer IPv4 identification, flags and fragment offset, as in the packet */
};

/* Source port from a hash of the inner flow (RFC 7348, section 5). */
static __always_inline __be16 xv_source_port(__u32 hash)
{
	hash ^= hash >> 16;
	return bpf_htons(XV_SRC_PORT_MIN | (hash & ((1 << XV_SRC_PORT_BITS) - 1)));
}

static __always_inline void xv_outer4_write(void *pos, const struct xv_adj_val *adj,
					    const struct xv_inner *inner, __u32 vni)
{
	struct iphdr *ip = pos + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	struct xv_vxlanhdr *vxlan = (void *)(udp + 1);
	__u16 len = inner->len + sizeof(*udp) + sizeof(*vxlan);
	__u32 sum;

	xv_copy(pos, adj->hdr, XV_ENCAP4_LEN);
	sum = (__u16)~ip->check + bpf_htons(len + sizeof(*ip)) + bpf_htons(inner->ecn);
	sum += (inner->id_off & 0xffff) + (inner->id_off >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
	*(__u32 *)&ip->id = inner->id_off;
	ip->tot_len = bpf_htons(len + sizeof(*ip));
	ip->tos = inner->ecn;
	udp->source = inner->sport;
	udp->len = bpf_htons(len);
	vxlan->vni = bpf_htonl(vni << 8);
}

static __always_inline void xv_outer6_write(void *pos, const struct xv_adj_val *adj,
					    const struct xv_inner *inner, __u32 vni)
{
	struct ipv6hdr *ip = pos + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	struct xv_vxlanhdr *vxlan = (void *)(udp + 1);
	__u16 len = inner->len + sizeof(*udp) + sizeof(*vxlan);

	xv_copy(pos, adj->hdr, XV_ENCAP6_LEN);
	ip->payload_len = bpf_htons(len);
	ip->flow_lbl[0] = inner->ecn << 4;
	udp->source = inner->sport;
	udp->len = bpf_htons(len);
	vxlan->vni = bpf_htonl(vni << 8);
}

/*
 * Writes the outer header at pos, where room was made for it. eth, if not NULL, goes behind it: the
 * inner frame's MAC header, which such room as xv_encap_room() makes comes behind. 0, or a drop if
 * the room cannot be written to.
 */
static __always_inline int xv_outer_write(void *pos, void *data_end, const struct xv_adj_val *adj,
					  int v6, const struct xv_inner *inner, __u32 vni,
					  const struct xv_ethhdr *eth)
{
	const __u32 behind = eth ? ETH_HLEN : 0;

	if (v6) {
		if (pos + XV_ENCAP6_LEN + behind > data_end)
			return XV_DROP(NO_MEMORY);
		xv_outer6_write(pos, adj, inner, vni);
		if (eth)
			xv_copy(pos + XV_ENCAP6_LEN, eth, ETH_HLEN);
		return 0;
	}
	if (pos + XV_ENCAP4_LEN + behind > data_end)
		return XV_DROP(NO_MEMORY);
	xv_outer4_write(pos, adj, inner, vni);
	if (eth)
		xv_copy(pos + XV_ENCAP4_LEN, eth, ETH_HLEN);
	return 0;
}

/*
 * The flags of an adjacency whose prebuilt header may be used, else 0. Read once: the daemon may
 * clear them at any time, and the header is good for those who have seen them until they return.
 * The rest must be loaded after them: by xv_table_after(adj, flags).
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
 * Whether a frame of total bytes can be sent with room bytes of outer header: in the header's own
 * length field, and in the egress MTU. len: its IP packet, or the longest that it is cut into.
 */
static __always_inline int xv_adj_fits(const struct xv_adj_val *adj, __u32 total, __u32 len,
				       __u32 room)
{
	return total + room <= 0xffff && len + room <= adj->mtu;
}

/* Bytes of the frame's IP packet, or of the longest that a merged one is cut into. */
static __always_inline __u32 xv_encap_len(struct __sk_buff *skb)
{
	return skb->gso_size ? xv_gso_len(skb) : skb->len - ETH_HLEN;
}

/*
 * Whether a packet of len bytes would be lost behind xv0. Over IPv6 the kernel does not fragment
 * what its vxlan devices send (ip6_fragment() without ignore_df), over IPv4 nothing with DF, and it
 * tells nobody. df: xv_inner_df(). An adjacency that is not valid does not tell the MTU.
 */
static __always_inline int xv_adj_loses(const struct xv_adj_val *adj, __u32 len, int df)
{
	__u32 flags = READ_ONCE(adj->flags);

	if (!(flags & XV_ADJ_VALID))
		return 0;
	adj = xv_table_after(adj, flags);
	if (flags & XV_ADJ_V6)
		return len + XV_ENCAP6_LEN > adj->mtu;
	return xv_adj_df(flags, df) && len + XV_ENCAP4_LEN > adj->mtu;
}

/* The largest IP packet of a tenant's that goes to that peer. */
static __always_inline __u32 xv_adj_inner_mtu(const struct xv_adj_val *adj)
{
	return adj->mtu - (adj->flags & XV_ADJ_V6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN);
}

/*
 * Room for an outer header between the MAC header and the IP packet, whose kernel then knows the
 * tunnel. -EALREADY: the tenant's own tunnel with offloads; -ENOTSUPP: not IP. 0: the MAC header is
 * in front of the room, and belongs behind it.
 */
static __always_inline int xv_encap_room(struct __sk_buff *skb, __u32 room, int v6)
{
	const __u64 l2 = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
			 BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH;

	return bpf_skb_adjust_room(
		skb, room, BPF_ADJ_ROOM_MAC,
		l2 | (v6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4));
}

/*
 * The fast way to a peer whose adjacency is valid; flags are xv_adj_usable()'s, len is
 * xv_encap_len()'s. Returns XV_PATH_ENCAP with *action set, XV_PATH_ENCAP_SLOW with the frame
 * untouched, or a drop.
 */
static __always_inline int xv_encap_fast(struct __sk_buff *skb, const struct xv_adj_val *adj,
					 __u32 flags, const struct xv_inner *inner,
					 const struct xv_ethhdr *eth, __u32 len, __u32 vni,
					 int *action)
{
	int v6 = !!(flags & XV_ADJ_V6), err;
	__u32 room = v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN;
	__u32 ifindex = adj->ifindex;
	void *data, *data_end;

	if (!xv_adj_fits(adj, skb->len, len, room) || xv_encap_room(skb, room, v6))
		return XV_PATH_ENCAP_SLOW;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	err = xv_outer_write(data, data_end, adj, v6, inner, vni, eth);
	if (err)
		return err;
	*action = bpf_redirect(ifindex, 0);
	return XV_PATH_ENCAP;
}

/*
 * A unicast frame to a peer through xv0, where the kernel resolves, fragments, checksums and cuts
 * as needed. len: xv_encap_len(). XV_PATH_ENCAP_SLOW, or a drop.
 */
__noinline int xv_encap_slow(struct __sk_buff *skb, __u32 vni, __u32 peer, __u32 len)
{
	const struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_ethhdr *eth = data;
	__u32 tag;
	int df, err;

	if (!adj || !cfg)
		return XV_DROP(NOT_CONFIGURED);
	df = (void *)(eth + 1) <= data_end && xv_inner_df(eth, data_end);
	tag = skb->vlan_present ? XV_VLAN_HLEN : 0;
	if (xv_adj_loses(adj, len + tag, df))
		return xv_too_big(skb, xv_adj_inner_mtu(adj) - tag);
	err = xv_tunnel_set(skb, cfg, &adj->ip, vni, df);
	if (err)
		return err;
	if (!xv_slow_there(skb, cfg))
		return XV_DROP(SLOW_PATH_GONE);
	bpf_redirect(cfg->slow_ifindex, 0);
	return XV_PATH_ENCAP_SLOW;
}

/* A unicast frame to a peer. Takes the fast way for untagged IP with a valid adjacency, else xv0.
 */
static __always_inline int xv_encap_peer(struct __sk_buff *skb, const struct xv_config_val *cfg,
					 __u32 vni, __u32 peer, const struct xv_tally *tally,
					 int *action)
{
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;
	struct xv_ethhdr copy __attribute__((aligned(8)));
	struct xv_inner inner = {.len = skb->len};
	int ecn, path = XV_PATH_ENCAP_SLOW;
	__u32 flags, len;

	if (!adj)
		return XV_DROP(VXLAN_NO_REMOTE);
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	len = xv_encap_len(skb);
	ecn = skb->vlan_present ? -1 : xv_ecn_of(eth, data_end);
	flags = ecn < 0 ? 0 : xv_adj_usable(adj, cfg);
	adj = xv_table_after(adj, flags);
	if (flags) {
		inner.ecn = xv_ecn_encap(ecn);
		inner.sport = xv_source_port(xv_flow_hash_skb(skb, eth, data_end, cfg));
		if (!(flags & XV_ADJ_V6))
			inner.id_off = xv_ip_id_off(adj, flags, peer, eth, data_end, tally);
		xv_copy(&copy, eth, sizeof(copy));
		path = xv_encap_fast(skb, adj, flags, &inner, &copy, len, vni, action);
	}
	if (path != XV_PATH_ENCAP_SLOW)
		return path;
	*action = TC_ACT_REDIRECT;
	return xv_encap_slow(skb, vni, peer, len);
}

#endif
