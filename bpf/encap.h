/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a tenant, the decision: what xv_encap and xv_port_encap do with a frame from a port, which
 * both decide here. It reads the untouched frame: what no tenant may send, and where the
 * destination MAC is. The acts are in encap_tc.h and encap_xdp.h.
 */
#ifndef XV_BPF_ENCAP_H
#define XV_BPF_ENCAP_H

#include "ecn.h"
#include "fdb.h"
#include "network.h"
#include "port.h"

/* What was decided. */
struct xv_encap {
	const struct xv_config_val *cfg;
	const struct xv_bd_val *net;
	__u32 bd;
	__u32 port; /* that it came from */
	int known;  /* where the destination is: at to; 0: to the flood list */
	struct xv_fdb_val to;
	struct xv_table_probe source; /* begun: for xv_encap_source() */
};

/* Notes the port that the frame came from, and its network. 0 or a drop. */
static __always_inline int xv_encap_begin(struct xv_encap *e, const struct xv_port_val *port)
{
	e->cfg = xv_config_get();
	e->port = port->port;
	e->bd = port->bd;
	e->net = xv_bd_get(e->bd);
	return e->cfg && e->cfg->abi && e->net ? 0 : XV_DROP(NOT_CONFIGURED);
}

/* What no tenant may send. tagged: the frame has a tag that is not its port's. 0 or a drop. */
static __always_inline int tenant_check(const struct xv_ethhdr *eth, int tagged,
					const struct xv_encap *e)
{
	if (tagged && !(e->net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	return xv_link_local_check(eth->h_dest, e->bd);
}

/*
 * Decides, after xv_encap_begin(). beside: a tag is kept beside the frame. 0: send the frame to
 * e->to or the flood list, once xv_encap_source() has seen its source; or a drop.
 */
static __always_inline int xv_encap_decide(const struct xv_frame *f, int beside, struct xv_encap *e)
{
	const struct xv_table_head *fdb = xv_fdb_head();
	const struct xv_ethhdr *eth = f->data;
	const struct xv_port_dev_val *dev;
	struct xv_table_probe dest;
	int err;

	if ((void *)(eth + 1) > f->data_end)
		return XV_DROP(PKT_TOO_SMALL);
	err = tenant_check(eth, beside || xv_is_vlan(eth->h_proto), e);
	if (err)
		return err;
	if (!fdb || !xv_fdb_begin(fdb, e->bd, eth->h_source, 1, &e->source) ||
	    !xv_fdb_begin(fdb, e->bd, eth->h_dest, 0, &dest))
		return XV_DROP(NOT_CONFIGURED);
	e->known = !xv_mac_is_multicast(eth->h_dest) && xv_fdb_lookup(&dest, &e->to);
	if (likely(e->known))
		return 0;
	dev = bpf_map_lookup_elem(&xv_port_dev, &e->port);
	if (unlikely(!dev))
		return XV_DROP(NOT_CONFIGURED);
	/* before its source is learned there */
	return xv_port_loop_check(dev, e->port, xv_mac_is_link_local(eth->h_dest));
}

/* The source's part: may give the daemon an event. 0 or a drop. */
static __always_inline int xv_encap_source(const struct xv_encap *e)
{
	struct xv_end from = {.id = e->port, .kind = XV_FDB_PORT};

	return xv_fdb_source(e->net->flags, &e->source, from, NULL);
}

/* The destination, as drops have it. */
static __always_inline __u32 xv_encap_dest(const struct xv_encap *e)
{
	return XV_TO(e->to.kind, e->to.dst);
}

#endif
