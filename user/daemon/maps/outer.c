/* SPDX-License-Identifier: GPL-2.0-only */
/* Outer headers: see outer.h. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "addr.h"
#include "kernel/rcu.h"
#include "maps/outer.h"
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

void xv_outer_header(struct xv_adj_val *adj, const uint8_t dst_mac[6], const uint8_t src_mac[6],
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

/* Programs read flags first: see struct xv_adj_val in xv_abi.h. */
static void store_flags(struct xv_adj_val *adj, uint32_t flags)
{
	__atomic_store_n(&adj->flags, flags, __ATOMIC_RELEASE);
}

void xv_outer_set_flags(struct xv_datapath *dp, uint32_t id, uint32_t flags)
{
	store_flags(&dp->adj[id], flags);
}

bool xv_outer_differs(const struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj)
{
	return memcmp(&dp->adj[id], adj, offsetof(struct xv_adj_val, ip_id));
}

void xv_outer_write(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj)
{
	struct xv_adj_val *to = &dp->adj[id];

	memcpy((char *)to + sizeof(to->flags), (const char *)adj + sizeof(adj->flags),
	       offsetof(struct xv_adj_val, ip_id) - sizeof(to->flags));
	store_flags(to, adj->flags);
}

void xv_outer_clear(struct xv_datapath *dp, uint32_t id, const struct xv_ip *ip, uint32_t flags)
{
	struct xv_adj_val empty = {.ip = *ip, .flags = flags};

	/* Not where an earlier instance began: its packets may still be on their way. */
	if (getrandom(&empty.ip_id, sizeof(empty.ip_id), GRND_NONBLOCK) == sizeof(empty.ip_id))
		empty.ip_id -= empty.ip_id % XV_IP_ID_BLOCK;
	dp->adj[id] = empty;
}

void xv_outer_write_group(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj)
{
	struct xv_adj_val *now = &dp->adj[id], want = *adj;

	want.ip_id = now->ip_id;
	if (!memcmp(now, &want, sizeof(want)))
		return;
	if (now->flags & XV_ADJ_VALID) {
		store_flags(now, 0);
		xv_rcu_synchronize();
	}
	memcpy(now->group_dev, want.group_dev, sizeof(now->group_dev));
	xv_outer_write(dp, id, &want);
}

void xv_outer_forget(struct xv_datapath *dp, uint32_t id)
{
	dp->adj[id] = (struct xv_adj_val){};
}
