/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The answer to the sender of a frame that was dropped as PKT_TOO_BIG: ICMP "fragmentation needed"
 * (RFC 792, 1191) or ICMPv6 "packet too big" (RFC 4443, 3.2). As with the kernel's vxlan device at
 * a bridge, the answer comes from the frame's destination address, and quotes as much of the frame
 * as the kernel does. The frame itself is changed into the answer. The code is rarely used, so it
 * is in global functions, which the programs' exits call.
 */
#ifndef XV_BPF_TOO_BIG_H
#define XV_BPF_TOO_BIG_H

#include <linux/icmpv6.h>
#include <linux/pkt_cls.h>

#include "event.h"
#include "skb.h"
#include "drop.h"

/* Fields in skb->cb, which the code that finds a frame too large sets for the exit. */
enum {
	XV_CB_MTU,  /* largest IP packet that would pass; 0: send no answer */
	XV_CB_BD,   /* the frame's network */
	XV_CB_PORT, /* the port that it came from; 0: it came through xv0 */
};

enum {
	ANSWER_TICK_SHIFT = 27, /* windows of 134 ms */
	ANSWERS_A_TICK = 128,	/* limit of answers in a window, for each network and CPU */
	ANSWER4 = 20 + 8,	/* bytes in front of the quoted packet */
	ANSWER6 = 40 + 8,
	QUOTE4 = 576 - ANSWER4, /* quoted bytes; a frame that is too large has more */
	QUOTE6 = 1280 - ANSWER6,
	QUOTE_HEAD = 80, /* quoted bytes that are in struct xv_answer_val's head */
	ANSWER_PIECE4 = QUOTE4 - QUOTE_HEAD,
	ANSWER_PIECE6 = (QUOTE6 - QUOTE_HEAD) / 3, /* bpf_csum_diff() takes 512 bytes at a time */
	EXTENSIONS = 6,
};

_Static_assert(ANSWER_PIECE4 % 4 == 0 && ANSWER_PIECE6 % 4 == 0, "whole words");

/* "Fragmentation needed" (RFC 1191, section 4). The kernel's struct needs the C library. */
struct icmp_frag_needed {
	__u8 type, code;
	__sum16 checksum;
	__be16 unused, mtu;
};

enum {
	ICMP_UNREACHABLE = 3,
	ICMP_FRAG_NEEDED = 4, /* code */
	ICMP_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMPV6_REDIRECT = 137,
};

/* Where an answer is built, as the stack is too small. */
struct xv_answer_val {
	__u8 head[ETH_HLEN + ANSWER6 + QUOTE_HEAD + 2];
	__u8 piece[ANSWER_PIECE4];
};

XV_MAP(xv_answer, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_answer_val, 1, 0);
XV_MAP(xv_answer_gate, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_gate_val, XV_MAX_NETWORKS, 0);

static __always_inline int answer_gate_open(__u32 bd)
{
	__u32 tick = bpf_ktime_get_coarse_ns() >> ANSWER_TICK_SHIFT;

	return xv_gate_use(bpf_map_lookup_elem(&xv_answer_gate, &bd), tick, ANSWERS_A_TICK);
}

static __always_inline __sum16 answer_fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Checksum over n bytes of memory (whole words), added to seed. Or negative. */
static __always_inline __s64 answer_sum(void *bytes, __u32 n, __u32 seed)
{
	return bpf_csum_diff(NULL, 0, bytes, n, seed);
}

/* Makes the Ethernet header of the answer, with the frame's addresses swapped. */
static __always_inline int answer_ethernet(struct __sk_buff *skb, struct xv_answer_val *a)
{
	__u8 eth[ETH_HLEN];

	if (bpf_skb_load_bytes(skb, 0, eth, ETH_HLEN))
		return -EINVAL;
	__builtin_memcpy(a->head, eth + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(a->head + ETH_ALEN, eth, ETH_ALEN);
	__builtin_memcpy(a->head + 2 * ETH_ALEN, eth + 2 * ETH_ALEN, 2);
	return 0;
}

/* Whether the sender of this packet must get an answer (kernel: iptunnel_pmtud_check_icmp()). */
static __always_inline int answer4_due(struct __sk_buff *skb, const struct iphdr *ip, __u32 mtu)
{
	__u32 from = bpf_ntohl(ip->saddr), to = bpf_ntohl(ip->daddr);
	__u8 type;

	if (mtu < 576 || skb->len < ETH_HLEN + QUOTE4 || ip->version != 4 || ip->ihl < 5 ||
	    ip->frag_off != bpf_htons(XV_IPV4_DF))
		return 0;
	if (to >> 28 == 0xe || to == 0xffffffff || from >> 24 == 0 || from >> 24 == 127 ||
	    from >> 28 == 0xe || from == 0xffffffff)
		return 0;
	if (ip->protocol != IPPROTO_ICMP)
		return 1;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + ip->ihl * 4, &type, sizeof(type)))
		return 0;
	return type != ICMP_UNREACHABLE && type != ICMP_QUENCH && type != ICMP_REDIRECT &&
	       type != ICMP_EXCEEDED && type != ICMP_PARAMETER;
}

