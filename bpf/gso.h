/* SPDX-License-Identifier: GPL-2.0-only */
/* Merged (GSO) frames: the headers that each segment gets, and how many segments there are. */
#ifndef XV_BPF_GSO_H
#define XV_BPF_GSO_H

#include "parse.h"

enum {
	XV_GSO_MAX_HEADERS = 60 + 60, /* longest IPv4, longest TCP */
	XV_GSO_BY_FRAGS = 0xffff,     /* gso_size where segments have sizes of their own (SCTP) */
	XV_GSO_TAGS = 4,	      /* VLAN tags and IPv6 extension headers that are examined */
	XV_GSO_EXTENSIONS = 8,
	XV_GSO_JUMBO_LEN = 8, /* hop-by-hop header with a jumbo payload option (RFC 2675) */
	XV_GSO_JUMBO_OPTION = 0xc2,
};

/* What xv_gso_headers() says. */
enum xv_gso_headers {
	XV_GSO_LEN = 0xffff,	  /* bytes of headers of each segment */
	XV_GSO_GUESSED = 1 << 16, /* ... which are the most that there can be: nobody knows */
	XV_GSO_JUMBO = 1 << 17,	  /* the frame has a jumbo option, which the segments do not get */
};

/* Bytes of the transport header at an offset. 0: not known. */
static __always_inline __u32 gso_transport(struct __sk_buff *skb, __u8 proto, __u32 at)
{
	__u8 doff; /* RFC 9293, 3.1 */

	if (proto == IPPROTO_UDP)
		return sizeof(struct udphdr);
	if (proto == IPPROTO_SCTP)
		return 12; /* common header; chunks are what segments have of their own */
	if (proto != IPPROTO_TCP || bpf_skb_load_bytes(skb, at + 12, &doff, sizeof(doff)))
		return 0;
	return (doff >> 4) * 4;
}

/* Offset of the IP header behind the Ethernet header and tags. 0: there is none. */
static __always_inline __u32 gso_network(struct __sk_buff *skb)
{
	__u32 at = 2 * ETH_ALEN, i;
	__be16 type;

	for (i = 0; i <= XV_GSO_TAGS; i++, at += XV_VLAN_HLEN) {
		if (bpf_skb_load_bytes(skb, at, &type, sizeof(type)))
			return 0;
		if (!xv_is_vlan(type))
			break;
	}
	at += sizeof(type);
	return type == bpf_htons(ETH_P_IP) || type == bpf_htons(ETH_P_IPV6) ? at : 0;
}

/*
 * Extension headers at an offset, which is moved behind them, as is *proto. Returns XV_GSO_JUMBO or
 * 0. big: the IPv6 header has no length. Then a jumbo option is the kernel's own (BIG TCP), which
 * it takes out before it cuts the frame.
 */
static __always_inline __u32 gso_extensions(struct __sk_buff *skb, int big, __u32 *at, __u8 *proto)
{
	__u32 jumbo = 0, i;
	__u8 head[4];

	for (i = 0; i < XV_GSO_EXTENSIONS; i++) {
		if (*proto != IPPROTO_HOPOPTS && *proto != IPPROTO_ROUTING &&
		    *proto != IPPROTO_DSTOPTS)
			break;
		if (bpf_skb_load_bytes(skb, *at, head, sizeof(head)))
			break;
		if (big && *proto == IPPROTO_HOPOPTS && !head[1] && head[2] == XV_GSO_JUMBO_OPTION)
			jumbo = XV_GSO_JUMBO;
		*proto = head[0];
		*at += (head[1] + 1) * 8;
	}
	return jumbo;
}

/*
 * Bytes of headers, from the Ethernet header on, that each segment of a merged frame gets, those of
 * a tunnel included; with enum xv_gso_headers. They are exact for TCP, UDP and SCTP behind an IP
 * header, tags and extension headers. A tunnel cannot be seen before Linux 6.2. A global function,
 * as the verifier walks through it once.
 */
__noinline __u32 xv_gso_headers(struct __sk_buff *skb)
{
	__u32 l3 = xv_gso_tunnel_ip(skb) ?: gso_network(skb), at, len, jumbo = 0;
	__u8 ip[sizeof(struct iphdr)], proto;

	if (!l3 || bpf_skb_load_bytes(skb, l3, ip, sizeof(ip)))
		return (l3 ?: ETH_HLEN) + XV_GSO_MAX_HEADERS | XV_GSO_GUESSED;
	if (ip[0] >> 4 == 6) {
		proto = ip[6];
		at = l3 + sizeof(struct ipv6hdr);
		jumbo = gso_extensions(skb, !ip[4] && !ip[5], &at, &proto);
	} else {
		proto = ip[9];
		at = l3 + (ip[0] & 0xf) * 4;
	}
	len = gso_transport(skb, proto, at);
	if (!len)
		return l3 + XV_GSO_MAX_HEADERS | XV_GSO_GUESSED;
	return (at + len - (jumbo ? XV_GSO_JUMBO_LEN : 0)) | jumbo;
}

/* Bytes of a merged frame that no segment gets. */
static __always_inline __u32 gso_left_out(__u32 headers)
{
	return headers & XV_GSO_JUMBO ? XV_GSO_JUMBO_LEN : 0;
}

/*
 * Segments of a merged frame. A guest's frame comes from its tap uncounted (gso_segs 0, as the
 * kernel trusts no header that a guest wrote); then as its lengths say, or one if they are
 * nonsense.
 */
static __always_inline __u32 xv_gso_segments(struct __sk_buff *skb)
{
	__u32 headers, len, size = skb->gso_size;

	if (likely(!size))
		return 1;
	if (skb->gso_segs)
		return skb->gso_segs;
	headers = xv_gso_headers(skb);
	len = skb->len - gso_left_out(headers);
	headers &= XV_GSO_LEN;
	return len > headers ? (len - headers + size - 1) / size : 1;
}

/* Bytes of all segments together: each has headers of its own. */
static __always_inline __u32 xv_gso_bytes(struct __sk_buff *skb, __u32 segments)
{
	__u32 headers;

	if (likely(!skb->gso_size))
		return skb->len;
	headers = xv_gso_headers(skb);
	return skb->len - gso_left_out(headers) + (segments - 1) * (headers & XV_GSO_LEN);
}

/*
 * Bytes of the longest IP packet that a merged frame is cut into. 0: nobody knows, as each segment
 * has its own size, or the headers cannot be read.
 */
static __always_inline __u32 xv_gso_len(struct __sk_buff *skb)
{
	__u32 headers;

	if (skb->gso_size == XV_GSO_BY_FRAGS)
		return 0;
	headers = xv_gso_headers(skb);
	return headers & XV_GSO_GUESSED ? 0 : skb->gso_size + (headers & XV_GSO_LEN) - ETH_HLEN;
}

#endif
