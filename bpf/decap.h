/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do with a frame from the wire: every check of decapsulation, on the untouched packet,
 * usable under XDP and TC. The programs act on the answer.
 */
#ifndef XV_BPF_DECAP_H
#define XV_BPF_DECAP_H

#include "ecn.h"
#include "fdb.h"

enum {
	XV_DECAP_PASS = 0,  /* not ours, or not sure: to the kernel, untouched */
	XV_DECAP_STRIP = 1, /* strip and deliver */
};

struct xv_decap {
	__u32 strip; /* bytes in front of the inner frame */
	__u32 len;   /* inner frame, bytes */
	__u32 bd;
	__u32 peer;
	__u32 port;
	__u32 to;			   /* XV_TO() of the destination, once that is known */
	const struct xv_port_dev_val *dev; /* of the port */
	int ecn;			   /* to write inside, or XV_ECN_KEEP */
	__u8 tcp;			   /* inner is TCP */
};

static __always_inline const struct xv_config_val *xv_config_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xv_config, &zero);
}

static __always_inline struct xv_bd_val *xv_bd_get(__u32 bd)
{
	struct xv_bd_val *net = bpf_map_lookup_elem(&xv_bd, &bd);

	return net && net->flags & XV_BD_VALID ? net : NULL;
}

/* Frames to a link-local address stay here unless the network's setting forwards them. 0 or a drop.
 */
static __always_inline int xv_link_local_check(const __u8 *dest, __u32 bd)
{
	const struct xv_bd_info_val *info;

	if (likely(!xv_mac_is_link_local(dest)))
		return 0;
	info = bpf_map_lookup_elem(&xv_bd_info, &bd);
	return info && info->link_local >> (dest[5] & 0xf) & 1 ? 0 : XV_DROP(RESERVED_MAC);
}

/* What decapsulation must know of a network. */
struct xv_net {
	__u32 bd;
	__u32 flags; /* enum xv_bd_flags; 0: there is no such network */
};

/*
 * The network with this VNI, by the index where that has it, else by xv_vni and xv_bd. xv_bd must
 * say the same VNI: the element of xv_vni may be another's by now (maps.h).
 */
static __always_inline struct xv_net xv_net_of_vni(__u32 vni)
{
	__u32 slot = vni & (XV_VNI_INDEX - 1), bd, *id;
	const struct xv_vni_slot *indexed = bpf_map_lookup_elem(&xv_vni_index, &slot);
	struct xv_net net = {};
	const struct xv_bd_val *val;
	struct xv_vni_slot copy;

	if (likely(indexed)) {
		copy.word = READ_ONCE(indexed->word);
		if (likely(copy.vni == vni && copy.flags)) {
			net.bd = copy.bd;
			net.flags = copy.flags;
			return net;
		}
	}
	id = bpf_map_lookup_elem(&xv_vni, &vni);
	if (!id)
		return net;
	bd = READ_ONCE(*id);
	val = xv_bd_get(bd);
	if (val && val->vni == vni) {
		net.bd = bd;
		net.flags = val->flags;
	}
	return net;
}

/*
 * The peer with this address, by the index where that has it, else by xv_peer; or 0. *kernel: its
 * frames are the kernel's to receive. Both indexes are read once. xv_adj must say the same address:
 * the element of xv_peer may be another's by now (maps.h).
 */
static __always_inline __u32 xv_peer_of_ip(const struct xv_ip *ip, int *kernel)
{
	__u32 slot = xv_ip_slot(ip), peer, *id;
	const struct xv_peer_slot *indexed = bpf_map_lookup_elem(&xv_peer_index, &slot);
	const struct xv_adj_val *adj;
	struct xv_peer_slot copy;

	*kernel = 0;
	if (likely(indexed)) {
		copy.word = READ_ONCE(indexed->word);
		peer = copy.peer;
		if (likely(copy.low == ip->w[3] && !copy.flags && xv_ip_is_v4(ip)))
			return peer;
		adj = copy.flags ? bpf_map_lookup_elem(&xv_adj, &peer) : NULL;
		if (adj && xv_ip_equal(&adj->ip, ip)) {
			*kernel = copy.flags & XV_PEER_KERNEL;
			return peer;
		}
	}
	id = bpf_map_lookup_elem(&xv_peer, ip);
	if (!id)
		return 0;
	peer = READ_ONCE(*id);
	adj = bpf_map_lookup_elem(&xv_adj, &peer);
	if (!adj || !xv_ip_equal(&adj->ip, ip))
		return 0;
	*kernel = READ_ONCE(adj->flags) & XV_ADJ_KERNEL;
	return peer;
}

/* 1: TCP. 0: not. -1: what the IP header says cannot be read. */
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

/*
 * The port with this id in this network, fit to take an Ethernet frame of len bytes, without a tag
 * that is beside it (0: any length, for a merged one). A tag in it may come on top of the MTU, as
 * in the kernel's bridge (is_skb_forwardable()). 0 or a drop; *dev is the port where
 * it is 0 or PKT_TOO_BIG.
 */
static __always_inline int xv_port_check(__u32 port, __u32 bd, __u32 len,
					 const struct xv_port_dev_val **dev)
{
	const struct xv_port_dev_val *val = bpf_map_lookup_elem(&xv_port_dev, &port);

	if (!val || val->bd != bd || !(val->flags & XV_PORT_UP))
		return XV_DROP(PORT_DOWN);
	*dev = val;
	return len > val->mtu + ETH_HLEN + XV_VLAN_HLEN ? XV_DROP(PKT_TOO_BIG) : 0;
}

