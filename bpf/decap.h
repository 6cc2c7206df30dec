/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the wire, the decision: what xv_decap, xv_decap_skb and xv_decap_tc do with a frame, which
 * they all decide here. It reads the untouched packet: outer headers, network, peer, inner headers,
 * and where the inner destination MAC is. The acts are in decap_xdp.h and decap_tc.h.
 */
#ifndef XV_BPF_DECAP_H
#define XV_BPF_DECAP_H

#include "ecn.h"
#include "fdb.h"
#include "network.h"
#include "peer.h"
#include "port.h"

/* What was decided. Where a frame is dropped, what was known by then. */
struct xv_decap {
	__u32 strip; /* bytes in front of the inner frame */
	__u32 len;   /* of the inner frame, bytes */
	__u32 bd;
	__u32 peer;			   /* that sent it */
	__u32 to;			   /* XV_TO() of the destination, once that is known */
	__u32 port;			   /* to deliver to */
	const struct xv_port_dev_val *dev; /* of the port */
	int ecn;			   /* to write into the inner header, or XV_ECN_KEEP */
	int tcp;			   /* the inner frame is TCP */
};

/*
 * Where a frame from the wire goes, by the fdb: to a port of this network, or nowhere. From the
 * wire no frame goes back to the wire (split horizon). len: what the port's MTU must hold, or 0 for
 * a merged frame. 0 or a drop; d->dev is set with 0 and with PKT_TOO_BIG.
 */
static __always_inline int xv_decap_to(struct xv_decap *d, struct xv_fdb_val to, __u32 len,
				       const struct xv_tally *tally)
{
	d->to = XV_TO(to.kind, to.dst);
	switch ((enum xv_fdb_kind)to.kind) {
	case XV_FDB_PORT:
		d->port = to.dst;
		xv_count_port_touch(XV_PORT_WIRE_TX, d->port, tally);
		return xv_port_check(d->port, d->bd, len, &d->dev);
	case XV_FDB_PEER:
	case XV_FDB_GROUP:
	case XV_FDB_NONE:
		break;
	}
	return XV_DROP(SPLIT_HORIZON);
}

/* Whether the inner tag says a priority alone, or cannot be read. xv_slow_rx takes it off. */
static __always_inline int inner_is_priority(struct xv_ethhdr *eth, void *data_end)
{
	struct xv_vlanhdr *tag = (void *)(eth + 1);

	return (void *)(tag + 1) > data_end || !(tag->tci & bpf_htons(XV_VLAN_VID_MASK));
}

/* The inner frame's part of xv_decap_decide(). */
static __always_inline int decap_inner(const struct xv_frame *f, struct xv_ethhdr *eth,
				       const struct xv_outer *outer, __u32 net_flags,
				       struct xv_decap *d)
{
	struct xv_end from = {.id = d->peer, .kind = XV_FDB_PEER};
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_table_probe source, dest;
	struct xv_fdb_val to;
	int err, tcp;

	if (unlikely(!fdb))
		return XV_SLOW;
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	if (unlikely(xv_is_vlan(eth->h_proto)))
		return net_flags & XV_BD_INNER_VLAN || inner_is_priority(eth, f->data_end)
			       ? XV_SLOW
			       : XV_DROP(INNER_VLAN);
	if (xv_mac_is_multicast(eth->h_dest))
		return XV_SLOW;
	if (!xv_fdb_begin(fdb, d->bd, eth->h_source, 1, &source) ||
	    !xv_fdb_begin(fdb, d->bd, eth->h_dest, 0, &dest) || !xv_fdb_lookup(&dest, &to))
		return XV_SLOW;
	err = xv_decap_to(d, to, f->merged ? 0 : d->len, &f->tally);
	if (unlikely(err))
		return err == XV_DROP(PKT_TOO_BIG) ? XV_SLOW : err; /* xv_slow_rx answers it */
	tcp = xv_inner_tcp(eth, f->data_end);
	if (unlikely(tcp < 0))
		return XV_SLOW;
	d->tcp = tcp;
	err = xv_ecn_decap(outer->ecn, eth, f->data_end);
	if (err < 0)
		return err;
	d->ecn = err;
	return xv_fdb_source(net_flags, &source, from, &outer->src);
}

/* 0: strip d->strip bytes and deliver to d->port. XV_SLOW, or a drop. */
static __always_inline int xv_decap_decide(const struct xv_frame *f, struct xv_decap *d)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_outer outer;
	struct xv_ethhdr *eth;
	struct xv_net net;
	int err, kernel;

	if (!cfg || !cfg->abi || cfg->flags & XV_CONFIG_KERNEL)
		return XV_SLOW;
	err = xv_parse_outer(f->data, f->data_end, cfg, &outer);
	if (err)
		return err;
	if (outer.end != f->len)
		return outer.end > f->len ? XV_DROP(PKT_TOO_SMALL) : XV_SLOW;
	net = xv_net_of_vni(outer.vni);
	if (!net.flags)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	d->bd = net.bd;
	d->peer = xv_peer_of_ip(&outer.src, &kernel);
	if (unlikely(kernel))
		return XV_SLOW;
	if (!d->peer)
		return net.flags & XV_BD_ANY_PEER ? XV_SLOW : XV_DROP(UNKNOWN_PEER);
	eth = f->data + xv_below_128(outer.inner); /* 74 at most: IPv6 behind a tag */
	if ((void *)(eth + 1) > f->data_end)
		return XV_SLOW;
	d->strip = outer.inner;
	d->len = f->len - outer.inner;
	return decap_inner(f, eth, &outer, net.flags, d);
}

/* Counts a frame that was delivered from a peer to a port. Its network counts as the sum. */
static __always_inline void xv_decap_count(const struct xv_decap *d, const struct xv_tally *tally)
{
	xv_count_heard(d->peer, xv_tick_now(), tally);
	xv_count_port(XV_PORT_WIRE_TX, d->port, tally);
}

#endif