static __always_inline int answer4(struct __sk_buff *skb, struct xv_answer_val *a, __u32 mtu)
{
	struct iphdr *ip = (void *)a->head + ETH_HLEN, *quoted;
	struct icmp_frag_needed *icmp = (void *)(ip + 1);
	__s64 sum;

	quoted = (void *)(icmp + 1);
	if (bpf_skb_load_bytes(skb, ETH_HLEN, quoted, QUOTE_HEAD) || !answer4_due(skb, quoted, mtu))
		return -EINVAL;
	*ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(ANSWER4 + QUOTE4),
		.frag_off = bpf_htons(XV_IPV4_DF),
		.ttl = quoted->ttl,
		.protocol = IPPROTO_ICMP,
		.saddr = quoted->daddr,
		.daddr = quoted->saddr,
	};
	sum = answer_sum(ip, sizeof(*ip), 0);
	ip->check = answer_fold(sum);
	*icmp = (struct icmp_frag_needed){
		.type = ICMP_UNREACHABLE,
		.code = ICMP_FRAG_NEEDED,
		.mtu = bpf_htons(mtu),
	};
	sum = answer_sum(icmp, sizeof(*icmp) + QUOTE_HEAD, 0);
	if (bpf_skb_load_bytes(skb, ETH_HLEN + QUOTE_HEAD, a->piece, ANSWER_PIECE4))
		return -EINVAL;
	sum = answer_sum(a->piece, ANSWER_PIECE4, sum);
	icmp->checksum = answer_fold(sum);
	return 0;
}

/*
 * Whether what follows the IPv6 header allows an answer (kernel: iptunnel_pmtud_check_icmpv6()): it
 * must not be an ICMPv6 error or redirect, or a fragment other than the first.
 */
static __always_inline int answer6_carries(struct __sk_buff *skb, __u8 proto)
{
	__u32 at = ETH_HLEN + sizeof(struct ipv6hdr);
	__u8 head[4];
	int i;

	for (i = 0; i < EXTENSIONS; i++) {
		if (proto == IPPROTO_NONE || bpf_skb_load_bytes(skb, at, head, sizeof(head)))
			return 0;
		if (proto == IPPROTO_ICMPV6)
			return head[0] > ICMPV6_PARAMPROB && head[0] != ICMPV6_REDIRECT;
		if (proto == IPPROTO_FRAGMENT) {
			if (head[2] || head[3] & 0xf8)
				return 0;
			at += 8;
		} else if (proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
			   proto == IPPROTO_DSTOPTS) {
			at += (head[1] + 1) * 8;
		} else {
			return 1;
		}
		proto = head[0];
	}
	return 0;
}

static __always_inline int answer6_due(struct __sk_buff *skb, const struct ipv6hdr *ip, __u32 mtu)
{
	const __be32 *from = ip->saddr.in6_u.u6_addr32;

	if (mtu < 1280 || skb->len < ETH_HLEN + QUOTE6 || ip->version != 6)
		return 0;
	if (ip->saddr.in6_u.u6_addr8[0] == 0xff || ip->daddr.in6_u.u6_addr8[0] == 0xff)
		return 0;
	if (!(from[0] | from[1] | from[2]) && !(from[3] & ~bpf_htonl(1))) /* :: and ::1 */
		return 0;
	return answer6_carries(skb, ip->nexthdr);
}

static __always_inline int answer6(struct __sk_buff *skb, struct xv_answer_val *a, __u32 mtu)
{
	struct ipv6hdr *ip = (void *)a->head + ETH_HLEN, *quoted;
	struct icmp6hdr *icmp = (void *)(ip + 1);
	__be32 pseudo[2] = {bpf_htonl(8 + QUOTE6), bpf_htonl(IPPROTO_ICMPV6)};
	__s64 sum;
	int i;

	quoted = (void *)(icmp + 1);
	if (bpf_skb_load_bytes(skb, ETH_HLEN, quoted, QUOTE_HEAD) || !answer6_due(skb, quoted, mtu))
		return -EINVAL;
	*ip = (struct ipv6hdr){
		.version = 6,
		.payload_len = bpf_htons(8 + QUOTE6),
		.nexthdr = IPPROTO_ICMPV6,
		.hop_limit = quoted->hop_limit,
	};
	ip->saddr = quoted->daddr;
	ip->daddr = quoted->saddr;
	*icmp = (struct icmp6hdr){.icmp6_type = ICMPV6_PKT_TOOBIG};
	icmp->icmp6_mtu = bpf_htonl(mtu);
	sum = answer_sum(pseudo, sizeof(pseudo), 0);
	sum = answer_sum(&ip->saddr, 2 * sizeof(ip->saddr) + sizeof(*icmp) + QUOTE_HEAD, sum);
	for (i = 0; i < 3; i++) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + QUOTE_HEAD + i * ANSWER_PIECE6, a->piece,
				       ANSWER_PIECE6))
			return -EINVAL;
		sum = answer_sum(a->piece, ANSWER_PIECE6, sum);
	}
	icmp->icmp6_cksum = answer_fold(sum);
	return 0;
}

