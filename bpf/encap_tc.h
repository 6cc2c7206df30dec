/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a tenant, the act under TC: to a peer with the prebuilt outer header and out of the underlay
 * device, merged frames included; to a peer through xv0 where that cannot be; to another port; or
 * to the flood list.
 */
#ifndef XV_BPF_ENCAP_TC_H
#define XV_BPF_ENCAP_TC_H

#include "encap.h"
#include "flood.h"

enum {
	XV_TC_INNER = 14 + 40, /* what is read of a tenant's frame: Ethernet, IPv6 */
};

/*
 * Finds the port that the frame came from, takes its tag off, and makes the headers readable. 0, a
 * drop, or XV_SLOW: the frame is none of ours. f->tally becomes that of the frame without the tag.
 */
static __always_inline int encap_read(struct __sk_buff *skb, struct xv_frame *f, struct xv_encap *e)
{
	struct xv_port_val port = {};
	int tagged, err;

	err = xv_port_of_skb(skb, &port, &tagged);
	if (err)
		return err;
	err = xv_encap_begin(e, &port);
	if (err)
		return err;
	if (unlikely(tagged || xv_skb_priority(skb, e->net))) {
		if (xv_skb_untag(skb, &f->tally))
			return XV_DROP(NO_MEMORY);
		xv_skb_again(skb, f);
	}
	if (unlikely(f->data + XV_TC_INNER > f->data_end) && !f->merged)
		xv_skb_pull(skb, f, XV_TC_INNER);
	return 0;
}

/* xv_encap_decide() for an skb. */
static __always_inline int xv_encap_decide_skb(struct __sk_buff *skb, struct xv_frame *f,
					       struct xv_encap *e)
{
	int verdict = encap_read(skb, f, e);

	return verdict ?: xv_encap_decide(f, skb->vlan_present, e);
}

/*
 * Puts the outer header in front of the frame and sends it out of the underlay device. len:
 * xv_skb_ip_len(). v6: a constant. XV_PATH_ENCAP, with what the program returns in *action;
 * XV_SLOW, and the frame is untouched; or a drop.
 */
static __always_inline int encap_fast(struct __sk_buff *skb, const struct xv_adj_val *adj,
				      const int v6, const struct xv_outer_vals *outer, __u32 len,
				      __u32 vni, int *action)
{
	const __u32 header = v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN;
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr eth __attribute__((aligned(8)));
	__u32 ifindex = adj->ifindex;
	int err;

	if (data + sizeof(eth) > data_end || !xv_adj_fits(adj, skb->len, len, header))
		return XV_SLOW;
	xv_copy(&eth, data, sizeof(eth));
	if (xv_outer_room(skb, header, v6, ETH_HLEN))
		return XV_SLOW;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	err = xv_outer_write(data, data_end, adj, v6, outer, vni, &eth);
	if (err)
		return err;
	*action = bpf_redirect(ifindex, 0);
	return XV_PATH_ENCAP;
}

/*
 * Sends a frame to a peer through xv0, where the kernel resolves, fragments, checksums and cuts as
 * needed. len: xv_skb_ip_len(). XV_PATH_ENCAP_SLOW, or a drop.
 */
__noinline int xv_encap_slow(struct __sk_buff *skb, __u32 vni, __u32 peer, __u32 len)
{
	const struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_ethhdr *eth = data;
	__u32 tag;
	int df, err;

	if (!adj || !cfg)
		return XV_DROP(NOT_CONFIGURED);
	df = (void *)(eth + 1) <= data_end && xv_inner_df(eth, data_end);
	tag = skb->vlan_present ? XV_VLAN_HLEN : 0;
	if (xv_adj_loses(adj, len + tag, df))
		return xv_too_big(skb, xv_adj_inner_mtu(adj) - tag);
	err = xv_tunnel_set(skb, cfg, &adj->ip, vni, df);
	if (err)
		return err;
	if (!xv_slow_there(skb, cfg))
		return XV_DROP(SLOW_PATH_GONE);
	bpf_redirect(cfg->slow_ifindex, 0);
	return XV_PATH_ENCAP_SLOW;
}

/*
 * To a peer: fast if it is untagged IP and the peer's adjacency is valid, else through xv0. A path,
 * with what the program returns in *action; or a drop.
 */
