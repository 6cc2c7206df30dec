/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a tenant, the act under XDP on a port's device: to a peer with the prebuilt outer header, or
 * to another port. Only known unicast that all checks are sure of. Everything else goes on,
 * untouched and uncounted, to xv_encap at TC, which can do all of it, and counts the drops.
 *
 * The daemon attaches this only where frames come as they would be on a wire: whole, one by one,
 * with their checksums and VLAN tags in them.
 */
#ifndef XV_BPF_ENCAP_XDP_H
#define XV_BPF_ENCAP_XDP_H

#include "encap.h"
#include "flow.h"
#include "ip_id.h"
#include "outer.h"

/* xv_encap_decide() for an XDP frame from the device. 0 or XV_SLOW. */
static __always_inline int xv_encap_decide_xdp(const struct xv_frame *f, __u32 ifindex,
					       struct xv_encap *e)
{
	const struct xv_ethhdr *eth = f->data;
	struct xv_port_val port = {};

	if ((void *)(eth + 1) > f->data_end || xv_is_vlan(eth->h_proto) ||
	    xv_mac_is_multicast(eth->h_dest) || xv_port_of_device(ifindex, &port) ||
	    xv_encap_begin(e, &port) || xv_encap_decide(f, 0, e))
		return XV_SLOW;
	return 0;
}

/*
 * Whether the frame may be sent to this slot of xv_tx. After that nothing refuses it any more, so
 * that its source may be seen. The redirect comes first, as it tells whether the slot is taken.
 */
static __always_inline int encap_commit(const struct xv_encap *e, __u32 slot)
{
	return bpf_redirect_map(&xv_tx, slot, 0) == XDP_REDIRECT && !xv_encap_source(e);
}

/* Puts the outer header in front of the frame. v6: a constant. XV_PATH_PORT_ENCAP, XV_SLOW, or a
 * drop.
 */
static __always_inline int encap_front(struct xdp_md *ctx, const struct xv_adj_val *adj,
				       const int v6, const struct xv_outer_vals *outer, __u32 vni)
{
	void *data, *data_end;

	if (bpf_xdp_adjust_head(ctx, v6 ? -XV_ENCAP6_LEN : -XV_ENCAP4_LEN))
		return XV_SLOW;
	data = xv_ctx_ptr(ctx->data);
	data_end = xv_ctx_ptr(ctx->data_end);
	return xv_outer_write(data, data_end, adj, v6, outer, vni, NULL) ?: XV_PATH_PORT_ENCAP;
}

/* To a peer, if the frame is IP. As encap_front(). */
static __always_inline int encap_peer_xdp(struct xdp_md *ctx, const struct xv_frame *f,
					  const struct xv_encap *e)
{
	__u32 peer = e->to.dst, flags;
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	struct xv_outer_vals outer = {.len = f->len};
	struct xv_ethhdr *eth = f->data;
	int ecn = xv_ecn_of(eth, f->data_end), v6, df;

	if (!adj || ecn < 0)
		return XV_SLOW;
	flags = xv_adj_usable(adj, e->cfg);
	adj = xv_table_after(adj, flags);
	v6 = !!(flags & XV_ADJ_V6);
	if (!(flags & XV_ADJ_XDP) || (xv_frame_has_frags(f) && !(flags & XV_ADJ_XDP_SG)) ||
	    !xv_adj_fits(adj, f->len, f->len - ETH_HLEN, v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN))
		return XV_SLOW;
	outer.ecn = xv_ecn_encap(ecn);
	outer.sport = xv_source_port(xv_flow_hash_xdp(ctx, eth, f->data_end, e->cfg));
	if (likely(!v6)) {
		df = flags & XV_ADJ_DF_INHERIT ? xv_inner_df(eth, f->data_end) : 0;
		outer.id_off = xv_ip_id_off(adj, flags, peer, df, 1, f->tally.stats);
	}
	if (!encap_commit(e, adj->tx_slot))
		return XV_SLOW;
	return likely(!v6) ? encap_front(ctx, adj, 0, &outer, e->net->vni)
			   : encap_front(ctx, adj, 1, &outer, e->net->vni);
}

/* To another port of the network. XV_PATH_PORT_LOCAL or XV_SLOW. */
static __always_inline int encap_port_xdp(const struct xv_frame *f, const struct xv_encap *e)
{
	int tcp = xv_inner_tcp(f->data, f->data_end);
	const struct xv_port_dev_val *dev;
	__u32 port = e->to.dst;

	if (port == e->port || tcp < 0 || xv_port_check(port, e->bd, f->len, &dev) || dev->vlan ||
	    !xv_port_takes_xdp(dev, tcp, xv_frame_has_frags(f), f->len) || !encap_commit(e, port))
		return XV_SLOW;
	return XV_PATH_PORT_LOCAL;
}

/* To where the destination MAC is. As encap_front(). */
static __always_inline int encap_to_xdp(struct xdp_md *ctx, const struct xv_frame *f,
					const struct xv_encap *e)
{
	int ret;

	switch ((enum xv_fdb_kind)e->to.kind) {
	case XV_FDB_PEER:
		ret = encap_peer_xdp(ctx, f, e);
		if (ret == XV_PATH_PORT_ENCAP)
			xv_count_peer(XV_PEER_TX, e->to.dst, &f->tally);
		return ret;
	case XV_FDB_PORT:
		ret = encap_port_xdp(f, e);
		if (ret == XV_PATH_PORT_LOCAL)
			xv_count_port(XV_PORT_TX, e->to.dst, &f->tally);
		return ret;
	case XV_FDB_NONE:
	case XV_FDB_GROUP:
		break;
	}
	return XV_SLOW;
}

/* Does what xv_encap_decide_xdp() decided with 0. A path, XV_SLOW, or a drop. */
static __always_inline int xv_encap_act_xdp(struct xdp_md *ctx, const struct xv_frame *f,
					    const struct xv_encap *e)
{
	int ret = likely(e->known) ? encap_to_xdp(ctx, f, e) : XV_SLOW;

	if (ret >= 0 && ret != XV_SLOW) {
		xv_count_net(XV_NET_TX, e->bd, &f->tally);
		xv_count_port(XV_PORT_RX, e->port, &f->tally);
	}
	return ret;
}

#endif
