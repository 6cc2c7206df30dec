/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outer headers, strictly: Ethernet, at most one VLAN tag, IPv4 without options or IPv6 without
 * extension headers, not a fragment, UDP to our port at our address, VXLAN (RFC 7348, section 5).
 * Reads only; usable under XDP and TC.
 */
#ifndef XV_BPF_PARSE_H
#define XV_BPF_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "frame.h"
#include "xv_wire.h"

struct xv_vlanhdr {
	__be16 tci;
	__be16 proto;
};

struct xv_outer {
	__u32 inner; /* offset of the inner Ethernet header */
	__u32 end;   /* offset behind the outer IP packet, as its length field says */
	__u32 vni;
	__u8 ecn; /* outer ECN field */
	struct xv_ip src;
};

enum {
	XV_VLAN_HLEN = 4,
	XV_IP_FRAGMENT = 0x3fff, /* MF and the offset */
};

/* In two stores, as wide as the loads that follow: a load from two narrower ones waits for them. */
static __always_inline struct xv_ip xv_ip_of_v4(__be32 addr)
{
	union {
		__u32 w[2];
		__u64 q;
	} low;
	struct xv_ip ip;

	low.w[0] = bpf_htonl(0xffff);
	low.w[1] = addr;
	ip.q[0] = 0;
	ip.q[1] = low.q;
	return ip;
}

static __always_inline int xv_ip_is_v4(const struct xv_ip *ip)
{
	return !ip->q[0] && ip->w[2] == bpf_htonl(0xffff);
}

