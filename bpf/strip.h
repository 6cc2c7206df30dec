/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking the outer header off a frame that xv_decap_decide() has judged, and giving it to its port:
 * under XDP by redirect, else untouched to TC, where the skb is stripped.
 *
 * XDP strips nothing that it passes up: what the driver says of the first checksum of the packet
 * (CHECKSUM_UNNECESSARY, skb->csum_level) would be taken for the inner one by GRO, which comes
 * before any program could put it right; and a merged packet is stripped once, not each of its
 * segments. An outer UDP checksum is not verified (RFC 7348, section 5), but goes with its header:
 * with an XDP frame goes no note of it, and bpf_skb_adjust_room() drops those of an skb, whose
 * sender may have left the outer checksum to a NIC that never came (CHECKSUM_PARTIAL; since Linux
 * 6.1.5 and 6.2).
 */
#ifndef XV_BPF_STRIP_H
#define XV_BPF_STRIP_H

#include "deliver.h"
#include "pmtu.h"

/*
 * Takes strip bytes off the front, but for the room of a tag where vlan is one: an XDP frame has
 * its tag in it. 0 or a drop.
 */
static __always_inline int strip_front(struct xdp_md *ctx, __u32 strip, int ecn, __u32 vlan)
{
	__u32 room = unlikely(vlan) ? XV_VLAN_HLEN : 0;
	struct xv_ethhdr *eth;
	struct xv_vlanhdr *tag;
	void *data, *data_end;

	/* From here on clang must ask for room, of which the verifier of Linux 6.1 knows more. */
	xv_opaque(room);
	if (bpf_xdp_adjust_head(ctx, strip - room))
		return XV_DROP(NO_MEMORY);
	if (likely(!ecn && !room))
		return 0;
	data = xv_ctx_ptr(ctx->data);
	data_end = xv_ctx_ptr(ctx->data_end);
	eth = data + room;
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(NO_MEMORY);
	if (ecn)
		xv_ecn_write(eth, data_end, ecn);
	if (!room)
		return 0;
	xv_copy(data, eth, 2 * ETH_ALEN); /* forwards: every word is read before it is written */
	eth = data;
	eth->h_proto = bpf_htons(ETH_P_8021Q);
	tag = (void *)(eth + 1);
	tag->tci = bpf_htons(vlan); /* its proto is there already: the frame's own */
	return 0;
}

/*
 * By the devmap; a VLAN by its device, which the kernel looks up by itself: entries of a devmap are
 * two cache lines each, and those of a trunk's 4,000 VLANs would all lead to one device.
 */
static __always_inline long redirect_to(const struct xv_decap *d)
{
	if (unlikely(d->dev->vlan))
		return bpf_redirect(d->dev->ifindex, 0);
	return bpf_redirect_map(&xv_tx, d->port, 0);
}

static __always_inline int xv_strip_xdp(struct xdp_md *ctx, struct xv_tally *tally)
{
	void *data = xv_ctx_ptr(ctx->data), *data_end = xv_ctx_ptr(ctx->data_end);
	__u32 total = xv_xdp_len(ctx);
	int ret, frags = total > (__u32)(data_end - data);
	struct xv_decap d = {};

	tally->bytes = total;
	ret = xv_decap_decide(data, data_end, total, 0, tally->stats, &d);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? xv_decap_drop(&d, ret, tally) : XV_PATH_XDP_PASS;
	if (!xv_port_takes_xdp(d.dev, d.tcp, frags, d.len))
		return XV_PATH_XDP_PASS;
	ret = strip_front(ctx, d.strip, d.ecn, d.dev->vlan);
	if (ret)
		return xv_decap_drop(&d, ret, tally);
	tally->bytes = d.len;
	if (redirect_to(&d) != XDP_REDIRECT)
		return xv_decap_drop(&d, XV_DROP(PORT_DOWN), tally);
	xv_decap_count(&d, tally);
	return XV_PATH_XDP_REDIRECT;
}

