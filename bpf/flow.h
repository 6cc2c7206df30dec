/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of the inner flow, for the outer source port (RFC 7348, section 5). As in the kernel's
 * flow dissector, it is made of the IP addresses, the protocol, the IPv6 flow label, and what
 * identifies a flow behind them; for frames that are not IP, of the MAC addresses. For all
 * fragments, the first one included, only the IP header counts, so that fragments of a datagram
 * stay together: all have its flow label (RFC 8200, 4.5). The hash is seeded, so that a tenant
 * cannot choose which receive queues of a peer its flows use.
 */
#ifndef XV_BPF_FLOW_H
#define XV_BPF_FLOW_H

#include "parse.h"

enum {
	XV_FLOW_STEPS = 8, /* headers that are examined behind the first IP header */
	XV_FLOW_GRE_CSUM = 0x8000,
	XV_FLOW_GRE_ROUTING = 0x4000,
	XV_FLOW_GRE_KEY = 0x2000,
	XV_FLOW_GRE_SEQ = 0x1000,
	XV_FLOW_GRE_VERSION = 7,
	XV_FLOW_GRE_PPTP = 1, /* the version that PPTP has, and its protocol: RFC 2637, 4.1 */
	XV_FLOW_GRE_PPP = 0x880b,
	XV_FLOW_ICMP_ECHO = 8,
	XV_FLOW_ICMP6_ECHO = 128,
	XV_FLOW_DCCP = 33, /* the headers of Debian 12 name it differently */
	XV_FLOW_IPV6_MF = 1,
};

#define XV_FLOW_FRAGMENT (1ULL << 32) /* returned by flow_walk() */

/* A walk over the headers behind an IP header. */
struct xv_flow_walk {
	void *ctx;
	__u64 hash;
	__u32 at; /* offset of the next header */
	__u8 proto;
	__u8 v6; /* behind an IPv6 header, where extension headers may follow */
	__u8 xdp;
};

enum xv_flow_step {
	XV_FLOW_END,
	XV_FLOW_ON,
	XV_FLOW_CUT, /* a fragment */
};

/* Mixes a word into the hash by multiply and fold: every input bit affects the low 32 bits. */
static __always_inline __u64 xv_flow_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Reads n bytes at an offset, also from fragments. 0; or non-zero if the frame is too short. */
static __always_inline long flow_load(const struct xv_flow_walk *w, __u32 at, void *to,
				      const __u32 n)
{
	return w->xdp ? bpf_xdp_load_bytes(w->ctx, at, to, n)
		      : bpf_skb_load_bytes(w->ctx, at, to, n);
}

/* Mixes in the word at an offset in the header: ports, SPI or similar. */
static __always_inline enum xv_flow_step flow_word(struct xv_flow_walk *w, __u32 behind)
{
	__u32 word;

	if (!flow_load(w, w->at + behind, &word, sizeof(word)))
		w->hash = xv_flow_mix(w->hash, word);
	return XV_FLOW_END;
}

/* An echo has an id, by which a host distinguishes its pings. */
static __always_inline enum xv_flow_step flow_icmp(struct xv_flow_walk *w, __u8 echo)
{
	__u16 word[4];

	if (flow_load(w, w->at, word, sizeof(word)))
		return XV_FLOW_END;
	/* The type of an echo reply is echo + 1 in ICMPv6, and 0 in ICMP. */
	if (*(__u8 *)word == echo || *(__u8 *)word == (w->v6 ? echo + 1 : 0))
		w->hash = xv_flow_mix(w->hash, word[2]);
	return XV_FLOW_END;
}

static __always_inline enum xv_flow_step flow_extension(struct xv_flow_walk *w)
{
	__u8 head[2];

	if (!w->v6 || flow_load(w, w->at, head, sizeof(head)))
		return XV_FLOW_END;
	w->proto = head[0];
	w->at += (head[1] + 1) * 8;
	return XV_FLOW_ON;
}

static __always_inline enum xv_flow_step flow_fragment(struct xv_flow_walk *w)
{
	__u16 head[4];

	if (!w->v6 || flow_load(w, w->at, head, sizeof(head)))
		return XV_FLOW_END;
	if (head[1] & bpf_htons(0xfff8 | XV_FLOW_IPV6_MF))
		return XV_FLOW_CUT;
	w->proto = *(__u8 *)head;
	w->at += sizeof(head);
	return XV_FLOW_ON;
}

