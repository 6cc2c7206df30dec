/* SPDX-License-Identifier: GPL-2.0-only */
/* Lookup of ports, and what may be sent to a port. */
#ifndef XV_BPF_PORT_H
#define XV_BPF_PORT_H

#include "gate.h"

/*
 * Reads an element of xv_port that was looked up by key. 0, or a drop: the element is another key's
 * by now (maps.h), so that the port is being removed.
 */
static __always_inline int port_of_element(const struct xv_port_val *val,
					   const struct xv_port_key *key, struct xv_port_val *port)
{
	port->word = READ_ONCE(val->word);
	if (unlikely(port->check && port->check != xv_port_key_check(key)))
		return XV_DROP(NOT_CONFIGURED);
	return 0;
}

/*
 * The port that is a device without a VLAN: by the index, which saves a hash lookup, else by
 * xv_port. 0; XV_SLOW: there is none; or a drop.
 */
static __always_inline int xv_port_of_device(__u32 ifindex, struct xv_port_val *port)
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
			return 0;
		}
	}
	val = bpf_map_lookup_elem(&xv_port, &key);
	return val ? port_of_element(val, &key, port) : XV_SLOW;
}

/* The protocol of a tag as keys of xv_port have it, in network byte order. */
static __always_inline __u16 xv_port_proto(__u32 proto)
{
	return proto == bpf_htons(ETH_P_8021AD) ? ETH_P_8021AD : 0;
}

/*
 * The port that an skb came from: its device and VLAN, else its device alone. *tagged: the tag is
 * the port's, and is to be taken off. 0; a drop; or XV_SLOW: the frame is none of ours. That is one
 * of a VLAN of a trunk that is no port, of a VLAN device over the port (which gets its frames
 * behind us, as it does over a bridge's port), or with an 802.1ad tag.
 */
static __always_inline int xv_port_of_skb(const struct __sk_buff *skb, struct xv_port_val *port,
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
	if (likely(!val))
		return xv_port_of_device(key.ifindex, port);
	err = port_of_element(val, &key, port);
	return err || port->port ? err : XV_SLOW;
}

/*
 * Checks that the port is in this network, is up, and takes an Ethernet frame of len bytes, a tag
 * that is kept beside it not counted. len 0: a merged frame, of any length. A tag in the frame may
 * come on top of the MTU, as in the kernel's bridge (is_skb_forwardable()). 0 or a drop; *dev is
 * set with 0 and with PKT_TOO_BIG.
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
 * Whether the port takes a frame of len bytes as an XDP frame. tcp: the frame is TCP. frags: a part
 * of it is in fragments. Where the port is a VLAN its tag is put into the frame, and is then all
 * that may come on top of the MTU (kernel: xdp_ok_fwd_dev()).
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

/*
 * Drops what a port that is in a loop (XV_PORT_LOOP) sends to groups and unknown MACs, or would get
 * of it: but a few link-local frames pass, which the network forwards if they come so far. 0 or a
 * drop.
 */
static __always_inline int xv_port_loop_check(const struct xv_port_dev_val *dev, __u32 port,
					      int link_local)
{
	if (likely(!(dev->flags & XV_PORT_LOOP)))
		return 0;
	return xv_gate_loop(dev->bd, port, link_local);
}

enum {
	XV_HOP_TAGS = 8, /* tags that are looked at, one behind the other */
};

/*
 * Drops a frame whose tag is that of another port of the device, or of a VLAN device over it: the
 * frame would reach the other's tenant. Behind a priority tag (VID 0) the next tag counts (kernel:
 * vlan_do_receive()). 0 or a drop.
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
		key.vlan = bpf_ntohs(tag.tci) & XV_VLAN_VID_MASK;
		key.proto = xv_port_proto(tag.proto);
		if (key.vlan)
			return bpf_map_lookup_elem(&xv_port, &key) ? XV_DROP(VLAN_HOP) : 0;
	}
	return XV_DROP(VLAN_HOP);
}

/* xv_vlan_hop() for a frame that is to be sent to the port. Most frames have no tag. */
static __always_inline int xv_vlan_check(struct __sk_buff *skb, const struct xv_port_dev_val *dev)
{
	if (likely(!skb->vlan_present && !xv_is_vlan(skb->protocol)) || dev->vlan)
		return 0;
	return xv_vlan_hop(skb, dev->ifindex);
}

#endif
