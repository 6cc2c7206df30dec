/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking the outer header off a frame that xv_decap_decide() has judged, and giving it to its port:
 * under XDP by redirect or with metadata for TC, under TC on the skb.
 *
 * An outer UDP checksum is not verified (RFC 7348, section 5) but goes with its header, if nothing
 * that the kernel notes beside the frame points to it:
 * - xv_decap, redirecting: nothing goes along with an XDP frame.
 * - xv_decap, passing up: the skb keeps its notes. A NIC's frame has all checksums in place, and at
 *   most the note that the first of them was found right: xv_deliver takes that back. On a veth the
 *   sender may have left the outer checksum to a NIC that never comes (CHECKSUM_PARTIAL), with a
 *   note where to write it, and XDP neither sees nor moves that: xv_decap_tc strips there.
 * - xv_decap_tc: bpf_skb_adjust_room() drops both notes (the latter since Linux 6.1.5 and 6.2).
 */
#ifndef XV_BPF_STRIP_H
#define XV_BPF_STRIP_H

#include "deliver.h"

/* Whether frames of this underlay device have all their checksums in place. */
static __always_inline int csum_done(const struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;
	const struct xv_uplink_val *uplink = bpf_map_lookup_elem(&xv_uplink, &ifindex);

	return uplink && uplink->flags & XV_UPLINK_CSUM_DONE;
}

/*
 * Leaves in front of the frame what xv_deliver needs. First, while the packet is whole: a driver
 * without metadata is found here.
 */
static __always_inline int meta_reserve(struct xdp_md *ctx, const struct xv_decap *d)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_meta *meta;

	if (!cfg || bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return -1;
	meta = xv_ctx_ptr(ctx->data_meta);
	if ((void *)(meta + 1) > xv_ctx_ptr(ctx->data))
		return -1;
	meta->cookie = cfg->cookie;
	meta->port = d->port;
	meta->bd = d->bd;
	meta->flags = d->csum ? XV_META_CSUM : 0;
	return 0;
}

static __always_inline int xv_strip_xdp(struct xdp_md *ctx, struct xv_size *size)
{
	void *data = xv_ctx_ptr(ctx->data), *data_end = xv_ctx_ptr(ctx->data_end);
	__u32 total = xv_xdp_len(ctx);
	int ret, frags = total > (__u32)(data_end - data), redirect;
	struct xv_decap d = {};

	size->bytes = total;
	ret = xv_decap_decide(data, data_end, total, 0, &d);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? ret : XV_PATH_XDP_PASS;
	redirect = xv_port_takes_xdp(d.dev, d.tcp, frags);
	if (!redirect && ((d.csum && !csum_done(ctx)) || meta_reserve(ctx, &d)))
		return XV_PATH_XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, d.strip))
		return XV_DROP(NO_MEMORY);
	if (unlikely(d.ecn)) {
		data = xv_ctx_ptr(ctx->data);
		data_end = xv_ctx_ptr(ctx->data_end);
		if (data + sizeof(struct xv_ethhdr) <= data_end)
			xv_ecn_write(data, data_end, d.ecn);
	}
	size->bytes = d.len;
	if (redirect && bpf_redirect_map(&xv_tx, d.port, 0) != XDP_REDIRECT)
		return XV_DROP(PORT_DOWN);
	xv_decap_count(&d, *size);
	return redirect ? XV_PATH_XDP_REDIRECT : XV_PATH_XDP_STACK;
}

/* Under generic XDP: judges, and touches nothing. */
static __always_inline int xv_strip_generic(struct xdp_md *ctx, struct xv_size *size)
{
	void *data = xv_ctx_ptr(ctx->data), *data_end = xv_ctx_ptr(ctx->data_end);
	struct xv_decap d = {};
	int ret;

	size->bytes = data_end - data;
	ret = xv_decap_decide(data, data_end, size->bytes, 1, &d);
	return ret < 0 ? ret : XV_PATH_XDP_PASS;
}

/*
 * A frame that xv_decap stripped. It is counted there; the tag of the underlay, if the NIC took it
 * off, belongs to the outer header and goes. XV_PATH_TC_PASS: not such a frame.
 */