/*
 * Replaces the frame's headers by the answer's headers and the first quoted bytes. The frame is
 * first cut to the quoted length, so it is no merged frame any more. The bytes that are in the head
 * are removed and put back: with the transport header, the kernel drops its note that the checksum
 * is not written yet (CHECKSUM_PARTIAL), which would spoil the answer's checksum.
 */
static __always_inline int answer_put(struct __sk_buff *skb, struct xv_answer_val *a,
				      const __u32 headers, const __u32 quote)
{
	return bpf_skb_change_tail(skb, ETH_HLEN + quote, 0) ?:
	       bpf_skb_adjust_room(skb, -QUOTE_HEAD, BPF_ADJ_ROOM_MAC, 0) ?:
	       bpf_skb_change_head(skb, headers + QUOTE_HEAD, 0) ?:
	       bpf_skb_store_bytes(skb, 0, a->head, ETH_HLEN + headers + QUOTE_HEAD,
				   BPF_F_RECOMPUTE_CSUM);
}

/* Changes the frame into an answer. Negative: there is no answer, and the frame may be damaged. */
__noinline int xv_too_big_build(struct __sk_buff *skb, __u32 mtu)
{
	struct xv_answer_val *a;
	__u32 zero = 0;
	__be16 proto;

	a = bpf_map_lookup_elem(&xv_answer, &zero);
	if (!a || answer_ethernet(skb, a))
		return -EINVAL;
	proto = *(__be16 *)(a->head + 2 * ETH_ALEN);
	if (proto == bpf_htons(ETH_P_IP))
		return answer4(skb, a, mtu) ?: answer_put(skb, a, ANSWER4, QUOTE4);
	if (proto == bpf_htons(ETH_P_IPV6))
		return answer6(skb, a, mtu) ?: answer_put(skb, a, ANSWER6, QUOTE6);
	return -EINVAL;
}

/* Sends the answer out of the port that the frame came from. */
static __always_inline int answer_port(struct __sk_buff *skb, __u32 port)
{
	const struct xv_port_dev_val *dev = bpf_map_lookup_elem(&xv_port_dev, &port);

	if (!dev || (dev->vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), dev->vlan)))
		return TC_ACT_SHOT;
	return bpf_redirect(dev->ifindex, 0);
}

/* Sends the answer to the VTEP that the frame came from, through xv0. */
__noinline int xv_too_big_return(struct __sk_buff *skb)
{
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_bd_val *net = xv_bd_get(skb->cb[XV_CB_BD]);
	struct xv_tunnel tunnel = {};

	if (!cfg || !net || xv_tunnel_get(skb, &tunnel) ||
	    xv_tunnel_set(skb, cfg, &tunnel.remote, net->vni, 1))
		return TC_ACT_SHOT;
	return bpf_redirect(cfg->slow_ifindex, 0);
}

/*
 * Answers the frame as skb->cb says. Returns the program's result; TC_ACT_SHOT if there is no
 * answer. (The steps are functions of their own because the stack is short.)
 */
__noinline int xv_too_big_answer(struct __sk_buff *skb)
{
	struct xv_tally one = {.stats = xv_count_here(), .packets = 1};
	int action;

	if (!one.stats || !skb->cb[XV_CB_MTU] || !answer_gate_open(skb->cb[XV_CB_BD]) ||
	    xv_too_big_build(skb, skb->cb[XV_CB_MTU]))
		return TC_ACT_SHOT;
	one.bytes = skb->len;
	action = skb->cb[XV_CB_PORT] ? answer_port(skb, skb->cb[XV_CB_PORT])
				     : xv_too_big_return(skb);
	if (action != TC_ACT_SHOT)
		xv_count_path(XV_PATH_TOO_BIG_SENT, &one);
	return action;
}

/* Notes, where a frame is found too large, the MTU for the answer. Returns the drop. */
static __always_inline int xv_too_big(struct __sk_buff *skb, __u32 mtu)
{
	skb->cb[XV_CB_MTU] = mtu;
	return XV_DROP(PKT_TOO_BIG);
}

/* Notes where the answer goes: the network and port that the frame came from. port 0: xv0. */
static __always_inline void xv_too_big_from(struct __sk_buff *skb, __u32 bd, __u32 port)
{
	skb->cb[XV_CB_BD] = bd;
	skb->cb[XV_CB_PORT] = port;
}

#endif
