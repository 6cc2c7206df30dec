// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datapath's work on one frame, followed by its inverse, so that a run leaves the frame as it
 * was and can be repeated; and the same moves of the frame without the work. Room for an outer
 * header is made without telling the kernel of a tunnel: an skb that has been told once refuses.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define bpf_skb_adjust_room(skb, len, mode, flags) \
	bpf_skb_adjust_room(skb, len, mode, ((void)(flags), BPF_F_ADJ_ROOM_FIXED_GSO))

#include "decap_xdp.h"
#include "encap_tc.h"
#include "encap_xdp.h"

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
	struct xv_frame f = xv_frame_of_xdp(ctx, xv_xdp_len(ctx));
	struct xv_decap d = {};
	int verdict;

	if (!f.tally.stats)
		return XDP_ABORTED;
	verdict = xv_decap_decide(&f, &d) ?: xv_decap_act_xdp(ctx, &f, &d);
	if (verdict != XV_PATH_XDP_REDIRECT) {
		failed++;
		return XDP_ABORTED;
	}
	xv_count_path(verdict, &f.tally);
	return put_back(ctx);
}

SEC("xdp.frags")
int cost_decap_moves(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, XV_ENCAP4_LEN) ? XDP_ABORTED : put_back(ctx);
}

SEC("xdp.frags")
int cost_encap_xdp(struct xdp_md *ctx)
{
	struct xv_frame f = xv_frame_of_xdp(ctx, xv_xdp_len(ctx));
	struct xv_encap e = {};
	int verdict;

	if (!f.tally.stats)
		return XDP_ABORTED;
	verdict = xv_encap_decide_xdp(&f, ctx->ingress_ifindex, &e)
			  ?: xv_encap_act_xdp(ctx, &f, &e);
	if (verdict != XV_PATH_PORT_ENCAP || bpf_xdp_adjust_head(ctx, XV_ENCAP4_LEN)) {
		failed++;
		return XDP_ABORTED;
	}
	xv_count_path(verdict, &f.tally);
	return XDP_PASS;
}

SEC("xdp.frags")
int cost_encap_xdp_moves(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -XV_ENCAP4_LEN) || bpf_xdp_adjust_head(ctx, XV_ENCAP4_LEN))
		return XDP_ABORTED;
	return XDP_PASS;
}

static __always_inline int take_off(struct __sk_buff *skb)
{
	void *data;

	if (bpf_skb_adjust_room(skb, -XV_ENCAP4_LEN, BPF_ADJ_ROOM_MAC, 0))
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
	struct xv_frame f = xv_frame_of_skb(skb);
	struct xv_encap e = {};
	int action, verdict;

	if (!f.tally.stats)
		return 2;
	verdict = xv_encap_decide_skb(skb, &f, &e) ?: xv_encap_act_tc(skb, &f, &e, &action);
	if (verdict != XV_PATH_ENCAP) {
		failed++;
		return 2;
	}
	xv_count_path(verdict, &f.tally);
	return take_off(skb);
}

SEC("tc")
int cost_encap_moves(struct __sk_buff *skb)
{
	if (bpf_skb_adjust_room(skb, XV_ENCAP4_LEN, BPF_ADJ_ROOM_MAC, 0))
		return 2;
	return take_off(skb);
}
