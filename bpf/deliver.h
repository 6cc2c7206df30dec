/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving a frame to a local port from TC, and addressing one for the slow path device. */
#ifndef XV_BPF_DELIVER_H
#define XV_BPF_DELIVER_H

#include <linux/if_packet.h>

#include "decap.h"
#include "gso.h"

/* As on the wire, so that it is the same whichever way frames go: a merged one counts as those that
 * it is cut into, and a tag that the kernel keeps beside the frame as it does in it. */
static __always_inline struct xv_tally xv_skb_tally(struct __sk_buff *skb,
						    struct xv_stats_val *stats)
{
	__u32 segments = xv_gso_segments(skb);
	struct xv_tally tally = {
		.stats = stats,
		.packets = segments,
		.bytes = xv_gso_bytes(skb, segments),
	};

	if (skb->vlan_present)
		tally.bytes += XV_VLAN_HLEN * segments;
	return tally;
}

/*
 * Whether a frame's tag, kept beside it, is to be taken off as it says a priority alone: VID 0
 * counts as untagged (802.1Q, 6.9.1). A network that carries tags carries this one too.
 */
static __always_inline int xv_skb_priority(const struct __sk_buff *skb, const struct xv_bd_val *net)
{
	return skb->vlan_present && !(skb->vlan_tci & XV_VLAN_VID_MASK) &&
	       !(net->flags & XV_BD_INNER_VLAN);
}

/* Takes the tag off. *tally becomes that of the frame without it. */
static __always_inline int xv_untag(struct __sk_buff *skb, struct xv_tally *tally)
{
	if (bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	tally->bytes -= XV_VLAN_HLEN * tally->packets;
	return 0;
}

/*
 * Length to hold against a port's MTU. A merged frame passes, whatever it is cut into, as over the
 * kernel's bridge (is_skb_forwardable()).
 */
static __always_inline __u32 xv_skb_check_len(const struct __sk_buff *skb)
{
	return skb->gso_size ? 0 : skb->len;
}

/*
 * Whether the frame may go straight to the other end of the port's veth, in the tenant's namespace:
 * that saves the device's queue and another softirq. The kernel then takes the skb as it is for one
 * that came in there (skb_do_redirect(), BPF_F_PEER), so it must say what eth_type_trans() would:
 * the protocol, and that the frame is for this host, which only the device's own address proves.
 * (Newer kernels set the latter themselves, whatever the address.)
 */
static __always_inline int xv_deliver_direct(struct __sk_buff *skb,
					     const struct xv_port_dev_val *dev)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;

	if (!(dev->flags & XV_PORT_DIRECT) || (void *)(eth + 1) > data_end)
		return 0;
	if (*(__u16 *)eth->h_dest != *(const __u16 *)dev->end_mac ||
	    *(__u32 *)(eth->h_dest + 2) != *(const __u32 *)(dev->end_mac + 2))
		return 0;
	if (eth->h_proto != (__be16)skb->protocol || skb->vlan_present)
		return 0;
	return skb->pkt_type == PACKET_HOST || !bpf_skb_change_type(skb, PACKET_HOST);
}

enum {
	XV_HOP_TAGS = 3, /* priority tags that are looked behind */
};

/* As keys of xv_port have the protocol of a tag (network byte order). */
static __always_inline __u16 xv_port_proto(__u32 proto)
{
	return proto == bpf_htons(ETH_P_8021AD) ? ETH_P_8021AD : 0;
}

/*
 * Whether the tag of the frame is that of another port of the device, or of a VLAN device over it,
 * whose tenant it would reach.
 * Behind a priority tag (VID 0) the next one counts (kernel: vlan_do_receive()). A drop, or 0.
 */
