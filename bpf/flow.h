/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash of the inner flow: IP addresses, protocol and, but for fragments, TCP or UDP ports; for
 * other frames the MAC addresses. For the outer source port (RFC 7348, section 5). Seeded, so that
 * no tenant can choose which of our peers' receive queues its flows meet on.
 */
#ifndef XV_BPF_FLOW_H
#define XV_BPF_FLOW_H

#include "decap.h"

/* Multiply and fold: every input bit reaches the low 32 bits. */
static __always_inline __u64 xv_flow_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Both ports in one word, or 0 where there are none to read. */
static __always_inline __u32 xv_flow_ports(void *l4, void *data_end, __u8 proto)
{
	if ((proto != IPPROTO_TCP && proto != IPPROTO_UDP) || l4 + 4 > data_end)
		return 0;
	return *(__u32 *)l4;
}

static __always_inline __u32 xv_flow_hash(struct xv_ethhdr *eth, void *data_end,
					  const struct xv_config_val *cfg)
{
	__u64 hash = xv_flow_mix(0, cfg->seed);
	void *l3 = eth + 1;

	if (eth->h_proto == bpf_htons(ETH_P_IP) && l3 + sizeof(struct iphdr) <= data_end) {
		struct iphdr *ip = l3;
		__u32 ports = 0;

		if (!(ip->frag_off & bpf_htons(XV_IP_FRAGMENT)))
			ports = xv_flow_ports(l3 + ip->ihl * 4, data_end, ip->protocol);
		hash = xv_flow_mix(hash ^ ip->protocol, (__u64)ip->saddr << 32 | ip->daddr);
		return xv_flow_mix(hash, ports);
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6) && l3 + sizeof(struct ipv6hdr) <= data_end) {
		struct ipv6hdr *ip = l3;
		__u64 *addr = (void *)&ip->saddr;

		hash = xv_flow_mix(hash ^ ip->nexthdr, addr[0]);
		hash = xv_flow_mix(hash, addr[1]);
		hash = xv_flow_mix(hash, addr[2]);
		hash = xv_flow_mix(hash, addr[3]);
		return xv_flow_mix(hash, xv_flow_ports(ip + 1, data_end, ip->nexthdr));
	}
	hash = xv_flow_mix(hash ^ eth->h_proto, *(__u64 *)eth->h_dest);
	return xv_flow_mix(hash, *(__u32 *)(eth->h_source + 2));
}

#endif
