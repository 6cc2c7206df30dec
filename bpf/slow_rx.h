/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the wire through the slow path: xv_slow_rx gets a frame that the kernel's vxlan device xv0
 * has received and stripped, with the outer addresses and the VNI beside it. Such frames came in
 * fragments, are for many stations or an unknown one, or had headers that xv_decap leaves to the
 * kernel. The kernel has checked the outer headers, and has done ECN.
 */
#ifndef XV_BPF_SLOW_RX_H
#define XV_BPF_SLOW_RX_H

#include "decap.h"
#include "flood.h"

/* What was decided, besides struct xv_decap; a frame without decap.dev is for the flood list. */
struct xv_slow_rx {
	struct xv_decap decap;
	const struct xv_bd_val *net;
	int too_big; /* for decap.dev */
};

/* Whether the outer destination is ours, or a group where the network floods to one. */
static __always_inline int local_ok(const struct xv_config_val *cfg, const struct xv_bd_val *net,
				    const struct xv_ip *local)
{
	if (xv_ip_equal(local, &cfg->local4) || xv_ip_equal(local, &cfg->local6))
		return 1;
	return net->flags & XV_BD_ANY_PEER &&
	       (local->b[0] == 0xff || (!local->q[0] && (local->b[12] & 0xf0) == 0xe0));
}

/*
 * xv_tunnel_get() as a global function: behind it the verifier does not tell the families apart,
 * and walks through what follows once.
 */
__noinline int xv_slow_tunnel(struct __sk_buff *skb, struct xv_tunnel *t)
{
	return t ? xv_tunnel_get(skb, t) : XV_DROP(TUNNEL_TXINFO);
}

/* The inner frame's part of the decision, as decap_inner(). 0 or a drop. */
static __always_inline int slow_inner(struct __sk_buff *skb, const struct xv_ip *remote,
				      const struct xv_tally *tally, struct xv_slow_rx *s)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_end from = {.id = s->decap.peer, .kind = XV_FDB_PEER};
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_table_probe source, dest;
	struct xv_ethhdr *eth = data;
	__u32 bd = s->decap.bd;
	struct xv_fdb_val to;
	int err;

	if (!fdb)
		return XV_DROP(NOT_CONFIGURED);
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	err = xv_link_local_check(eth->h_dest, bd);
	if (err)
		return err;
	if ((skb->vlan_present || xv_is_vlan(eth->h_proto)) && !(s->net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	if (!xv_fdb_begin(fdb, bd, eth->h_source, 1, &source) ||
	    !xv_fdb_begin(fdb, bd, eth->h_dest, 0, &dest))
		return XV_DROP(NOT_CONFIGURED);
	if (!xv_mac_is_multicast(eth->h_dest) && xv_fdb_lookup(&dest, &to)) {
		err = xv_decap_to(&s->decap, to, xv_skb_check_len(skb), tally);
		s->too_big = err == XV_DROP(PKT_TOO_BIG);
		if (err && !s->too_big)
			return err;
	}
	return xv_fdb_source(s->net->flags, &source, from, remote);
}

/*
 * Decides. 0 or a drop. A tag that says a priority alone is taken off, and *tally becomes that of
 * the frame without the tag.
 */
static __always_inline int xv_slow_rx_decide(struct __sk_buff *skb, struct xv_tally *tally,
					     struct xv_slow_rx *s)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_tunnel tunnel = {};
	int err, kernel;

	if (!cfg || !cfg->abi)
		return XV_DROP(NOT_CONFIGURED);
	err = xv_slow_tunnel(skb, &tunnel);
	if (err)
		return err;
	s->decap.bd = xv_net_of_vni(tunnel.vni).bd;
	s->net = xv_bd_get(s->decap.bd);
	if (!s->net)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	if (!local_ok(cfg, s->net, &tunnel.local))
		return XV_DROP(WRONG_LOCAL);
	s->decap.peer = xv_peer_of_ip(&tunnel.remote, &kernel);
	if (!s->decap.peer &&
	    (!(s->net->flags & XV_BD_ANY_PEER) || xv_ip_equal(&tunnel.remote, &cfg->local4) ||
	     xv_ip_equal(&tunnel.remote, &cfg->local6)))
		return XV_DROP(UNKNOWN_PEER);
	if (unlikely(xv_skb_priority(skb, s->net)) && xv_skb_untag(skb, tally))
		return XV_DROP(NO_MEMORY);
	return slow_inner(skb, &tunnel.remote, tally, s);
}

/* Does what was decided with 0. A path, with what the program returns in *action; or a drop. */
static __always_inline int xv_slow_rx_act(struct __sk_buff *skb, const struct xv_slow_rx *s,
					  const struct xv_tally *tally, int *action)
{
	const struct xv_decap *d = &s->decap;
	int ret;

	if (!d->dev) {
		xv_count_net(XV_NET_BUM_RX, d->bd, tally);
		xv_count_heard(d->peer, xv_tick_now(), tally);
		*action = xv_flood_action(skb, s->net, d->bd, 0);
		return XV_PATH_SLOW_RX_FLOOD;
	}
	if (s->too_big) {
		xv_too_big_from(skb, d->bd, 0);
		return xv_too_big(skb, d->dev->mtu);
	}
	ret = xv_skb_deliver(skb, d->dev, XV_PATH_SLOW_RX, action);
	if (ret >= 0)
		xv_decap_count(d, tally);
	return ret;
}

#endif
