/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame that the kernel's vxlan device took off the wire: fragments, BUM, odd headers.
 * The kernel has checked the outer headers, and has done ECN.
 */
#ifndef XV_BPF_SLOW_H
#define XV_BPF_SLOW_H

#include "flood.h"

/* Outer destination: ours, or any group where the network floods to one. */
static __always_inline int local_ok(const struct xv_config_val *cfg, const struct xv_bd_val *net,
				    const struct xv_ip *local)
{
	if (xv_ip_equal(local, &cfg->local4) || xv_ip_equal(local, &cfg->local6))
		return 1;
	return net->flags & XV_BD_ANY_PEER &&
	       (local->b[0] == 0xff || (!local->q[0] && (local->b[12] & 0xf0) == 0xe0));
}

/* The frame, once its network and peer are known. */
static __always_inline int slow_deliver(struct __sk_buff *skb, const struct xv_bd_val *net,
					struct xv_decap *d, const struct xv_ip *remote,
					struct xv_tally *tally, int *action)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_end from = {.id = d->peer, .kind = XV_FDB_PEER};
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_fdb_val to;
	struct xv_ethhdr *eth = data;
	struct xv_table_probe source, dest;
	int err, known, big = 0;

	if (!fdb)
		return XV_DROP(NOT_CONFIGURED);
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	err = xv_link_local_check(eth->h_dest, d->bd);
	if (err)
		return err;
	if ((skb->vlan_present || xv_is_vlan(eth->h_proto)) && !(net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	if (!xv_fdb_begin(fdb, d->bd, eth->h_source, 1, &source) ||
	    !xv_fdb_begin(fdb, d->bd, eth->h_dest, 0, &dest))
		return XV_DROP(NOT_CONFIGURED);
	known = !xv_mac_is_multicast(eth->h_dest) && xv_fdb_lookup(&dest, &to);
	if (known) {
		d->to = XV_TO(to.kind, to.dst);
		if (to.kind != XV_FDB_PORT)
			return xv_decap_drop(d, XV_DROP(SPLIT_HORIZON), tally);
		d->port = to.dst;
		big = xv_port_check(d->port, d->bd, xv_skb_check_len(skb), &d->dev);
		if (big && big != XV_DROP(PKT_TOO_BIG))
			return xv_decap_drop(d, big, tally);
	}
	err = xv_fdb_source(net->flags, &source, from, remote);
	if (err)
		return xv_decap_drop(d, err, tally);
	if (big) {
		xv_too_big_from(skb, d->bd, 0);
		return xv_decap_drop(d, xv_too_big(skb, d->dev ? d->dev->mtu : 0), tally);
	}
	if (!known) {
		xv_net_add(XV_NET_BUM_RX, d->bd, tally);
		xv_peer_heard(d->peer, xv_tick_now(), tally);
		*action = xv_flood_action(skb, net, d->bd, 0);
		return XV_PATH_SLOW_RX_FLOOD;
	}
	err = xv_deliver_port(skb, d->dev, XV_PATH_SLOW_RX, action);
	if (err < 0)
		return xv_decap_drop(d, err, tally);
	xv_decap_count(d, tally);
	return err;
}

/* *tally becomes that of the frame without a tag that says a priority alone. */
static __always_inline int xv_slow_frame(struct __sk_buff *skb, struct xv_tally *tally, int *action)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_ip remote = {}, local = {};
	struct xv_decap d = {};
	const struct xv_bd_val *net;
	int err, kernel;
	__u32 vni;

	if (!cfg || !cfg->abi)
		return XV_DROP(NOT_CONFIGURED);
	err = xv_tunnel_get(skb, &remote, &local, &vni);
	if (err)
		return err;
	d.bd = xv_net_of_vni(vni).bd;
	net = xv_bd_get(d.bd);
	if (!net)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	if (!local_ok(cfg, net, &local))
		return XV_DROP(WRONG_LOCAL);
	d.peer = xv_peer_of_ip(&remote, &kernel);
	if (!d.peer && (!(net->flags & XV_BD_ANY_PEER) || xv_ip_equal(&remote, &cfg->local4) ||
			xv_ip_equal(&remote, &cfg->local6)))
		return XV_DROP(UNKNOWN_PEER);
	if (unlikely(xv_skb_priority(skb, net)) && xv_untag(skb, tally))
		return XV_DROP(NO_MEMORY);
	return slow_deliver(skb, net, &d, &remote, tally, action);
}

#endif