/*
 * Whether a frame of len bytes, TCP or in fragments, goes to that port as an XDP frame. The tag of
 * a VLAN is put into it, and then is what may come on top of the MTU (kernel: xdp_ok_fwd_dev()).
 */
static __always_inline int xv_port_takes_xdp(const struct xv_port_dev_val *dev, int tcp, int frags,
					     __u32 len)
{
	__u32 flags = dev->flags;

	if (unlikely(dev->vlan) && len > dev->mtu + ETH_HLEN)
		return 0;

	return flags & XV_PORT_XDP_TX && !(tcp && flags & XV_PORT_TCP_STACK) &&
	       !(frags && !(flags & XV_PORT_XDP_SG));
}

/* Whether the inner tag says a priority alone, or cannot be read: xv_slow_rx takes it off. */
static __always_inline int inner_is_priority(struct xv_ethhdr *eth, void *data_end)
{
	struct xv_vlanhdr *tag = (void *)(eth + 1);

	return (void *)(tag + 1) > data_end || !(tag->tci & bpf_htons(XV_VLAN_ID));
}

/* The inner frame's part of xv_decap_decide(). */
static __always_inline int xv_decap_inner(struct xv_ethhdr *eth, void *data_end, __u32 net_flags,
					  const struct xv_ip *src, int merged,
					  struct xv_stats_val *stats, struct xv_decap *d)
{
	struct xv_end from = {.id = d->peer, .kind = XV_FDB_PEER};
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_table_probe source, dest;
	struct xv_fdb_val to;
	int err, tcp;

	if (unlikely(!fdb))
		return XV_DECAP_PASS;
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	if (unlikely(xv_is_vlan(eth->h_proto)))
		return net_flags & XV_BD_INNER_VLAN || inner_is_priority(eth, data_end)
			       ? XV_DECAP_PASS
			       : XV_DROP(INNER_VLAN);
	if (xv_mac_is_multicast(eth->h_dest))
		return XV_DECAP_PASS;
	if (!xv_fdb_begin(fdb, d->bd, eth->h_source, 1, &source) ||
	    !xv_fdb_begin(fdb, d->bd, eth->h_dest, 0, &dest) || !xv_fdb_lookup(&dest, &to))
		return XV_DECAP_PASS;
	d->to = XV_TO(to.kind, to.dst);
	if (to.kind != XV_FDB_PORT)
		return XV_DROP(SPLIT_HORIZON);
	d->port = to.dst;
	xv_port_touch(stats, XV_PORT_WIRE_TX, d->port); /* while the device is looked up */
	err = xv_port_check(d->port, d->bd, merged ? 0 : d->len, &d->dev);
	if (unlikely(err == XV_DROP(PKT_TOO_BIG)))
		return XV_DECAP_PASS; /* xv_slow_rx drops and answers it */
	if (err)
		return err;
	tcp = xv_inner_tcp(eth, data_end);
	if (unlikely(tcp < 0))
		return XV_DECAP_PASS;
	d->tcp = tcp;
	d->ecn = xv_ecn_decap(d->ecn, eth, data_end);
	if (d->ecn < 0)
		return d->ecn;
	err = xv_fdb_source(net_flags, &source, from, src);
	return err ?: XV_DECAP_STRIP;
}

/*
 * Decides about a frame of total bytes, of which [data, data_end) can be read. merged: GRO made it
 * of several, so that lengths are not those of the wire. Returns XV_DECAP_STRIP: strip d->strip
 * bytes and deliver to d->port; XV_DECAP_PASS; or a drop.
 */
static __always_inline int xv_decap_decide(void *data, void *data_end, __u32 total, int merged,
					   struct xv_stats_val *stats, struct xv_decap *d)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_outer outer;
	struct xv_ethhdr *eth;
	struct xv_net net;
	int ret, kernel;

	if (!cfg || !cfg->abi || cfg->flags & XV_CONFIG_KERNEL)
		return XV_DECAP_PASS;
	ret = xv_parse_outer(data, data_end, cfg, &outer);
	if (ret != XV_PARSE_OURS)
		return ret < 0 ? ret : XV_DECAP_PASS;
	if (outer.end != total)
		return outer.end > total ? XV_DROP(PKT_TOO_SMALL) : XV_DECAP_PASS;
	net = xv_net_of_vni(outer.vni);
	if (!net.flags)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	d->bd = net.bd;
	d->peer = xv_peer_of_ip(&outer.src, &kernel);
	if (unlikely(kernel))
		return XV_DECAP_PASS;
	if (!d->peer)
		return net.flags & XV_BD_ANY_PEER ? XV_DECAP_PASS : XV_DROP(UNKNOWN_PEER);
	eth = data + xv_below_128(outer.inner); /* 74 at most: IPv6 behind a tag */
	if ((void *)(eth + 1) > data_end)
		return XV_DECAP_PASS;
	d->strip = outer.inner;
	d->len = total - outer.inner;
	d->ecn = outer.ecn;
	return xv_decap_inner(eth, data_end, net.flags, &outer.src, merged, stats, d);
}

/* What a program returns that drops the frame: notes the destination, if it is known. */
static __always_inline int xv_decap_drop(const struct xv_decap *d, int drop, struct xv_tally *tally)
{
	tally->to = d->to;
	return drop;
}

/* Counts a unicast frame that goes from a peer to a port, and so into its network. */
static __always_inline void xv_decap_count(const struct xv_decap *d, const struct xv_tally *tally)
{
	xv_peer_heard(d->peer, xv_tick_now(), tally);
	xv_port_add(XV_PORT_WIRE_TX, d->port, tally);
}

#endif