static __always_inline enum xv_flow_step flow_ip4(struct xv_flow_walk *w)
{
	struct iphdr ip;

	if (flow_load(w, w->at, &ip, sizeof(ip)))
		return XV_FLOW_END;
	w->hash = xv_flow_mix(w->hash ^ ip.protocol, (__u64)ip.saddr << 32 | ip.daddr);
	if (ip.frag_off & bpf_htons(XV_IP_FRAGMENT))
		return XV_FLOW_END;
	w->v6 = 0;
	w->proto = ip.protocol;
	w->at += ip.ihl * 4;
	return XV_FLOW_ON;
}

/* The flow label of an IPv6 header, to be mixed in. 0: it has none. */
static __always_inline __u64 flow_label(const void *ip6)
{
	return (__u64)(*(const __u32 *)ip6 & bpf_htonl(0xfffff)) << 32;
}

static __always_inline enum xv_flow_step flow_ip6(struct xv_flow_walk *w)
{
	__u64 word[5];

	if (flow_load(w, w->at, word, sizeof(word)))
		return XV_FLOW_END;
	w->hash = xv_flow_mix(w->hash ^ flow_label(word), word[1] ^ word[3]);
	w->hash = xv_flow_mix(w->hash, word[2] ^ word[4]);
	w->v6 = 1;
	w->proto = ((__u8 *)word)[6];
	w->at += sizeof(word);
	return XV_FLOW_ON;
}

/*
 * GRE of PPTP (RFC 2637): mixes in the call's id. Not what is inside: a call numbers its packets,
 * and mostly encrypts them.
 */
static __always_inline enum xv_flow_step flow_pptp(struct xv_flow_walk *w)
{
	__u16 head[4]; /* flags, protocol, length, call */

	if (!flow_load(w, w->at, head, sizeof(head)))
		w->hash = xv_flow_mix(w->hash, head[3]);
	return XV_FLOW_END;
}

/* GRE version 0 (RFC 2784, 2890): mixes in the key, and continues with the packet inside. */
static __always_inline enum xv_flow_step flow_gre(struct xv_flow_walk *w)
{
	__u16 head[2], flags, type;
	__u32 len = sizeof(head);

	if (flow_load(w, w->at, head, sizeof(head)))
		return XV_FLOW_END;
	flags = bpf_ntohs(head[0]);
	type = head[1];
	if ((flags & XV_FLOW_GRE_VERSION) == XV_FLOW_GRE_PPTP && flags & XV_FLOW_GRE_KEY &&
	    type == bpf_htons(XV_FLOW_GRE_PPP))
		return flow_pptp(w);
	if (flags & (XV_FLOW_GRE_VERSION | XV_FLOW_GRE_ROUTING))
		return XV_FLOW_END;
	if (flags & XV_FLOW_GRE_CSUM)
		len += 4;
	if (flags & XV_FLOW_GRE_KEY) {
		flow_word(w, len);
		len += 4;
	}
	if (flags & XV_FLOW_GRE_SEQ)
		len += 4;
	w->at += len;
	if (type == bpf_htons(ETH_P_TEB)) { /* an Ethernet frame follows */
		if (flow_load(w, w->at + 2 * ETH_ALEN, &type, sizeof(type)))
			return XV_FLOW_END;
		w->at += ETH_HLEN;
	}
	w->proto = type == bpf_htons(ETH_P_IPV6) ? IPPROTO_IPV6 : IPPROTO_IPIP;
	return type == bpf_htons(ETH_P_IPV6) || type == bpf_htons(ETH_P_IP) ? XV_FLOW_ON
									    : XV_FLOW_END;
}

static __always_inline enum xv_flow_step flow_step(struct xv_flow_walk *w)
{
	switch (w->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_ESP:
	case XV_FLOW_DCCP:
		return flow_word(w, 0);
	case IPPROTO_AH:
		return flow_word(w, 4);
	case IPPROTO_ICMP:
		return w->v6 ? XV_FLOW_END : flow_icmp(w, XV_FLOW_ICMP_ECHO);
	case IPPROTO_ICMPV6:
		return w->v6 ? flow_icmp(w, XV_FLOW_ICMP6_ECHO) : XV_FLOW_END;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return flow_extension(w);
	case IPPROTO_FRAGMENT:
		return flow_fragment(w);
	case IPPROTO_IPIP:
		return flow_ip4(w);
	case IPPROTO_IPV6:
		return flow_ip6(w);
	case IPPROTO_GRE:
		return flow_gre(w);
	}
	return XV_FLOW_END;
}

