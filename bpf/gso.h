/* SPDX-License-Identifier: GPL-2.0-only */
/* Merged (GSO) frames: the headers that each segment gets, and how many segments there are. */
#ifndef XV_BPF_GSO_H
#define XV_BPF_GSO_H

#include "parse.h"

enum {
	XV_GSO_MAX_HEADERS = 60 + 60, /* longest IPv4, longest TCP */
	XV_GSO_BY_FRAGS = 0xffff,     /* gso_size where segments have sizes of their own (SCTP) */
};

/* Bytes of the transport header at l4, or the most that there can be. */
static __always_inline __u32 gso_transport(__u8 proto, void *l4, void *data_end)
{
	__u8 *doff = l4 + 12; /* RFC 9293, 3.1 */

	if (proto == IPPROTO_UDP)
		return sizeof(struct udphdr);
	if (proto == IPPROTO_SCTP)
		return 12; /* common header; chunks are what segments have of their own */
	if (proto != IPPROTO_TCP || (void *)(doff + 1) > data_end)
		return XV_GSO_MAX_HEADERS - sizeof(struct ipv6hdr);
	return (*doff >> 4) * 4;
}

/*
 * Bytes of headers, from the Ethernet header on, that each segment of a merged frame gets, those of
 * a tunnel included: exact for TCP, UDP and SCTP straight behind an IP header that can be read,
 * else the most that there can be. A tunnel cannot be seen before Linux 6.2. A global function, as
 * the verifier walks through it once.
 */
__noinline __u32 xv_gso_headers(struct __sk_buff *skb)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	__u32 l3 = xv_gso_tunnel_ip(skb), len;
	struct xv_ethhdr *eth = data;
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	int is_ip = l3 > 0;

	if (!is_ip) {
		l3 = ETH_HLEN;
		is_ip = (void *)(eth + 1) <= data_end && (eth->h_proto == bpf_htons(ETH_P_IP) ||
							  eth->h_proto == bpf_htons(ETH_P_IPV6));
	}
	ip = data + xv_below_256(l3);
	if (!is_ip || (void *)(ip + 1) > data_end)
		return l3 + XV_GSO_MAX_HEADERS;
	if (ip->version == 4) {
		len = ip->ihl * 4;
		return l3 + len + gso_transport(ip->protocol, (void *)ip + len, data_end);
	}
	ip6 = (void *)ip;
	if (ip->version != 6 || (void *)(ip6 + 1) > data_end)
		return l3 + XV_GSO_MAX_HEADERS;
	return l3 + sizeof(*ip6) + gso_transport(ip6->nexthdr, ip6 + 1, data_end);
}

/*
 * Segments of a merged frame. A guest's frame comes from its tap uncounted (gso_segs 0, as the
 * kernel trusts no header that a guest wrote); then as its lengths say, or one if they are
 * nonsense.
 */
static __always_inline __u32 xv_gso_segments(struct __sk_buff *skb)
{
	__u32 headers, size = skb->gso_size;

	if (likely(!size))
		return 1;
	if (skb->gso_segs)
		return skb->gso_segs;
	headers = xv_gso_headers(skb);
	return skb->len > headers ? (skb->len - headers + size - 1) / size : 1;
}

/* Bytes of all segments together: each has headers of its own. */
static __always_inline __u32 xv_gso_bytes(struct __sk_buff *skb, __u32 segments)
{
	if (likely(!skb->gso_size))
		return skb->len;
	return skb->len + (segments - 1) * xv_gso_headers(skb);
}

/*
 * Bytes of the longest IP packet that a merged frame is cut into. 0: nobody knows, as each segment
 * has its own.
 */
static __always_inline __u32 xv_gso_len(struct __sk_buff *skb)
{
	if (skb->gso_size == XV_GSO_BY_FRAGS)
		return 0;
	return skb->gso_size + xv_gso_headers(skb) - ETH_HLEN;
}

#endif
