/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tenant's frame from its port to where its destination MAC is: a port, a peer, or the flood
 * list.
 */
#ifndef XV_BPF_FORWARD_H
#define XV_BPF_FORWARD_H

#include "flood.h"

enum {
	XV_TC_INNER = 14 + 40, /* what is read of a tenant's frame: Ethernet, IPv6 */
};

/*
 * Reads an element of xv_port that was looked up by key. 1, or a drop: the element is another key's
 * by now, so that the port is being removed.
 */
static __always_inline int port_of_element(const struct xv_port_val *val,
					   const struct xv_port_key *key, struct xv_port_val *port)
{
	port->word = READ_ONCE(val->word);
	if (unlikely(port->check && port->check != xv_port_key_check(key)))
		return XV_DROP(NOT_CONFIGURED);
	return 1;
}

/* The untagged port of a device, by the index where that has it: it saves a hash lookup. As
 * port_of().
 */
static __always_inline int port_of_device(__u32 ifindex, struct xv_port_val *port)
{
	__u32 *id = bpf_map_lookup_elem(&xv_port_index, &ifindex);
	struct xv_port_key key = {.ifindex = ifindex};
	const struct xv_port_dev_val *dev;
	const struct xv_port_val *val;

	if (likely(id)) {
		port->port = *id;
		dev = bpf_map_lookup_elem(&xv_port_dev, id);
		if (likely(dev && dev->ifindex == ifindex && !dev->vlan)) {
			port->bd = dev->bd;
			return 1;
		}
	}
	val = bpf_map_lookup_elem(&xv_port, &key);
	if (!val)
		return 0;
	return port_of_element(val, &key, port);
}

/*
 * The port that a frame belongs to: its device and VLAN, else its device alone. *tagged tells that
 * the tag is the port's, and to be taken off. 1; 0: not ours (another VLAN of a trunk; that of a
 * VLAN device over the port, which gets its frames behind us, as over a bridge's port; 802.1ad tags
 * are no port's); or a drop.
 */
static __always_inline int port_of(const struct __sk_buff *skb, struct xv_port_val *port,
				   int *tagged)
{
	struct xv_port_key key = {.ifindex = skb->ifindex};
	const struct xv_port_val *val = NULL;

	int err;

	*tagged = 0;
	if (unlikely(skb->vlan_present)) {
		key.vlan = skb->vlan_tci & XV_VLAN_VID_MASK;
		key.proto = xv_port_proto(skb->vlan_proto);
		val = key.vlan ? bpf_map_lookup_elem(&xv_port, &key) : NULL;
		*tagged = !!val;
	}
	if (!val)
		return port_of_device(key.ifindex, port);
	err = port_of_element(val, &key, port);
	return err > 0 && !port->port ? 0 : err;
}

/* What no tenant may send, tagged beyond its port or not. 0 or a drop. */
static __always_inline int tenant_check(const struct xv_ethhdr *eth, int tagged,
					const struct xv_bd_val *net, __u32 bd)
{
	if (tagged && !(net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	return xv_link_local_check(eth->h_dest, bd);
}

/* Whether what the port sends to groups and unknown MACs is dropped. 0 or a drop. */
static __always_inline int loop_check(__u32 port)
{
	const struct xv_port_dev_val *dev = bpf_map_lookup_elem(&xv_port_dev, &port);

	return dev && dev->flags & XV_PORT_LOOP ? XV_DROP(LOOP) : 0;
}

/* A frame from port to where its destination MAC is. */
static __always_inline int forward(struct __sk_buff *skb, const struct xv_config_val *cfg,
				   const struct xv_bd_val *net, __u32 bd, __u32 port,
				   struct xv_fdb_val to, struct xv_tally *tally, int *action)
{
	const struct xv_port_dev_val *dev;
	__u32 id = to.dst;
	int ret;

	if (to.kind == XV_FDB_PEER) {
		ret = xv_encap_peer(skb, cfg, net->vni, id, tally, action);
		if (ret < 0)
			return ret;
		xv_net_add(XV_NET_TX, bd, tally);
		xv_peer_add(XV_PEER_TX, id, tally);
		return ret;
	}
	if (id == port)
		return XV_DROP(SAME_PORT);
	ret = xv_port_check(id, bd, xv_skb_check_len(skb), &dev);
	if (ret == XV_DROP(PKT_TOO_BIG))
		xv_too_big(skb, dev->mtu);
	if (ret)
		return ret;
	ret = xv_deliver_port(skb, dev, XV_PATH_LOCAL, action);
	if (ret >= 0) {
		xv_net_add(XV_NET_TX, bd, tally);
		xv_port_add(XV_PORT_TX, id, tally);
	}
	return ret;
}

/* *tally becomes that of the frame without the tag that tells its port. */
static __always_inline int xv_forward_frame(struct __sk_buff *skb, struct xv_tally *tally,
					    int *action)
{
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_table_head *fdb = xv_fdb_head();
	struct xv_end from = {.kind = XV_FDB_PORT};
	struct xv_port_val port = {};
	void *data, *data_end;
	struct xv_table_probe source, dest;
	struct xv_bd_val *net;
	struct xv_ethhdr *eth;
	struct xv_fdb_val to = {};
	int tagged, known, err;
	__u32 bd;

	err = port_of(skb, &port, &tagged);
	if (err <= 0)
		return err ?: XV_PATH_TC_PASS;
	from.id = port.port;
	bd = port.bd;
	net = xv_bd_get(bd);
	if (!cfg || !cfg->abi || !net || !fdb)
		return XV_DROP(NOT_CONFIGURED);
	if (unlikely(tagged || xv_skb_priority(skb, net)) && xv_untag(skb, tally))
		return XV_DROP(NO_MEMORY);
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (data + XV_TC_INNER > data_end && !skb->gso_size) {
		bpf_skb_pull_data(skb, skb->len < XV_TC_INNER ? skb->len : XV_TC_INNER);
		data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
	}
	eth = data;
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	err = tenant_check(eth, skb->vlan_present || xv_is_vlan(eth->h_proto), net, bd);
	if (err)
		return err;
	if (!xv_fdb_begin(fdb, bd, eth->h_source, 1, &source) ||
	    !xv_fdb_begin(fdb, bd, eth->h_dest, 0, &dest))
		return XV_DROP(NOT_CONFIGURED);
	known = !xv_mac_is_multicast(eth->h_dest) && xv_fdb_lookup(&dest, &to);
	if (known)
		tally->to = XV_TO(to.kind, to.dst);
	else
		err = loop_check(from.id); /* before its source is learned there */
	err = err ?: xv_fdb_source(net->flags, &source, from, NULL);
	if (err)
		return err;
	xv_port_add(XV_PORT_RX, from.id, tally);
	if (!known) {
		xv_net_add(XV_NET_BUM_TX, bd, tally);
		*action = xv_flood_action(skb, net, bd, from.id);
		return XV_PATH_ENCAP_FLOOD;
	}
	err = forward(skb, cfg, net, bd, from.id, to, tally, action);
	if (unlikely(err == XV_DROP(PKT_TOO_BIG)))
		xv_too_big_from(skb, bd, from.id);
	return err;
}

#endif