/* Under generic XDP: judges, and touches nothing. */
static __always_inline int xv_strip_generic(struct xdp_md *ctx, struct xv_tally *tally)
{
	void *data = xv_ctx_ptr(ctx->data), *data_end = xv_ctx_ptr(ctx->data_end);
	struct xv_decap d = {};
	int ret;

	tally->bytes = data_end - data;
	ret = xv_decap_decide(data, data_end, tally->bytes, 1, tally->stats, &d);
	return ret < 0 ? xv_decap_drop(&d, ret, tally) : XV_PATH_XDP_PASS;
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
 * Writes ecn into the inner IP header, now at the front of the skb. In IPv4 the header's checksum
 * makes up for it; in IPv6 the kernel's sum over the packet (CHECKSUM_COMPLETE) has to follow.
 */
static __always_inline int strip_ecn(struct __sk_buff *skb, __u8 ecn)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;
	__u8 word[4];

	if ((void *)(eth + 1) > data_end)
		return -EINVAL;
	if (eth->h_proto != bpf_htons(ETH_P_IPV6)) {
		xv_ecn_write(eth, data_end, ecn);
		return 0;
	}
	if (bpf_skb_load_bytes(skb, ETH_HLEN, word, sizeof(word)))
		return -EINVAL;
	word[1] = (word[1] & ~(XV_ECN_MASK << 4)) | ecn << 4;
	return bpf_skb_store_bytes(skb, ETH_HLEN, word, sizeof(word), BPF_F_RECOMPUTE_CSUM);
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
	if (unlikely(d->ecn) && strip_ecn(skb, d->ecn))
		return XV_DROP(NO_MEMORY);
	return XV_PATH_TC_DECAP;
}

/* Of an outer tag that the kernel keeps beside the frame: in the frame xv_parse_outer() sees it. */
static __always_inline int strip_tag_is_own(const struct __sk_buff *skb)
{
	const struct xv_config_val *cfg = xv_config_get();

	return cfg && xv_tag_is_own(cfg, skb->vlan_proto, skb->vlan_tci);
}

/*
 * Whether a merged frame may be stripped as it is. The kernel then goes on taking it for a tunnel's
 * (SKB_GSO_UDP_TUNNEL, skb->encapsulation; up to Linux 6.18 nothing takes these marks off), and
 * cuts it with them where a socket or device wants single packets: TCP comes out right, UDP and
 * what is in lists of skbs do not. A device must not cut it by itself: veth does not.
 */
static __always_inline int strip_merged_ok(struct __sk_buff *skb, const struct xv_decap *d)
{
	return d->tcp && d->dev->flags & XV_PORT_GSO_DECAP && !xv_gso_is_list(skb);
}

static __always_inline int xv_strip_tc(struct __sk_buff *skb, struct xv_tally *tally, int *action)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	int ret, merged = skb->gso_size > 0;
	struct xv_decap d = {};

	if (skb->vlan_present && !strip_tag_is_own(skb))
		return XV_PATH_TC_PASS;
	if (data + XV_TC_HEADERS > data_end && skb->len > data_end - data && !merged) {
		/* Headers are in page fragments. Failure is fine: less can be read. */
		bpf_skb_pull_data(skb, skb->len < XV_TC_HEADERS ? skb->len : XV_TC_HEADERS);
		data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
	}
	ret = xv_decap_decide(data, data_end, skb->len, merged, tally->stats, &d);
	if (ret == XV_DECAP_PASS)
		xv_pmtu_look(skb, data, data_end);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? xv_decap_drop(&d, ret, tally) : XV_PATH_TC_PASS;
	if (merged && !strip_merged_ok(skb, &d))
		return XV_PATH_TC_PASS;
	ret = strip_skb(skb, &d);
	if (ret == XV_PATH_TC_PASS)
		return ret;
	/* the underlay's tag: it was the outer header's */
	if (ret >= 0 && skb->vlan_present && bpf_skb_vlan_pop(skb))
		ret = XV_DROP(NO_MEMORY);
	if (ret < 0)
		return xv_decap_drop(&d, ret, tally);
	tally->bytes = xv_gso_bytes(skb, tally->packets);
	ret = xv_deliver_port(skb, d.dev, XV_PATH_TC_DECAP, action);
	if (ret < 0)
		return xv_decap_drop(&d, ret, tally);
	xv_decap_count(&d, tally);
	return ret;
}

#endif
