/* SPDX-License-Identifier: GPL-2.0-only */
/* Decodes dropped packets: see drop.h. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <string.h>

#include "serve/drop.h"
#include "xv_wire.h"

/* What is still to be read of the noted bytes. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static bool take(struct cursor *c, void *to, size_t len)
{
	if (c->left < len)
		return false;
	memcpy(to, c->at, len);
	c->at += len;
	c->left -= len;
	return true;
}

static bool skip(struct cursor *c, size_t len)
{
	if (c->left < len)
		return false;
	c->at += len;
	c->left -= len;
	return true;
}

static bool is_vlan(__be16 proto)
{
	return proto == htons(ETH_P_8021Q) || proto == htons(ETH_P_8021AD);
}

static bool take_tag(struct cursor *c, uint16_t *id, __be16 *proto)
{
	__be16 tci;

	if (!take(c, &tci, sizeof(tci)) || !take(c, proto, sizeof(*proto)))
		return false;
	*id = ntohs(tci) & XV_VLAN_VID_MASK;
	return true;
}

/* Moves behind the outer IP header. False: UDP does not follow. */
static bool take_ip(struct cursor *c, __be16 proto, struct xv_ip *source)
{
	struct ipv6hdr ip6;
	struct iphdr ip4;

	if (proto == htons(ETH_P_IPV6)) {
		if (!take(c, &ip6, sizeof(ip6)))
			return false;
		memcpy(source, &ip6.saddr, sizeof(*source));
		return ip6.nexthdr == IPPROTO_UDP;
	}
	if (proto != htons(ETH_P_IP) || !take(c, &ip4, sizeof(ip4)) || ip4.ihl < 5)
		return false;
	source->w[0] = source->w[1] = 0;
	source->w[2] = htonl(0xffff);
	source->w[3] = ip4.saddr;
	return ip4.protocol == IPPROTO_UDP && skip(c, 4 * ip4.ihl - sizeof(ip4));
}

/* Moves to the inner frame. False: this is not a VXLAN packet. */
static bool take_tunnel(struct cursor *c, __be16 udp_port, struct xv_drop_packet *packet)
{
	struct xv_vxlanhdr vxlan;
	struct xv_ip source;
	struct xv_ethhdr eth;
	struct udphdr udp;
	uint16_t id;

	if (!take(c, &eth, sizeof(eth)))
		return false;
	while (is_vlan(eth.h_proto))
		if (!take_tag(c, &id, &eth.h_proto))
			return false;
	if (!take_ip(c, eth.h_proto, &source) || !take(c, &udp, sizeof(udp)) ||
	    udp.dest != udp_port)
		return false;
	packet->remote = source;
	packet->has_vni = take(c, &vxlan, sizeof(vxlan));
	if (packet->has_vni)
		packet->vni = ntohl(vxlan.vni) >> 8;
	return true;
}

static void take_frame(struct cursor *c, struct xv_drop_packet *packet)
{
	struct xv_ethhdr eth;

	packet->has_macs = take(c, &eth, sizeof(eth));
	if (!packet->has_macs)
		return;
	memcpy(packet->dst, eth.h_dest, sizeof(packet->dst));
	memcpy(packet->src, eth.h_source, sizeof(packet->src));
	if (!packet->has_vlan && is_vlan(eth.h_proto))
		packet->has_vlan = take_tag(c, &packet->vlan, &eth.h_proto);
}

void xv_drop_decode(const struct xv_drop_last_val *last, __be16 udp_port,
		    struct xv_drop_packet *packet)
{
	size_t len = last->head_len < XV_DROP_HEAD ? last->head_len : XV_DROP_HEAD;
	struct cursor whole = {.at = last->head, .left = len}, c = whole;

	memset(packet, 0, sizeof(*packet));
	if (last->from == XV_DROP_FROM_WIRE && take_tunnel(&c, udp_port, packet)) {
		take_frame(&c, packet);
		return;
	}
	if (last->from == XV_DROP_FROM_SLOW && (last->remote.q[0] || last->remote.q[1])) {
		packet->remote = last->remote;
		packet->vni = last->vni;
		packet->has_vni = true;
	}
	/* Where XDP stripped a frame, the tag that the kernel keeps beside it is the underlay's. */
	if (last->from == XV_DROP_FROM_SLOW || last->from == XV_DROP_FROM_PORT) {
		packet->has_vlan = last->vlan & XV_DROP_TAGGED;
		packet->vlan = last->vlan & XV_VLAN_VID_MASK;
	}
	take_frame(&whole, packet);
}