static __always_inline int xv_strip_deliver(struct __sk_buff *skb, struct xv_size *size,
					    int *action)
{
	struct xv_meta *meta = xv_ctx_ptr(skb->data_meta);
	const struct xv_port_dev_val *dev;
	const struct xv_config_val *cfg;
	__u32 port;

	if ((void *)(meta + 1) > xv_ctx_ptr(skb->data))
		return XV_PATH_TC_PASS;
	cfg = xv_config_get();
	if (!cfg || meta->cookie != cfg->cookie)
		return XV_PATH_TC_PASS;
	port = meta->port;
	dev = bpf_map_lookup_elem(&xv_port_dev, &port);
	if (!dev || dev->bd != meta->bd || !(dev->flags & XV_PORT_UP))
		return XV_DROP(STALE_META);
	if (meta->flags & XV_META_CSUM)
		bpf_csum_level(skb, BPF_CSUM_LEVEL_DEC);
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	*size = xv_skb_size(skb);
	return xv_deliver_port(skb, dev, XV_PATH_DELIVER, action);
}

enum {
	/* Outer Ethernet, VLAN, IPv6, UDP, VXLAN; inner Ethernet, IPv6. */
	XV_TC_HEADERS = 14 + 4 + 40 + 8 + 8 + 14 + 40,
};

/*
 * Removes the room of the outer header. The skb's protocol must become the inner one, or a merged
 * frame is lost when it is cut again; before Linux 6.3 the kernel cannot change it (-EINVAL), and
 * only a single frame does without.
 */
static __always_inline int strip_room(struct __sk_buff *skb, __u32 strip, __be16 inner)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	int ret;

	if (inner != (__be16)skb->protocol && inner == bpf_htons(ETH_P_IP))
		flags |= XV_ADJ_ROOM_DECAP_L3_IPV4;
	if (inner != (__be16)skb->protocol && inner == bpf_htons(ETH_P_IPV6))
		flags |= XV_ADJ_ROOM_DECAP_L3_IPV6;
	ret = bpf_skb_adjust_room(skb, -(__s32)strip, BPF_ADJ_ROOM_MAC, flags);
	if (ret == -EINVAL && !skb->gso_size)
		ret = bpf_skb_adjust_room(skb, -(__s32)strip, BPF_ADJ_ROOM_MAC,
					  BPF_F_ADJ_ROOM_FIXED_GSO);
	return ret;
}

/*
 * Takes the outer header off an skb: room is removed behind the MAC header, which then is the outer
 * one and is overwritten with the inner. XV_PATH_TC_PASS: the kernel would not, nothing is changed.
 */
static __always_inline int strip_skb(struct __sk_buff *skb, const struct xv_decap *d)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *inner, eth __attribute__((aligned(8)));

	inner = data + xv_below_128(d->strip);
	if ((void *)(inner + 1) > data_end)
		return XV_PATH_TC_PASS;
	xv_copy(&eth, inner, sizeof(eth));
	if (strip_room(skb, d->strip, eth.h_proto))
		return XV_PATH_TC_PASS;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (data + sizeof(eth) > data_end)
		return XV_DROP(NO_MEMORY);
	xv_copy(data, &eth, sizeof(eth));
	if (unlikely(d->ecn))
		xv_ecn_write(data, data_end, d->ecn);
	return XV_PATH_TC_DECAP;
}

static __always_inline int xv_strip_tc(struct __sk_buff *skb, struct xv_size *size, int *action)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	int ret, merged = skb->gso_size > 0;
	struct xv_decap d = {};

	if (data + XV_TC_HEADERS > data_end && skb->len > data_end - data && !merged) {
		/* Headers are in page fragments. Failure is fine: less can be read. */
		bpf_skb_pull_data(skb, skb->len < XV_TC_HEADERS ? skb->len : XV_TC_HEADERS);
		data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
	}
	ret = xv_decap_decide(data, data_end, skb->len, merged, &d);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? ret : XV_PATH_TC_PASS;
	/* Merged frames keep tunnel marks after stripping, which only veth digests. */
	if (merged && !(d.dev->flags & XV_PORT_GSO_DECAP))
		return XV_PATH_TC_PASS;
	ret = strip_skb(skb, &d);
	if (ret != XV_PATH_TC_DECAP)
		return ret;
	size->bytes = d.len;
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	ret = xv_deliver_port(skb, d.dev, XV_PATH_TC_DECAP, action);
	if (ret >= 0)
		xv_decap_count(&d, *size);
	return ret;
}

#endif
