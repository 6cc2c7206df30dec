/* SPDX-License-Identifier: GPL-2.0-only */
/* The outer header of an adjacency: see adjacency.h. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <string.h>

#include "addr.h"
#include "model/adjacency.h"
#include "xv_wire.h"

static uint16_t csum16(const void *data, size_t len)
{
	const uint16_t *w = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *w++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static void *put_ip4(void *pos, const struct xv_ip *own, const struct xv_ip *peer)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = XV_OUTER_TTL,
		.protocol = IPPROTO_UDP,
		.saddr = own->w[3],
		.daddr = peer->w[3],
	};

	ip.check = csum16(&ip, sizeof(ip));
	return mempcpy(pos, &ip, sizeof(ip));
}

static void *put_ip6(void *pos, const struct xv_ip *own, const struct xv_ip *peer)
{
	struct ipv6hdr ip = {
		.version = 6,
		.nexthdr = IPPROTO_UDP,
		.hop_limit = XV_OUTER_TTL,
	};

	memcpy(&ip.saddr, own, sizeof(ip.saddr));
	memcpy(&ip.daddr, peer, sizeof(ip.daddr));
	return mempcpy(pos, &ip, sizeof(ip));
}

void xv_adjacency_header(struct xv_adj_val *adj, const uint8_t dst_mac[6], const uint8_t src_mac[6],
			 const struct xv_ip *own, const struct xv_ip *peer, __be16 port)
{
	bool v4 = xv_ip_is_v4(peer);
	struct ethhdr eth = {.h_proto = htons(v4 ? ETH_P_IP : ETH_P_IPV6)};
	struct udphdr udp = {.dest = port};
	struct xv_vxlanhdr vxlan = {.flags = htonl(XV_VXLAN_I)};
	void *pos = adj->hdr;

	memset(adj->hdr, 0, sizeof(adj->hdr));
	memcpy(eth.h_dest, dst_mac, ETH_ALEN);
	memcpy(eth.h_source, src_mac, ETH_ALEN);
	pos = mempcpy(pos, &eth, sizeof(eth));
	pos = v4 ? put_ip4(pos, own, peer) : put_ip6(pos, own, peer);
	pos = mempcpy(pos, &udp, sizeof(udp));
	memcpy(pos, &vxlan, sizeof(vxlan));
	adj->flags = v4 ? 0 : XV_ADJ_V6;
	adj->ip = *peer;
}
