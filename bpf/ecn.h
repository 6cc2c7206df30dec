/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ECN through the tunnel (RFC 6040), with the kernel's choices (include/net/inet_ecn.h):
 * encap copies the inner field, but CE becomes ECT(0); decap drops not-ECT inside CE, copies CE
 * inwards, and turns inner ECT(0) under outer ECT(1) into ECT(1).
 */
#ifndef XV_BPF_ECN_H
#define XV_BPF_ECN_H

#include "parse.h"

enum {
	XV_ECN_KEEP = 0, /* not-ECT is never written, so 0 is free */
};

/* ECN field of the IP header behind the Ethernet header at eth; -1: not IP, or not all there. */
static __always_inline int xv_ecn_of(struct xv_ethhdr *eth, void *data_end)
{
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > data_end)
			return -1;
		return ip->tos & XV_ECN_MASK;
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > data_end)
			return -1;
		return ip->flow_lbl[0] >> 4 & XV_ECN_MASK;
	}
	return -1;
}

/* What to write inside: XV_ECN_KEEP, an ECN value, or a drop. */
static __always_inline int xv_ecn_decap(__u8 outer, struct xv_ethhdr *eth, void *data_end)
{
	int inner;

	if (likely(outer == XV_ECN_NOT_ECT || outer == XV_ECN_ECT0))
		return XV_ECN_KEEP;
	inner = xv_ecn_of(eth, data_end);
	if (inner < 0)
		return XV_ECN_KEEP;
	if (outer == XV_ECN_CE) {
		if (inner == XV_ECN_NOT_ECT)
			return XV_DROP(IP_TUNNEL_ECN);
		return inner == XV_ECN_CE ? XV_ECN_KEEP : XV_ECN_CE;
	}
	return inner == XV_ECN_ECT0 ? XV_ECN_ECT1 : XV_ECN_KEEP;
}

/* Outer ECN field for an inner one. */
static __always_inline __u8 xv_ecn_encap(__u8 inner)
{
	return inner == XV_ECN_CE ? XV_ECN_ECT0 : inner;
}

/*
 * Writes ecn into the IP header behind the Ethernet header at eth, which xv_ecn_of() has seen
 * there. IPv4: the header checksum is adjusted (RFC 1624), so the sum over the header does not
 * change.
 */
static __always_inline void xv_ecn_write(struct xv_ethhdr *eth, void *data_end, __u8 ecn)
{
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);
		__u32 sum;
		__u8 tos;

		if ((void *)(ip + 1) > data_end)
			return;
		tos = (ip->tos & ~XV_ECN_MASK) | ecn;
		sum = (__u16)~ip->check + (__u16)~bpf_htons(ip->tos) + bpf_htons(tos);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		ip->check = ~sum;
		ip->tos = tos;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > data_end)
			return;
		ip->flow_lbl[0] = (ip->flow_lbl[0] & ~(XV_ECN_MASK << 4)) | ecn << 4;
	}
}

#endif