__noinline int xv_vlan_hop(struct __sk_buff *skb, __u32 ifindex)
{
	struct xv_port_key key = {.ifindex = ifindex};
	struct xv_vlanhdr tag = {.proto = skb->vlan_proto};
	__u32 off = 2 * ETH_ALEN, i;

	if (skb->vlan_present)
		tag.tci = bpf_htons(skb->vlan_tci);
	for (i = 0; i < XV_HOP_TAGS; i++) {
		if (i || !skb->vlan_present) {
			__be16 proto = tag.proto;

			if (bpf_skb_load_bytes(skb, off, &proto, sizeof(proto)) ||
			    bpf_skb_load_bytes(skb, off + 2, &tag.tci, sizeof(tag.tci)))
				return 0;
			tag.proto = proto;
			off += XV_VLAN_HLEN;
		}
		if (!xv_is_vlan(tag.proto))
			return 0;
		key.vlan = bpf_ntohs(tag.tci) & XV_VLAN_ID;
		key.proto = xv_port_proto(tag.proto);
		if (key.vlan)
			return bpf_map_lookup_elem(&xv_port, &key) ? XV_DROP(VLAN_HOP) : 0;
	}
	return XV_DROP(VLAN_HOP);
}

/* The same for what may be sent to that port: most frames have no tag. */
static __always_inline int xv_vlan_check(struct __sk_buff *skb, const struct xv_port_dev_val *dev)
{
	if (likely(!skb->vlan_present && !xv_is_vlan(skb->protocol)) || dev->vlan)
		return 0;
	return xv_vlan_hop(skb, dev->ifindex);
}

/*
 * Redirects the whole frame to the port's device, tagged if the port is a VLAN of it. The caller
 * has run xv_port_check(). Returns path, or a drop; *action is then what the program returns.
 */
static __always_inline int xv_deliver_port(struct __sk_buff *skb, const struct xv_port_dev_val *dev,
					   int path, int *action)
{
	__u32 ifindex = dev->ifindex;
	int err = xv_vlan_check(skb, dev);

	if (err)
		return err;
	if (xv_deliver_direct(skb, dev)) {
		skb->mark = 0; /* the host's own; the kernel takes it off since Linux 6.16 only */
		*action = bpf_redirect_peer(ifindex, 0);
		return path;
	}
	if (dev->vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), dev->vlan))
		return XV_DROP(NO_MEMORY);
	*action = bpf_redirect(ifindex, 0);
	return path;
}

/*
 * Whether the slow path device is there: somebody may have deleted it, and the daemon not made it
 * again yet. A redirect to a device that is gone loses the frame behind the program's exit, where
 * nobody counts it.
 */
static __always_inline int xv_slow_there(struct __sk_buff *skb, const struct xv_config_val *cfg)
{
	__u32 mtu = 0;

	return cfg->slow_ifindex && bpf_check_mtu(skb, cfg->slow_ifindex, &mtu, 0, 0) != -ENODEV;
}

/*
 * Sets the tunnel key for xv0: our address of the remote's family as source, TTL 64, no checksum
 * but where IPv6 peers want one, DF as configured (df: xv_inner_df()). The kernel adds ECN, the
 * identification and the source port. 0 or a drop.
 */
static __always_inline int xv_tunnel_set(struct __sk_buff *skb, const struct xv_config_val *cfg,
					 const struct xv_ip *remote, __u32 vni, int df)
{
	struct bpf_tunnel_key key = {.tunnel_id = vni, .tunnel_ttl = XV_OUTER_TTL};
	__u64 flags = BPF_F_ZERO_CSUM_TX;

	if (xv_ip_is_v4(remote)) {
		if (!remote->w[3])
			return XV_DROP(VXLAN_NO_REMOTE);
		key.remote_ipv4 = bpf_ntohl(remote->w[3]);
		key.local_ipv4 = bpf_ntohl(cfg->local4.w[3]);
		if (cfg->flags & XV_CONFIG_DF_SET || (df && cfg->flags & XV_CONFIG_DF_INHERIT))
			flags |= BPF_F_DONT_FRAGMENT;
	} else {
		if (!(remote->q[0] | remote->q[1]))
			return XV_DROP(VXLAN_NO_REMOTE);
		__builtin_memcpy(key.remote_ipv6, remote->w, sizeof(*remote));
		__builtin_memcpy(key.local_ipv6, cfg->local6.w, sizeof(*remote));
		flags = BPF_F_TUNINFO_IPV6;
		if (!(cfg->flags & XV_CONFIG_UDP6_CHECKSUM))
			flags |= BPF_F_ZERO_CSUM_TX;
	}
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags))
		return XV_DROP(TUNNEL_TXINFO);
	return 0;
}

#endif
