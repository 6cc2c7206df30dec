/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A drop: it is counted, and the packet that was dropped last is noted for each reason
 * (xv_drop_last). All of it is in global functions: frames that are forwarded then do not even jump
 * over the code, and the verifier walks through it once, not from every place that drops. In a
 * flood of bad packets each costs a comparison, and one in a tick a look at the clock.
 */
#ifndef XV_BPF_DROP_H
#define XV_BPF_DROP_H

#include <bpf/bpf_endian.h>

#include "tunnel.h"

static __always_inline void drop_count(int verdict, __u32 packets, __u32 bytes)
{
	struct xv_tally tally = {.stats = xv_count_here(), .packets = packets, .bytes = bytes};

	if (tally.stats)
		xv_count_drop(xv_verdict_reason(verdict), &tally);
}

/*
 * The record to write now, with what does not depend on the packet filled in. NULL: the last one is
 * so recent that this packet is not noted.
 */
static __always_inline struct xv_drop_last_val *last_due(int verdict, enum xv_drop_from from)
{
	__u32 reason = xv_verdict_reason(verdict), to = xv_verdict_dest(verdict);
	struct xv_drop_last_val *last = bpf_map_lookup_elem(&xv_drop_last, &reason);
	__u64 now, tick = bpf_jiffies64();

	if (!last || last->tick == tick)
		return NULL;
	last->tick = tick;
	now = bpf_ktime_get_coarse_ns();
	if (now - last->time < XV_DROP_LAST_NS)
		return NULL;
	last->time = now;
	last->from = from;
	last->to = to;
	last->to_kind = to >> 16;
	return last;
}

/*
 * Bytes of the head, 1 to XV_DROP_HEAD, as the verifier can see: by a mask, for the reason that
 * xv_below_128() has.
 */
static __always_inline __u32 head_len(__u32 len)
{
	return xv_below_128((len > XV_DROP_HEAD ? XV_DROP_HEAD : len) - 1) + 1;
}

/* Counts and notes a drop: see xv_drop_skb(). An XDP frame is never more than one. */
__noinline int xv_drop_xdp(struct xdp_md *ctx, int verdict, enum xv_drop_from from, __u32 bytes)
{
	struct xv_drop_last_val *last;
	__u32 len;

	drop_count(verdict, 1, bytes);
	last = last_due(verdict, from);
	if (!last)
		return 0;
	last->ifindex = ctx->ingress_ifindex;
	last->vlan = 0; /* what was noted before may have come by TC */
	last->remote = (struct xv_ip){};
	last->vni = 0;
	last->len = bpf_xdp_get_buff_len(ctx);
	len = head_len(last->len);
	last->head_len = bpf_xdp_load_bytes(ctx, 0, last->head, len) ? 0 : len;
	return 0;
}

/*
 * Counts and notes a drop: xv_verdict_to() of the verdict and the destination. packets, bytes: what
 * the frame counts as.
 */
__noinline int xv_drop_skb(struct __sk_buff *skb, int verdict, enum xv_drop_from from,
			   __u32 packets, __u32 bytes)
{
	struct xv_drop_last_val *last;
	struct xv_tunnel tunnel = {};
	__u32 len;

	drop_count(verdict, packets, bytes);
	last = last_due(verdict, from);
	if (!last)
		return 0;
	last->ifindex = skb->ifindex;
	last->vlan = skb->vlan_present ? XV_DROP_TAGGED | (skb->vlan_tci & XV_VLAN_VID_MASK) : 0;
	last->len = skb->len;
	if (from == XV_DROP_FROM_SLOW)
		xv_tunnel_get(skb, &tunnel);
	last->remote = tunnel.remote;
	last->vni = tunnel.vni;
	len = head_len(last->len);
	last->head_len = bpf_skb_load_bytes(skb, 0, last->head, len) ? 0 : len;
	return 0;
}

#endif
