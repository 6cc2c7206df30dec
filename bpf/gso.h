/* SPDX-License-Identifier: GPL-2.0-only */
/* Merged (GSO) frames: the headers that each segment gets, and how many segments there are. */
#ifndef XV_BPF_GSO_H
#define XV_BPF_GSO_H

#include "parse.h"

enum {
	XV_GSO_MAX_HEADERS = 60 + 60, /* longest IPv4, longest TCP */
};

/*
 * IP and transport header that each segment of a merged frame gets: exact for TCP and UDP straight
 * behind an IP header that can be read, else the longest there can be.
 */
static __always_inline __u32 xv_gso_headers(struct xv_ethhdr *eth, void *data_end)
{
	void *l4 = eth + 1;
	__u8 proto, *doff;
	__u32 len;

	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = l4;

		if ((void *)(ip + 1) > data_end)
			return XV_GSO_MAX_HEADERS;
		len = ip->ihl * 4;
		proto = ip->protocol;
	} else {
		struct ipv6hdr *ip = l4;

		if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (void *)(ip + 1) > data_end)
			return XV_GSO_MAX_HEADERS;
		len = sizeof(*ip);
		proto = ip->nexthdr;
	}
	if (proto == IPPROTO_UDP)
		return len + sizeof(struct udphdr);
	doff = l4 + len + 12; /* RFC 9293, 3.1 */
	if (proto != IPPROTO_TCP || (void *)(doff + 1) > data_end)
		return XV_GSO_MAX_HEADERS;
	return len + (*doff >> 4) * 4;
}

/*
 * Segments of a merged frame. A guest's frame comes from its tap uncounted (gso_segs 0, as the
 * kernel trusts no header that a guest wrote); then as its lengths say, or one if they are
 * nonsense.
 */
static __always_inline __u32 xv_gso_segments(const struct __sk_buff *skb)
{
	struct xv_ethhdr *eth = xv_ctx_ptr(skb->data);
	void *data_end = xv_ctx_ptr(skb->data_end);
	__u32 headers, size = skb->gso_size;

	if (likely(!size))
		return 1;
	if (skb->gso_segs)
		return skb->gso_segs;
	if ((void *)(eth + 1) > data_end)
		return 1;
	headers = ETH_HLEN + xv_gso_headers(eth, data_end);
	return skb->len > headers ? (skb->len - headers + size - 1) / size : 1;
}

/* Bytes of the frames that it is cut into: each has headers of its own. */
static __always_inline __u32 xv_gso_bytes(const struct __sk_buff *skb, __u32 segments)
{
	struct xv_ethhdr *eth = xv_ctx_ptr(skb->data);
	void *data_end = xv_ctx_ptr(skb->data_end);

	if (likely(!skb->gso_size) || (void *)(eth + 1) > data_end)
		return skb->len;
	return skb->len + (segments - 1) * (ETH_HLEN + xv_gso_headers(eth, data_end));
}

#endif