static __always_inline int encap_peer(struct __sk_buff *skb, const struct xv_frame *f,
				      const struct xv_encap *e, int *action)
{
	__u32 peer = e->to.dst, vni = e->net->vni, flags, len;
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	struct xv_outer_vals outer = {.len = skb->len};
	struct xv_ethhdr *eth = f->data;
	int ecn, ret = XV_SLOW;

	if (!adj)
		return XV_DROP(VXLAN_NO_REMOTE);
	len = outer.len - ETH_HLEN;
	ecn = unlikely(skb->vlan_present) ? -1 : xv_ecn_of(eth, f->data_end);
	if (unlikely(f->merged)) {
		len = xv_skb_ip_len(skb);
		ecn = len ? ecn : -1; /* what is not known to fit is left to the kernel */
	}
	flags = ecn < 0 ? 0 : xv_adj_usable(adj, e->cfg);
	adj = xv_table_after(adj, flags);
	if (likely(flags)) {
		outer.ecn = xv_ecn_encap(ecn);
		outer.sport = xv_source_port(xv_flow_hash_skb(skb, eth, f->data_end, e->cfg));
		if (unlikely(flags & XV_ADJ_V6)) {
			ret = encap_fast(skb, adj, 1, &outer, len, vni, action);
		} else {
			int df = flags & XV_ADJ_DF_INHERIT ? xv_inner_df(eth, f->data_end) : 0;

			outer.id_off = xv_ip_id_off(adj, flags, peer, df, f->tally.packets,
						    f->tally.stats);
			ret = encap_fast(skb, adj, 0, &outer, len, vni, action);
		}
	}
	if (likely(ret != XV_SLOW))
		return ret;
	*action = TC_ACT_REDIRECT;
	return xv_encap_slow(skb, vni, peer, len);
}

/* To another port of the network. As encap_peer(). */
static __always_inline int encap_port(struct __sk_buff *skb, const struct xv_encap *e, int *action)
{
	const struct xv_port_dev_val *dev;
	int err;

	if (e->to.dst == e->port)
		return XV_DROP(SAME_PORT);
	err = xv_port_check(e->to.dst, e->bd, xv_skb_check_len(skb), &dev);
	if (err == XV_DROP(PKT_TOO_BIG))
		xv_too_big(skb, dev->mtu);
	return err ?: xv_skb_deliver(skb, dev, XV_PATH_LOCAL, action);
}

/* To where the destination MAC is, which is known. As encap_peer(). */
static __always_inline int encap_to(struct __sk_buff *skb, const struct xv_frame *f,
				    const struct xv_encap *e, int *action)
{
	int ret;

	switch ((enum xv_fdb_kind)e->to.kind) {
	case XV_FDB_PEER:
		ret = encap_peer(skb, f, e, action);
		if (likely(ret >= 0)) {
			xv_count_net(XV_NET_TX, e->bd, &f->tally);
			xv_count_peer(XV_PEER_TX, e->to.dst, &f->tally);
		}
		return ret;
	case XV_FDB_PORT:
		ret = encap_port(skb, e, action);
		if (ret >= 0) {
			xv_count_net(XV_NET_TX, e->bd, &f->tally);
			xv_count_port(XV_PORT_TX, e->to.dst, &f->tally);
		}
		return ret;
	case XV_FDB_NONE: /* the daemon writes neither into the fdb */
	case XV_FDB_GROUP:
		break;
	}
	return XV_DROP(PORT_DOWN);
}

/*
 * Does what xv_encap_decide() decided with 0. A path, with what the program returns in *action; or
 * a drop.
 */
static __always_inline int xv_encap_act_tc(struct __sk_buff *skb, const struct xv_frame *f,
					   const struct xv_encap *e, int *action)
{
	int ret = xv_encap_source(e);

	if (ret)
		return ret;
	xv_count_port(XV_PORT_RX, e->port, &f->tally);
	if (unlikely(!e->known)) {
		xv_count_net(XV_NET_BUM_TX, e->bd, &f->tally);
		*action = xv_flood_action(skb, e->net, e->bd, e->port);
		return XV_PATH_ENCAP_FLOOD;
	}
	ret = encap_to(skb, f, e, action);
	if (unlikely(ret == XV_DROP(PKT_TOO_BIG)))
		xv_too_big_from(skb, e->bd, e->port);
	return ret;
}

#endif
