/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing the outer header: a copy of the one that the daemon has prebuilt for the adjacency, in
 * which the values that each frame has of its own are then put.
 */
#ifndef XV_BPF_OUTER_H
#define XV_BPF_OUTER_H

#include "peer.h"

/* The values that each frame has of its own. They are taken before the frame is moved. */
struct xv_outer_vals {
	__u32 len; /* of the inner frame */
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
					    const struct xv_outer_vals *outer, __u32 vni)
{
	struct iphdr *ip = pos + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	struct xv_vxlanhdr *vxlan = (void *)(udp + 1);
	__u16 len = outer->len + sizeof(*udp) + sizeof(*vxlan);
	__u32 sum;

	xv_copy(pos, adj->hdr, XV_ENCAP4_LEN);
	sum = (__u16)~ip->check + bpf_htons(len + sizeof(*ip)) + bpf_htons(outer->ecn);
	sum += (outer->id_off & 0xffff) + (outer->id_off >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
	*(__u32 *)&ip->id = outer->id_off;
	ip->tot_len = bpf_htons(len + sizeof(*ip));
	ip->tos = outer->ecn;
	udp->source = outer->sport;
	udp->len = bpf_htons(len);
	vxlan->vni = bpf_htonl(vni << 8);
}

static __always_inline void xv_outer6_write(void *pos, const struct xv_adj_val *adj,
					    const struct xv_outer_vals *outer, __u32 vni)
{
	struct ipv6hdr *ip = pos + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	struct xv_vxlanhdr *vxlan = (void *)(udp + 1);
	__u16 len = outer->len + sizeof(*udp) + sizeof(*vxlan);

	xv_copy(pos, adj->hdr, XV_ENCAP6_LEN);
	ip->payload_len = bpf_htons(len);
	ip->flow_lbl[0] = outer->ecn << 4;
	udp->source = outer->sport;
	udp->len = bpf_htons(len);
	vxlan->vni = bpf_htonl(vni << 8);
}

/*
 * Makes room for an outer header between the frame's MAC header and its IP packet. The kernel then
 * knows that the frame is in a tunnel. inner_l2: bytes that are to be in front of the IP packet,
 * the MAC header and tags: the caller makes room for the tags with the outer header. 0: the MAC
 * header is in front of the room, and belongs behind the outer header. -EALREADY: the frame is a
 * tenant's own tunnel with offloads. -ENOTSUPP: the frame is not IP.
 */
static __always_inline int xv_outer_room(struct __sk_buff *skb, __u32 room, int v6, __u32 inner_l2)
{
	const __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
			    BPF_F_ADJ_ROOM_ENCAP_L2_ETH;

	return bpf_skb_adjust_room(
		skb, room, BPF_ADJ_ROOM_MAC,
		flags | BPF_F_ADJ_ROOM_ENCAP_L2((__u64)inner_l2) |
			(v6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4));
}

/*
 * Writes the outer header at pos, where the caller has made room for it. eth: the inner frame's MAC
 * header, to be written behind the outer header, or NULL. (The kernel makes room for
 * bpf_skb_adjust_room() behind the MAC header, which the outer header then overwrites.) 0, or a
 * drop if the room cannot be written to.
 */
static __always_inline int xv_outer_write(void *pos, void *data_end, const struct xv_adj_val *adj,
					  const int v6, const struct xv_outer_vals *outer,
					  __u32 vni, const struct xv_ethhdr *eth)
{
	const __u32 behind = eth ? ETH_HLEN : 0;

	/*
	 * Each family has a check of its own. With one for both, clang writes what they have in
	 * common and then asks for the family again, which Linux 6.1 does not connect with the
	 * check ("R1 offset is outside of the packet").
	 */
	if (v6) {
		if (pos + XV_ENCAP6_LEN + behind > data_end)
			return XV_DROP(NO_MEMORY);
		xv_outer6_write(pos, adj, outer, vni);
		if (eth)
			xv_copy(pos + XV_ENCAP6_LEN, eth, ETH_HLEN);
		return 0;
	}
	if (pos + XV_ENCAP4_LEN + behind > data_end)
		return XV_DROP(NO_MEMORY);
	xv_outer4_write(pos, adj, outer, vni);
	if (eth)
		xv_copy(pos + XV_ENCAP4_LEN, eth, ETH_HLEN);
	return 0;
}

#endif
