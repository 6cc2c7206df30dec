/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet that was dropped last, for each reason (xv_drop_last): an exit calls this with a drop.
 * All of it is out of line, so that what is forwarded does not even jump over it, and a flood of
 * bad packets costs a comparison each, and one look at the clock a tick. The functions are global
 * ones, as the verifier walks through those once, not from every place that drops.
 */
#ifndef XV_BPF_LAST_H
#define XV_BPF_LAST_H

#include <bpf/bpf_endian.h>

#include "parse.h"

/*
 * Tunnel key of a packet from xv0, in one form for both families. An IPv6 address that looks like
 * an IPv4 one is nobody's. 0 or a drop.
 */
static __always_inline int xv_tunnel_get(struct __sk_buff *skb, struct xv_ip *remote,
					 struct xv_ip *local, __u32 *vni)
{
	struct bpf_tunnel_key key = {};

	if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0)) {
		*remote = xv_ip_of_v4(bpf_htonl(key.remote_ipv4));
		*local = xv_ip_of_v4(bpf_htonl(key.local_ipv4));
	} else if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), BPF_F_TUNINFO_IPV6)) {
		__builtin_memcpy(remote->w, key.remote_ipv6, sizeof(*remote));
		__builtin_memcpy(local->w, key.local_ipv6, sizeof(*local));
		if (xv_ip_is_v4(local))
			return XV_DROP(WRONG_LOCAL);
		if (xv_ip_is_v4(remote))
			return XV_DROP(UNKNOWN_PEER);
	} else {
		return XV_DROP(TUNNEL_TXINFO);
	}
	*vni = key.tunnel_id;
	return 0;
}

/* The record to be written now, with what does not depend on the packet. NULL: not yet again. */
static __always_inline struct xv_drop_last_val *last_due(int verdict, enum xv_drop_from from,
							 __u32 to)
{
	__u32 reason = XV_VERDICT_DROP(verdict);
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

__noinline int xv_last_note_xdp(struct xdp_md *ctx, int verdict, enum xv_drop_from from, __u32 to)
{
	struct xv_drop_last_val *last = last_due(verdict, from, to);
	__u32 len;

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

__noinline int xv_last_note_skb(struct __sk_buff *skb, int verdict, enum xv_drop_from from,
				__u32 to)
{
	struct xv_drop_last_val *last = last_due(verdict, from, to);
	struct xv_ip remote = {}, local;
	__u32 len, vni = 0;

	if (!last)
		return 0;
	last->ifindex = skb->ifindex;
	last->vlan = skb->vlan_present ? XV_DROP_TAGGED | (skb->vlan_tci & 0xfff) : 0;
	last->len = skb->len;
	if (from == XV_DROP_FROM_SLOW)
		xv_tunnel_get(skb, &remote, &local, &vni);
	last->remote = remote;
	last->vni = vni;
	len = head_len(last->len);
	last->head_len = bpf_skb_load_bytes(skb, 0, last->head, len) ? 0 : len;
	return 0;
}

/* Nothing but for a drop. to: XV_TO() of where the frame should have gone, or 0. */
static __always_inline void xv_last_xdp(struct xdp_md *ctx, int verdict, enum xv_drop_from from,
					__u32 to)
{
	if (unlikely(verdict < 0))
		xv_last_note_xdp(ctx, verdict, from, to);
}

static __always_inline void xv_last_skb(struct __sk_buff *skb, int verdict, enum xv_drop_from from,
					__u32 to)
{
	if (unlikely(verdict < 0))
		xv_last_note_skb(skb, verdict, from, to);
}

#endif
