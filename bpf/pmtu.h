/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path MTU: a router says that a packet of ours is too large for the way to a peer. The kernel
 * notes that in its route, and no netlink message tells of the note. So the daemon is told here to
 * ask for the route again. A forged message causes no more than that question.
 */
#ifndef XV_BPF_PMTU_H
#define XV_BPF_PMTU_H

#include "too_big.h"

/* UDP from our address to a peer, in what an ICMP error quotes. */
struct pmtu_quote4 {
	struct icmp_frag_needed icmp;
	struct iphdr ip;
	struct udphdr udp;
};

struct pmtu_quote6 {
	struct icmp6hdr icmp;
	struct ipv6hdr ip;
	struct udphdr udp;
};

static __always_inline int pmtu_quoted4(struct __sk_buff *skb, const struct xv_config_val *cfg,
					struct xv_ip *remote)
{
	struct pmtu_quote4 quote;
	__u8 head;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &head, sizeof(head)) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + (head & 0xf) * 4, &quote, sizeof(quote)) ||
	    quote.icmp.type != ICMP_UNREACHABLE || quote.icmp.code != ICMP_FRAG_NEEDED ||
	    quote.ip.ihl != 5 || quote.ip.protocol != IPPROTO_UDP ||
	    quote.ip.saddr != cfg->local4.w[3] || quote.udp.dest != cfg->udp_port)
		return 0;
	*remote = xv_ip_of_v4(quote.ip.daddr);
	return 1;
}

static __always_inline int pmtu_quoted6(struct __sk_buff *skb, const struct xv_config_val *cfg,
					struct xv_ip *remote)
{
	struct pmtu_quote6 quote __attribute__((aligned(8)));

	if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct ipv6hdr), &quote, sizeof(quote)) ||
	    quote.icmp.icmp6_type != ICMPV6_PKT_TOOBIG || quote.ip.nexthdr != IPPROTO_UDP ||
	    quote.udp.dest != cfg->udp_port)
		return 0;
	__builtin_memcpy(remote, &quote.ip.saddr, sizeof(*remote));
	if (!xv_ip_equal(remote, &cfg->local6))
		return 0;
	__builtin_memcpy(remote, &quote.ip.daddr, sizeof(*remote));
	return 1;
}

/* An ICMP packet to our address: tells the daemon if it is about a packet to a peer. */
__noinline int xv_pmtu_note(struct __sk_buff *skb, int v6)
{
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_fdb_key key = {};
	struct xv_ip remote = {};
	__u32 peer;
	int kernel = 0;

	if (!cfg || !(v6 ? pmtu_quoted6(skb, cfg, &remote) : pmtu_quoted4(skb, cfg, &remote)))
		return 0;
	peer = xv_peer_of_ip(&remote, &kernel);
	if (peer && answer_gate_open(0)) /* no network's */
		xv_event_give(peer << 8 | XV_FDB_NONE << 4 | XV_EVENT_PMTU, 0, &key, &remote);
	return 0;
}

/* Looks at a frame that is left to the kernel: whether it is ICMP. */
static __always_inline void xv_pmtu_look(struct __sk_buff *skb, void *data, void *data_end)
{
	struct xv_ethhdr *eth = data;
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > data_end)
		return;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && unlikely(ip->protocol == IPPROTO_ICMP))
		xv_pmtu_note(skb, 0);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6) && unlikely(ip6->nexthdr == IPPROTO_ICMPV6))
		xv_pmtu_note(skb, 1);
}

#endif