/* A 32-bit hash of what is behind the IP header; or only XV_FLOW_FRAGMENT. */
static __always_inline __u64 flow_walk(struct xv_flow_walk *w)
{
	enum xv_flow_step step = XV_FLOW_ON;
	int i;

	for (i = 0; i < XV_FLOW_STEPS && step == XV_FLOW_ON; i++)
		step = flow_step(w);
	return step == XV_FLOW_CUT ? XV_FLOW_FRAGMENT : (__u32)w->hash;
}

/*
 * Global functions, which the verifier checks once each. They are called unless the packet is plain
 * TCP or UDP.
 */
__noinline __u64 xv_flow_walk_skb(struct __sk_buff *skb, __u32 at, __u32 proto, int v6)
{
	struct xv_flow_walk w = {.ctx = skb, .at = at, .proto = proto, .v6 = !!v6};

	return flow_walk(&w);
}

__noinline __u64 xv_flow_walk_xdp(struct xdp_md *xdp, __u32 at, __u32 proto, int v6)
{
	struct xv_flow_walk w = {.ctx = xdp, .at = at, .proto = proto, .v6 = !!v6, .xdp = 1};

	return flow_walk(&w);
}

/*
 * What is behind the IP header, at l4: the ports of TCP and UDP as one word, else the result of a
 * walk. ctx: the XDP or skb context.
 */
static __always_inline __u64 flow_behind(void *ctx, const int xdp, __u32 at, __u8 proto, void *l4,
					 void *data_end, const int v6)
{
	if (likely(l4 + 4 <= data_end))
		switch (proto) {
		case IPPROTO_TCP:
		case IPPROTO_UDP:
			return *(__u32 *)l4;
		}
	return xdp ? xv_flow_walk_xdp(ctx, at, proto, v6) : xv_flow_walk_skb(ctx, at, proto, v6);
}

/* *fragment: set if the hash is made of the addresses only. */
static __always_inline __u32 flow_hash(void *ctx, const int xdp, struct xv_ethhdr *eth,
				       void *data_end, const struct xv_config_val *cfg,
				       int *fragment)
{
	__u64 behind = XV_FLOW_FRAGMENT, hash = xv_flow_mix(0, cfg->seed);
	void *l3 = eth + 1;

	if (eth->h_proto == bpf_htons(ETH_P_IP) && l3 + sizeof(struct iphdr) <= data_end) {
		struct iphdr *ip = l3;
		__u32 len = ip->ihl * 4;

		hash = xv_flow_mix(hash ^ ip->protocol, (__u64)ip->saddr << 32 | ip->daddr);
		if (likely(!(ip->frag_off & bpf_htons(XV_IP_FRAGMENT))))
			behind = flow_behind(ctx, xdp, ETH_HLEN + len, ip->protocol, l3 + len,
					     data_end, 0);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6) &&
		   l3 + sizeof(struct ipv6hdr) <= data_end) {
		struct ipv6hdr *ip = l3;
		__u64 *addr = (void *)&ip->saddr;

		hash = xv_flow_mix(hash ^ ip->nexthdr ^ flow_label(ip), addr[0]);
		hash = xv_flow_mix(hash, addr[1]);
		hash = xv_flow_mix(hash, addr[2]);
		hash = xv_flow_mix(hash, addr[3]);
		behind = flow_behind(ctx, xdp, ETH_HLEN + sizeof(*ip), ip->nexthdr, ip + 1,
				     data_end, 1);
	} else {
		hash = xv_flow_mix(hash ^ eth->h_proto, *(__u64 *)eth->h_dest);
		behind = *(__u32 *)(eth->h_source + 2);
	}
	*fragment = behind == XV_FLOW_FRAGMENT;
	return xv_flow_mix(hash, behind);
}

static __always_inline __u32 xv_flow_hash_xdp(struct xdp_md *xdp, struct xv_ethhdr *eth,
					      void *data_end, const struct xv_config_val *cfg)
{
	int fragment;

	return flow_hash(xdp, 1, eth, data_end, cfg, &fragment);
}

/*
 * Includes the skb's own hash: when a socket's flow is stuck, the kernel changes its hash to move
 * it to another path (sk_rethink_txhash()). It is not used alone: a NIC may have made it of
 * addresses only, and fragments of a datagram may have different ones.
 */
static __always_inline __u32 xv_flow_hash_skb(struct __sk_buff *skb, struct xv_ethhdr *eth,
					      void *data_end, const struct xv_config_val *cfg)
{
	int fragment;
	__u32 hash = flow_hash(skb, 0, eth, data_end, cfg, &fragment);

	return fragment ? hash : hash ^ skb->hash;
}

#endif
