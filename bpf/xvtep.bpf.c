// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs, in the order in which a packet meets them. From the wire: xv_decap or xv_decap_skb,
 * then xv_decap_tc, then xv_slow_rx. From a tenant: xv_port_encap, then xv_encap. Each does three
 * things:
 *
 *	decide	looks at the untouched frame, and says in a struct what is to be done
 *	act	does it
 *	exit	counts what became of the frame, notes the last drop, and tells the kernel
 *
 * What became of the frame is one number from the decision to the exit: see verdict.h. The daemon
 * gives every CPU counters before it attaches a program; on a CPU without, a program does nothing.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "decap_tc.h"
#include "decap_xdp.h"
#include "encap_tc.h"
#include "encap_xdp.h"
#include "drop.h"
#include "slow_rx.h"

char LICENSE[] SEC("license") = "GPL";

/* ---- from the wire, XDP on the underlay device ---- */

/* to: XV_TO() of where a frame that is dropped was for, or 0. */
static __always_inline int decap_exit(struct xdp_md *ctx, int verdict, __u32 to,
				      const struct xv_tally *tally)
{
	if (unlikely(verdict < 0)) {
		xv_drop_xdp(ctx, xv_verdict_to(verdict, to), XV_DROP_FROM_WIRE, tally->bytes);
		return XDP_DROP;
	}
	xv_count_path(verdict == XV_SLOW ? XV_PATH_XDP_PASS : verdict, tally);
	return verdict == XV_SLOW ? XDP_PASS : XDP_REDIRECT;
}

SEC("xdp.frags")
int xv_decap(struct xdp_md *ctx)
{
	struct xv_frame f = xv_frame_of_xdp(ctx, xv_xdp_len(ctx));
	struct xv_decap d = {};
	int verdict;

	if (!f.tally.stats)
		return XDP_PASS;
	verdict = xv_decap_decide(&f, &d);
	if (likely(!verdict))
		verdict = xv_decap_act_xdp(ctx, &f, &d);
	return decap_exit(ctx, verdict, d.to, &f.tally);
}

/*
 * Generic XDP runs on skbs, which may be merged ones, and cannot tell. So this program drops what
 * is bad, and leaves what is good to xv_decap_tc. It is one without fragments: for a program that
 * takes them the kernel copies the skb, and the copy has lost that it was merged (Linux 6.18: TCP
 * stalls).
 */
SEC("xdp")
int xv_decap_skb(struct xdp_md *ctx)
{
	struct xv_frame f = xv_frame_of_xdp(ctx, ctx->data_end - ctx->data);
	struct xv_decap d = {};
	int verdict;

	if (!f.tally.stats)
		return XDP_PASS;
	f.merged = 1; /* it may be */
	verdict = xv_decap_decide(&f, &d);
	return decap_exit(ctx, verdict ?: XV_SLOW, d.to, &f.tally);
}

/* ---- from the wire, TC ingress of the underlay device ---- */

/* As decap_exit(). action: what the program returns for a frame that took a path. */
static __always_inline int tc_exit(struct __sk_buff *skb, enum xv_drop_from from, int verdict,
				   __u32 to, int action, const struct xv_tally *tally)
{
	if (unlikely(verdict < 0)) {
		xv_drop_skb(skb, xv_verdict_to(verdict, to), from, tally->packets, tally->bytes);
		if (from != XV_DROP_FROM_WIRE && verdict == XV_DROP(PKT_TOO_BIG))
			return xv_too_big_answer(skb);
		return TC_ACT_SHOT;
	}
	xv_count_path(verdict == XV_SLOW ? XV_PATH_TC_PASS : verdict, tally);
	return verdict == XV_SLOW ? TC_ACT_UNSPEC : action;
}

SEC("tc")
int xv_decap_tc(struct __sk_buff *skb)
{
	struct xv_frame f = xv_frame_of_skb(skb);
	int action = TC_ACT_SHOT, verdict;
	struct xv_decap d = {};

	if (!f.tally.stats)
		return TC_ACT_UNSPEC;
	verdict = xv_decap_decide_skb(skb, &f, &d);
	if (likely(!verdict))
		verdict = xv_decap_act_tc(skb, &f, &d, &action);
	return tc_exit(skb, XV_DROP_FROM_WIRE, verdict, d.to, action, &f.tally);
}

/* ---- from the wire, through the slow path device ---- */

SEC("tc")
int xv_slow_rx(struct __sk_buff *skb)
{
	struct xv_tally tally = xv_skb_tally(skb, xv_count_here());
	int action = TC_ACT_SHOT, verdict;
	struct xv_slow_rx s = {};

	if (!tally.stats)
		return TC_ACT_SHOT;
	verdict = xv_slow_rx_decide(skb, &tally, &s);
	if (!verdict)
		verdict = xv_slow_rx_act(skb, &s, &tally, &action);
	return tc_exit(skb, XV_DROP_FROM_SLOW, verdict, s.decap.to, action, &tally);
}

/* ---- from a tenant, XDP on a port's device ---- */

SEC("xdp.frags")
int xv_port_encap(struct xdp_md *ctx)
{
	struct xv_frame f = xv_frame_of_xdp(ctx, xv_xdp_len(ctx));
	struct xv_encap e = {};
	int verdict;

	if (!f.tally.stats)
		return XDP_PASS;
	verdict = xv_encap_decide_xdp(&f, ctx->ingress_ifindex, &e);
	if (likely(!verdict))
		verdict = xv_encap_act_xdp(ctx, &f, &e);
	if (verdict == XV_SLOW) /* xv_encap is next, and counts the frame */
		return XDP_PASS;
	if (unlikely(verdict < 0)) {
		xv_drop_xdp(ctx, xv_verdict_to(verdict, xv_encap_dest(&e)), XV_DROP_FROM_PORT,
			    f.tally.bytes);
		return XDP_DROP;
	}
	xv_count_path(verdict, &f.tally);
	return XDP_REDIRECT;
}

/* ---- from a tenant, TC ingress of a port ---- */

SEC("tc")
int xv_encap(struct __sk_buff *skb)
{
	struct xv_frame f = xv_frame_of_skb(skb);
	int action = TC_ACT_SHOT, verdict;
	struct xv_encap e = {};

	if (!f.tally.stats)
		return TC_ACT_SHOT;
	verdict = xv_encap_decide_skb(skb, &f, &e);
	if (likely(!verdict))
		verdict = xv_encap_act_tc(skb, &f, &e, &action);
	return tc_exit(skb, XV_DROP_FROM_PORT, verdict, xv_encap_dest(&e), action, &f.tally);
}
