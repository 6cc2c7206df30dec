/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the wire, the act under TC: the outer header comes off the skb, which goes to its port.
 *
 * Nobody verifies an outer UDP checksum (RFC 7348, section 5 allows that). The skb carries the
 * kernel's notes of it, and perhaps the note that a NIC which never came was to fill it in
 * (CHECKSUM_PARTIAL): bpf_skb_adjust_room() drops them all (since Linux 6.1.5 and 6.2).
 */
#ifndef XV_BPF_DECAP_TC_H
#define XV_BPF_DECAP_TC_H

#include "decap.h"
#include "pmtu.h"

enum {
	/* Outer Ethernet, VLAN, IPv6, UDP, VXLAN; inner Ethernet, IPv6. */
	XV_TC_HEADERS = 14 + 4 + 40 + 8 + 8 + 14 + 40,
};

/*
 * Makes the frame's headers readable. XV_SLOW: the kernel keeps the outer VLAN tag beside the
 * frame, in skb->vlan_tci, and the tag is not one of this host's. (A tag that is still in the frame
 * is checked by xv_parse_outer().) Else 0.
 */
static __always_inline int decap_read(struct __sk_buff *skb, struct xv_frame *f)
{
	if (unlikely(skb->vlan_present)) {
		const struct xv_config_val *cfg = xv_config_get();

		if (!cfg || !xv_tag_is_own(cfg, skb->vlan_proto, skb->vlan_tci))
			return XV_SLOW;
	}
	if (f->data + XV_TC_HEADERS > f->data_end && xv_frame_has_frags(f) && !f->merged)
		xv_skb_pull(skb, f, XV_TC_HEADERS); /* failure is fine: less can be read */
	return 0;
}

/*
 * xv_decap_decide() for an skb. Where it leaves the frame to the kernel, the daemon hears of a
 * router's message in it that a packet to a peer was too large.
 */
static __always_inline int xv_decap_decide_skb(struct __sk_buff *skb, struct xv_frame *f,
					       struct xv_decap *d)
{
	int verdict = decap_read(skb, f);

	if (unlikely(verdict))
		return verdict;
	verdict = xv_decap_decide(f, d);
	if (verdict == XV_SLOW)
		xv_pmtu_look(skb, f->data, f->data_end);
	return verdict;
}

/*
 * Removes strip bytes behind the MAC header. inner: the protocol of the inner frame, which must
 * become the skb's, or a merged frame is lost when it is cut again. The kernel changes it to IPv4
 * or IPv6, since Linux 6.3; before (-EINVAL) a merged frame is given up. The caller changes it
 * where the kernel did not. 0 or an error.
 */
static __always_inline int strip_behind_mac(struct __sk_buff *skb, __u32 strip, __be16 inner)
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
 * Writes ecn into the IP header at the front of the stripped skb. In IPv4 the header's own checksum
 * makes up for the change. In IPv6 none does, so that the kernel's sum over the packet
 * (CHECKSUM_COMPLETE) has to follow. 0 or an error.
 */
static __always_inline int decap_ecn(struct __sk_buff *skb, struct xv_ethhdr *eth, void *data_end,
				     __u32 ecn)
{
	__u8 word[4];

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
 * What few frames need once they are stripped: ecn written into them, and a protocol (of the skb)
 * that strip_behind_mac() could not give. 0 or an error. A function that is called, as it is rare.
 */
__noinline int xv_decap_finish(struct __sk_buff *skb, __u32 ecn)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;

	if ((void *)(eth + 1) > data_end)
		return -EINVAL;
	if (eth->h_proto != (__be16)skb->protocol) {
		if (xv_skb_retype(skb))
			return -EINVAL;
		eth = data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
		if ((void *)(eth + 1) > data_end)
			return -EINVAL;
	}
	return ecn ? decap_ecn(skb, eth, data_end, ecn) : 0;
}

/*
 * Takes the outer header off. The kernel removes bytes behind the MAC header, so that the outer MAC
 * header stays, and is overwritten with the inner one. 0; a drop; or XV_SLOW: the kernel would not,
 * and nothing is changed.
 */
static __always_inline int strip_skb(struct __sk_buff *skb, const struct xv_decap *d)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *inner, eth __attribute__((aligned(8)));

	inner = data + xv_below_128(d->strip);
	if ((void *)(inner + 1) > data_end)
		return XV_SLOW;
	xv_copy(&eth, inner, sizeof(eth));
	if (strip_behind_mac(skb, d->strip, eth.h_proto))
		return XV_SLOW;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (data + sizeof(eth) > data_end)
		return XV_DROP(NO_MEMORY);
	xv_copy(data, &eth, sizeof(eth));
	if (unlikely(d->ecn | (eth.h_proto ^ (__be16)skb->protocol)) &&
	    xv_decap_finish(skb, d->ecn))
		return XV_DROP(NO_MEMORY);
	return 0;
}

/*
 * Whether a merged frame may be stripped as it is. The kernel then goes on taking it for a tunnel's
 * (SKB_GSO_UDP_TUNNEL, skb->encapsulation; up to Linux 6.18 nothing takes these marks off), and
 * cuts it with them where a socket or device wants single packets. TCP comes out right. UDP does
 * not, nor what is a list of skbs. A device must not cut the frame by itself; veth does not.
 */
static __always_inline int strip_merged_ok(struct __sk_buff *skb, const struct xv_decap *d)
{
	return d->tcp && d->dev->flags & XV_PORT_GSO_DECAP && !xv_gso_is_list(skb);
}

/*
 * Does what xv_decap_decide() decided with 0. XV_PATH_TC_DECAP, with what the program returns in
 * *action; XV_SLOW; or a drop.
 */
static __always_inline int xv_decap_act_tc(struct __sk_buff *skb, struct xv_frame *f,
					   const struct xv_decap *d, int *action)
{
	int ret;

	if (unlikely(f->merged) && !strip_merged_ok(skb, d))
		return XV_SLOW;
	ret = strip_skb(skb, d);
	if (ret)
		return ret;
	if (skb->vlan_present && bpf_skb_vlan_pop(skb)) /* the outer header's tag */
		return XV_DROP(NO_MEMORY);
	f->tally.bytes = xv_gso_bytes(skb, f->tally.packets);
	ret = xv_skb_deliver(skb, d->dev, XV_PATH_TC_DECAP, action);
	if (ret >= 0)
		xv_decap_count(d, &f->tally);
	return ret;
}

#endif