static __always_inline int xv_ip_equal(const struct xv_ip *a, const struct xv_ip *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

static __always_inline int xv_is_vlan(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

/* The one's complement sum of a 20-byte IPv4 header with a right checksum is 0xffff (RFC 1071). */
static __always_inline int xv_ip4_csum_ok(const struct iphdr *ip)
{
	const __u32 *w = (const void *)ip;
	__u64 sum = (__u64)w[0] + w[1] + w[2] + w[3] + w[4];

	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/*
 * UDP and VXLAN at pos; ip_payload is what the IP header leaves for them. The address is ours.
 * A UDP checksum need not be right (RFC 7348, section 5: a receiver may accept it unverified). A
 * datagram shorter than its IP packet is for the kernel to trim.
 */
static __always_inline int xv_parse_udp(void *data, void *pos, void *data_end, __u32 ip_payload,
					const struct xv_config_val *cfg, struct xv_outer *outer)
{
	struct udphdr *udp = pos;
	struct xv_vxlanhdr *vxlan = pos + sizeof(*udp);
	__u32 len;

	if ((void *)(udp + 1) > data_end || udp->dest != cfg->udp_port)
		return XV_SLOW;
	len = bpf_ntohs(udp->len);
	if (len > ip_payload || len < sizeof(*udp) + sizeof(*vxlan) + ETH_HLEN)
		return XV_DROP(PKT_TOO_SMALL);
	if (len < ip_payload)
		return XV_SLOW;
	if ((void *)(vxlan + 1) > data_end)
		return XV_SLOW;
	if (vxlan->flags != bpf_htonl(XV_VXLAN_I) || vxlan->vni & bpf_htonl(0xff))
		return XV_DROP(VXLAN_INVALID_HDR);
	outer->vni = bpf_ntohl(vxlan->vni) >> 8;
	outer->inner = (__u32)((void *)(vxlan + 1) - data);
	return 0;
}

static __always_inline int xv_parse_ip4(void *data, void *pos, void *data_end,
					const struct xv_config_val *cfg, struct xv_outer *outer)
{
	struct iphdr *ip = pos;
	__u32 len;

	if ((void *)(ip + 1) > data_end || ip->version != 4 || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(XV_IP_FRAGMENT) ||
	    ip->daddr != cfg->local4.w[3] || !cfg->local4.w[3])
		return XV_SLOW;
	len = bpf_ntohs(ip->tot_len);
	outer->end = (__u32)(pos - data) + len;
	outer->ecn = ip->tos & XV_ECN_MASK;
	outer->src = xv_ip_of_v4(ip->saddr);
	if (len < sizeof(*ip) + sizeof(struct udphdr))
		return XV_SLOW;
	if (!xv_ip4_csum_ok(ip))
		return XV_DROP(IP_CSUM);
	return xv_parse_udp(data, ip + 1, data_end, len - sizeof(*ip), cfg, outer);
}

static __always_inline int xv_parse_ip6(void *data, void *pos, void *data_end,
					const struct xv_config_val *cfg, struct xv_outer *outer)
{
	const struct xv_ip *dst;
	struct ipv6hdr *ip = pos;
	__u32 len;

	if ((void *)(ip + 1) > data_end || ip->version != 6 || ip->nexthdr != IPPROTO_UDP)
		return XV_SLOW;
	dst = (const void *)&ip->daddr;
	if (dst->q[0] != cfg->local6.q[0] || dst->q[1] != cfg->local6.q[1] ||
	    !(cfg->local6.q[0] | cfg->local6.q[1]))
		return XV_SLOW;
	len = bpf_ntohs(ip->payload_len);
	outer->end = (__u32)(pos - data) + sizeof(*ip) + len;
	outer->ecn = ip->flow_lbl[0] >> 4 & XV_ECN_MASK;
	xv_copy(&outer->src, &ip->saddr, sizeof(outer->src));
	if (xv_ip_is_v4(&outer->src)) /* the kernel drops it (ip6_rcv_core()) */
		return XV_SLOW;
	if (len < sizeof(struct udphdr))
		return XV_SLOW;
	return xv_parse_udp(data, ip + 1, data_end, len, cfg, outer);
}

/* Whether frames to that address are for this host (kernel: eth_type_trans()). */
static __always_inline int xv_mac_is_own(const struct xv_config_val *cfg, const __u8 *mac)
{
	int i;

#pragma unroll
	for (i = 0; i < XV_MAX_MACS; i++)
		if (*(const __u32 *)mac == *(const __u32 *)cfg->mac[i].b &&
		    *(const __u16 *)(mac + 4) == *(const __u16 *)(cfg->mac[i].b + 4))
			return 1;
	return cfg->flags & XV_CONFIG_ANY_MAC;
}

/* Whether frames with that tag are for this host: a priority tag, or that of a VLAN of its own
 * (kernel: vlan_do_receive()). */
static __always_inline int xv_tag_is_own(const struct xv_config_val *cfg, __be16 proto, __u32 tci)
{
	__u32 id = tci & XV_VLAN_VID_MASK, tag = (__u32)bpf_ntohs(proto) << 16 | id;
	int i;

	if (!id)
		return 1;
#pragma unroll
	for (i = 0; i < XV_MAX_TAGS; i++)
		if (cfg->tag[i] == tag)
			return 1;
	return cfg->flags & XV_CONFIG_ANY_TAG;
}

/*
 * 0: a VXLAN packet to this VTEP, *outer filled in, with all headers in front of the inner Ethernet
 * header in [data, data_end). XV_SLOW: not ours, or not sure. A drop: ours and bad.
 * The caller still checks outer->end against the frame's length.
 */
static __always_inline int xv_parse_outer(void *data, void *data_end,
					  const struct xv_config_val *cfg, struct xv_outer *outer)
{
	struct xv_ethhdr *eth = data;
	void *pos = eth + 1;
	__be16 proto;

	if (pos > data_end || !xv_mac_is_own(cfg, eth->h_dest))
		return XV_SLOW;
	proto = eth->h_proto;
	if (unlikely(xv_is_vlan(proto))) {
		struct xv_vlanhdr *vlan = pos;

		pos = vlan + 1;
		if (pos > data_end || !xv_tag_is_own(cfg, proto, bpf_ntohs(vlan->tci)))
			return XV_SLOW;
		proto = vlan->proto;
	}
	if (proto == bpf_htons(ETH_P_IP))
		return xv_parse_ip4(data, pos, data_end, cfg, outer);
	if (proto == bpf_htons(ETH_P_IPV6))
		return xv_parse_ip6(data, pos, data_end, cfg, outer);
	return XV_SLOW;
}

static __always_inline int xv_mac_is_multicast(const __u8 *mac)
{
	return mac[0] & 1;
}

/* 01:80:c2:00:00:0X, which a bridge keeps to itself (802.1Q, 8.6.3). */
static __always_inline int xv_mac_is_link_local(const __u8 *mac)
{
	return *(const __u32 *)mac == bpf_htonl(0x0180c200) && mac[4] == 0 && (mac[5] & 0xf0) == 0;
}

/* Valid as a source: neither multicast nor zero (kernel: is_valid_ether_addr()). */
static __always_inline int xv_mac_is_source(const __u8 *mac)
{
	return !xv_mac_is_multicast(mac) && (*(const __u32 *)mac | *(const __u16 *)(mac + 4));
}

/* 1: TCP. 0: not. -1: the IP header cannot be read. */
static __always_inline int xv_inner_tcp(struct xv_ethhdr *eth, void *data_end)
{
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		return (void *)(ip + 1) <= data_end ? ip->protocol == IPPROTO_TCP : -1;
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		return (void *)(ip + 1) <= data_end ? ip->nexthdr == IPPROTO_TCP : -1;
	}
	return 0;
}

#endif
