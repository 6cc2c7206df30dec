// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datapath's work on one frame, followed by its inverse, so that a run leaves the frame as it
 * was and can be repeated; and the same moves of the frame without the work.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "forward.h"
#include "strip.h"

char LICENSE[] SEC("license") = "GPL";

enum {
	HEAD = XV_ENCAP4_LEN + ETH_HLEN,
};

__u8 head[HEAD] __attribute__((aligned(8))); /* outer header and inner Ethernet header */
__u64 failed;

static __always_inline int put_back(struct xdp_md *ctx)
{
	void *data;

	if (bpf_xdp_adjust_head(ctx, -XV_ENCAP4_LEN))
		return XDP_ABORTED;
	data = xv_ctx_ptr(ctx->data);
	if (data + HEAD > xv_ctx_ptr(ctx->data_end))
		return XDP_ABORTED;
	xv_copy(data, head, HEAD);
	return XDP_PASS;
}

SEC("xdp.frags")
int cost_decap(struct xdp_md *ctx)
{
	struct xv_tally tally = {.stats = xv_stats_here(), .packets = 1};
	int verdict;

	if (!tally.stats)
		return XDP_ABORTED;
	verdict = xv_strip_xdp(ctx, &tally);
	xv_account(verdict, &tally);
	xv_last_xdp(ctx, verdict, XV_DROP_FROM_WIRE);
	if (verdict != XV_PATH_XDP_REDIRECT) {
		failed++;
		return XDP_ABORTED;
	}
	return put_back(ctx);
}

SEC("xdp.frags")
int cost_decap_moves(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, XV_ENCAP4_LEN) ? XDP_ABORTED : put_back(ctx);
}

static __always_inline int take_off(struct __sk_buff *skb)
{
	void *data;

	if (bpf_skb_adjust_room(skb, -XV_ENCAP4_LEN, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return 2;
	data = xv_ctx_ptr(skb->data);
	if (data + ETH_HLEN > xv_ctx_ptr(skb->data_end))
		return 2;
	xv_copy(data, head + XV_ENCAP4_LEN, ETH_HLEN);
	return 0;
}

SEC("tc")
int cost_encap(struct __sk_buff *skb)
{
	struct xv_tally tally = xv_skb_tally(skb, xv_stats_here());
	int action, verdict;

	if (!tally.stats)
		return 2;
	verdict = xv_forward_frame(skb, &tally, &action);
	xv_account(verdict, &tally);
	xv_last_skb(skb, verdict, XV_DROP_FROM_PORT);
	if (verdict != XV_PATH_ENCAP) {
		failed++;
		return 2;
	}
	return take_off(skb);
}

SEC("tc")
int cost_encap_moves(struct __sk_buff *skb)
{
	if (bpf_skb_adjust_room(skb, XV_ENCAP4_LEN, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
					BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) |
					BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4))
		return 2;
	return take_off(skb);
}
