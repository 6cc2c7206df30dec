/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tenant's frame under XDP on its port's device: to a peer with the prebuilt outer header, or to
 * another port. Only known unicast that all checks are sure of; whatever else there is passes,
 * untouched and uncounted, to xv_encap at TC, which does all of it.
 *
 * The daemon attaches this only where frames come as they would be on a wire: whole, one by one,
 * with their checksums and VLAN tags in them.
 */
#ifndef XV_BPF_PORT_ENCAP_H
#define XV_BPF_PORT_ENCAP_H

#include "forward.h"

enum {
	XV_PORT_PASS = XV_PATH_MAX, /* verdict: not taken, nothing is changed */
};

/* The frame and what is known of it. */
struct port_frame {
	struct xdp_md *ctx;
	const struct xv_config_val *cfg;
	const struct xv_bd_val *net;
	struct xv_ethhdr *eth;
	void *data_end;
	struct xv_table_probe source, dest; /* begun */
	struct xv_end from;		    /* the port */
	__u32 bd;
	__u32 total; /* bytes, fragments included */
	int frags;
};

/*
 * The frame is to be sent to slot of xv_tx: the last checks, which may report its source, so that
 * nothing refuses it any more. The redirect comes first, as it tells whether the slot is taken.
 */
static __always_inline int port_commit(const struct port_frame *f, __u32 slot)
{
	return bpf_redirect_map(&xv_tx, slot, 0) == XDP_REDIRECT &&
	       !xv_fdb_source(f->net->flags, &f->source, f->from, NULL);
}

static __always_inline int port_to_peer(const struct port_frame *f, __u32 peer,
					const struct xv_tally *tally)
{
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	int ecn = xv_ecn_of(f->eth, f->data_end), v6;
	struct xv_inner inner = {.len = f->total};
	void *data, *data_end;
	__u32 room, flags;

	if (!adj || ecn < 0)
		return XV_PORT_PASS;
	flags = xv_adj_usable(adj, f->cfg);
	adj = xv_table_after(adj, flags);
	if (!(flags & XV_ADJ_XDP) || (f->frags && !(flags & XV_ADJ_XDP_SG)))
		return XV_PORT_PASS;
	v6 = !!(flags & XV_ADJ_V6);
	room = v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN;
	if (!xv_adj_fits(adj, f->total, f->total - ETH_HLEN, room))
		return XV_PORT_PASS;
	inner.ecn = xv_ecn_encap(ecn);
	inner.sport = xv_source_port(xv_flow_hash_xdp(f->ctx, f->eth, f->data_end, f->cfg));
	if (!v6)
		inner.id_off = xv_ip_id_off(adj, flags, peer, f->eth, f->data_end, tally);
	if (!port_commit(f, adj->tx_slot) || bpf_xdp_adjust_head(f->ctx, -(int)room))
		return XV_PORT_PASS;
	data = xv_ctx_ptr(f->ctx->data);
	data_end = xv_ctx_ptr(f->ctx->data_end);
	return xv_outer_write(data, data_end, adj, v6, &inner, f->net->vni, NULL)
		       ?: XV_PATH_PORT_ENCAP;
}

static __always_inline int port_to_port(const struct port_frame *f, __u32 port)
{
	int tcp = xv_inner_tcp(f->eth, f->data_end);
	const struct xv_port_dev_val *dev;

	if (port == f->from.id || tcp < 0 || xv_port_check(port, f->bd, f->total, &dev) ||
	    dev->vlan || !xv_port_takes_xdp(dev, tcp, f->frags, f->total) || !port_commit(f, port))
		return XV_PORT_PASS;
	return XV_PATH_PORT_LOCAL;
}

/* By the destination MAC. */
static __always_inline int port_forward(const struct port_frame *f, struct xv_tally *tally)
{
	struct xv_fdb_val to;
	__u32 id;
	int ret;

	if (!xv_fdb_lookup(&f->dest, &to))
		return XV_PORT_PASS;
	id = to.dst;
	tally->to = XV_TO(to.kind, id);
	if (to.kind == XV_FDB_PEER) {
		ret = port_to_peer(f, id, tally);
		if (ret == XV_PATH_PORT_ENCAP)
			xv_peer_add(XV_PEER_TX, id, tally);
	} else {
		ret = port_to_port(f, id);
		if (ret == XV_PATH_PORT_LOCAL)
			xv_port_add(XV_PORT_TX, id, tally);
	}
	return ret;
}

static __always_inline int xv_port_frame(struct xdp_md *ctx, struct xv_tally *tally)
{
	struct port_frame f = {
		.ctx = ctx,
		.cfg = xv_config_get(),
		.eth = xv_ctx_ptr(ctx->data),
		.data_end = xv_ctx_ptr(ctx->data_end),
		.from = {.kind = XV_FDB_PORT},
		.total = xv_xdp_len(ctx),
	};
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_port_val port = {};
	int ret;

	if ((void *)(f.eth + 1) > f.data_end || xv_is_vlan(f.eth->h_proto) ||
	    xv_mac_is_multicast(f.eth->h_dest) || port_of_device(ctx->ingress_ifindex, &port) <= 0)
		return XV_PORT_PASS;
	f.from.id = port.port;
	f.bd = port.bd;
	f.net = xv_bd_get(f.bd);
	if (!f.cfg || !f.cfg->abi || !f.net || !fdb || tenant_check(f.eth, 0, f.net, f.bd) ||
	    !xv_fdb_begin(fdb, f.bd, f.eth->h_source, 1, &f.source) ||
	    !xv_fdb_begin(fdb, f.bd, f.eth->h_dest, 0, &f.dest))
		return XV_PORT_PASS;
	f.frags = f.total > (__u32)(f.data_end - (void *)f.eth);
	tally->bytes = f.total;
	ret = port_forward(&f, tally);
	if (ret == XV_PORT_PASS || ret < 0)
		return ret;
	xv_net_add(XV_NET_TX, f.bd, tally);
	xv_port_add(XV_PORT_RX, f.from.id, tally);
	return ret;
}

#endif
