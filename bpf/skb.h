/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame that is an skb, under TC: what it counts as, its tag, and its delivery to a port. */
#ifndef XV_BPF_SKB_H
#define XV_BPF_SKB_H

#include <linux/if_packet.h>

#include "frame.h"
#include "gso.h"
#include "port.h"

/*
 * Counts a frame as on the wire, so that it counts the same whichever way it goes: a merged frame
 * as those that it is cut into, and a tag that the kernel keeps beside the frame as if in it.
 */
static __always_inline struct xv_tally xv_skb_tally(struct __sk_buff *skb,
						    struct xv_stats_val *stats)
{
	__u32 segments = xv_gso_segments(skb);
	struct xv_tally tally = {
		.stats = stats,
		.packets = segments,
		.bytes = xv_gso_bytes(skb, segments),
	};

	if (unlikely(skb->vlan_present))
		tally.bytes += XV_VLAN_HLEN * segments;
	return tally;
}

static __always_inline struct xv_frame xv_frame_of_skb(struct __sk_buff *skb)
{
	struct xv_frame f = {
		.data = xv_ctx_ptr(skb->data),
		.data_end = xv_ctx_ptr(skb->data_end),
		.len = skb->len,
		.merged = skb->gso_size > 0,
		.tally = xv_skb_tally(skb, xv_count_here()),
	};

	return f;
}

/* Reads f->data again: the frame's bytes were moved. */
static __always_inline void xv_skb_again(struct __sk_buff *skb, struct xv_frame *f)
{
	f->data = xv_ctx_ptr(skb->data);
	f->data_end = xv_ctx_ptr(skb->data_end);
	f->len = skb->len;
}

/* Brings the first len bytes of the frame, or all of a shorter one, to where they can be read. */
static __always_inline void xv_skb_pull(struct __sk_buff *skb, struct xv_frame *f, __u32 len)
{
	bpf_skb_pull_data(skb, skb->len < len ? skb->len : len);
	xv_skb_again(skb, f);
}

/*
 * Whether the tag that is kept beside the frame is to be taken off as it says a priority alone: a
 * frame with VID 0 counts as untagged (802.1Q, 6.9.1). A network that carries tags carries this one
 * too.
 */
static __always_inline int xv_skb_priority(const struct __sk_buff *skb, const struct xv_bd_val *net)
{
	return skb->vlan_present && !(skb->vlan_tci & XV_VLAN_VID_MASK) &&
	       !(net->flags & XV_BD_INNER_VLAN);
}

/* Takes that tag off. *tally becomes that of the frame without the tag. 0 or a drop. */
static __always_inline int xv_skb_untag(struct __sk_buff *skb, struct xv_tally *tally)
{
	if (bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	tally->bytes -= XV_VLAN_HLEN * tally->packets;
	return 0;
}

/*
 * Length to hold against a port's MTU. 0 for a merged frame: it passes, whatever it is cut into, as
 * over the kernel's bridge (is_skb_forwardable()).
 */
static __always_inline __u32 xv_skb_check_len(const struct __sk_buff *skb)
{
	return skb->gso_size ? 0 : skb->len;
}

/* Bytes of the frame's IP packet, or of the longest that a merged frame is cut into: xv_gso_len().
 */
static __always_inline __u32 xv_skb_ip_len(struct __sk_buff *skb)
{
	return skb->gso_size ? xv_gso_len(skb) : skb->len - ETH_HLEN;
}

/*
 * Makes the kernel read the frame's protocol (skb->protocol) from its Ethernet header again, which
 * a program has written. Filters of others are chosen by it. No helper of the kernel does that, but
 * taking a tag out of a frame does: so one is put in and taken out. A tag beside the frame stays.
 * 0 or an error.
 */
__noinline int xv_skb_retype(struct __sk_buff *skb)
{
	int beside = skb->vlan_present;

	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 1) ||
	    (!beside && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 1)) ||
	    bpf_skb_vlan_pop(skb) || (!beside && bpf_skb_vlan_pop(skb)))
		return -EINVAL;
	return 0;
}

/*
 * Makes the kernel take the frame for IP, whatever it is, so that it makes room for an outer IP
 * header, and says so to filters. The frame's EtherType may be that of IPv4 afterwards, also where
 * this fails: the caller writes the right one. 0 or an error.
 */
__noinline int xv_skb_be_ip(struct __sk_buff *skb)
{
	__be16 type = bpf_htons(ETH_P_IP);

	if (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6))
		return 0;
	return bpf_skb_store_bytes(skb, 2 * ETH_ALEN, &type, sizeof(type), 0) ?: xv_skb_retype(skb);
}

/*
 * Whether the frame may go straight to the other end of the port's veth, in the tenant's namespace.
 * That saves the device's queue and another softirq. The kernel then takes the skb as it is for one
 * that came in there (skb_do_redirect(), BPF_F_PEER), so that the skb must say what
 * eth_type_trans() would: the protocol, and that the frame is for this host, which only the
 * device's own address proves. (Newer kernels set the latter themselves, whatever the address.)
 */
static __always_inline int deliver_direct(struct __sk_buff *skb, const struct xv_port_dev_val *dev)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;

	if (!(dev->flags & XV_PORT_DIRECT) || (void *)(eth + 1) > data_end)
		return 0;
	if (*(__u16 *)eth->h_dest != *(const __u16 *)dev->end_mac ||
	    *(__u32 *)(eth->h_dest + 2) != *(const __u32 *)(dev->end_mac + 2))
		return 0;
	if (eth->h_proto != (__be16)skb->protocol || skb->vlan_present)
		return 0;
	return skb->pkt_type == PACKET_HOST || !bpf_skb_change_type(skb, PACKET_HOST);
}

/*
 * Redirects the frame to the port's device, tagged if the port is a VLAN of the device. The caller
 * has run xv_port_check(). Returns path, with what the program returns in *action; or a drop.
 */
static __always_inline int xv_skb_deliver(struct __sk_buff *skb, const struct xv_port_dev_val *dev,
					  int path, int *action)
{
	__u32 ifindex = dev->ifindex;
	int err = xv_vlan_check(skb, dev);

	if (err)
		return err;
	if (deliver_direct(skb, dev)) {
		skb->mark = 0; /* the host's own; the kernel takes it off since Linux 6.16 only */
		*action = bpf_redirect_peer(ifindex, 0);
		return path;
	}
	if (dev->vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), dev->vlan))
		return XV_DROP(NO_MEMORY);
	*action = bpf_redirect(ifindex, 0);
	return path;
}

#endif
