// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs, in the way of a packet: from the wire (xv_decap, xv_decap_tc, xv_slow_rx), then
 * from a tenant (xv_port_encap, xv_encap). Each does its work in one function that returns a
 * verdict, an enum xv_path or a drop, and turns it into XDP_* or TC_ACT_* at its one exit, where it
 * is counted. (Without counters, which never is, it does nothing.)
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "last.h"
#include "port_encap.h"
#include "slow.h"
#include "strip.h"

char LICENSE[] SEC("license") = "GPL";

/* ---- from the wire, XDP on the underlay device ---- */

static __always_inline int xdp_exit(struct xdp_md *ctx, int verdict, const struct xv_tally *tally)
{
	xv_account(verdict, tally);
	xv_last_xdp(ctx, verdict, XV_DROP_FROM_WIRE, tally->to);
	if (verdict < 0)
		return XDP_DROP;
	return verdict == XV_PATH_XDP_REDIRECT ? XDP_REDIRECT : XDP_PASS;
}

SEC("xdp.frags")
int xv_decap(struct xdp_md *ctx)
{
	struct xv_tally tally = {.stats = xv_stats_here(), .packets = 1};
	int verdict;

	if (!tally.stats)
		return XDP_PASS;
	verdict = xv_strip_xdp(ctx, &tally);
	return xdp_exit(ctx, verdict, &tally);
}

/*
 * Generic XDP runs on skbs, which may be merged ones, and cannot tell: it refuses what is bad and
 * leaves stripping to xv_decap_tc. Without fragments, because for a program that takes them the
 * kernel copies the skb, and the copy has lost that it was merged (Linux 6.18: TCP stalls).
 */
SEC("xdp")
int xv_decap_skb(struct xdp_md *ctx)
{
	struct xv_tally tally = {.stats = xv_stats_here(), .packets = 1};
	int verdict;

	if (!tally.stats)
		return XDP_PASS;
	verdict = xv_strip_generic(ctx, &tally);
	return xdp_exit(ctx, verdict, &tally);
}

/* ---- from the wire, TC ingress of the underlay device ---- */

static __always_inline int tc_exit(struct __sk_buff *skb, enum xv_drop_from from, int verdict,
				   int action, const struct xv_tally *tally)
{
	xv_account(verdict, tally);
	xv_last_skb(skb, verdict, from, tally->to);
	if (from != XV_DROP_FROM_WIRE && unlikely(verdict == XV_DROP(PKT_TOO_BIG)))
		return xv_too_big_answer(skb);
	if (verdict < 0)
		return TC_ACT_SHOT;
	return verdict == XV_PATH_TC_PASS ? TC_ACT_UNSPEC : action;
}

SEC("tc")
int xv_decap_tc(struct __sk_buff *skb)
{
	struct xv_tally tally = xv_skb_tally(skb, xv_stats_here());
	int action = TC_ACT_SHOT, verdict;

	if (!tally.stats)
		return TC_ACT_UNSPEC;
	verdict = xv_strip_tc(skb, &tally, &action);
	return tc_exit(skb, XV_DROP_FROM_WIRE, verdict, action, &tally);
}

/* ---- from the wire, through the slow path device ---- */

SEC("tc")
int xv_slow_rx(struct __sk_buff *skb)
{
	struct xv_tally tally = xv_skb_tally(skb, xv_stats_here());
	int action = TC_ACT_SHOT, verdict;

	if (!tally.stats)
		return TC_ACT_SHOT;
	verdict = xv_slow_frame(skb, &tally, &action);
	return tc_exit(skb, XV_DROP_FROM_SLOW, verdict, action, &tally);
}

/* ---- from a tenant, XDP on a port's device ---- */

SEC("xdp.frags")
int xv_port_encap(struct xdp_md *ctx)
{
	struct xv_tally tally = {.stats = xv_stats_here(), .packets = 1};
	int verdict;

	if (!tally.stats)
		return XDP_PASS;
	verdict = xv_port_frame(ctx, &tally);
	if (verdict == XV_PORT_PASS) /* xv_encap is next, and counts it */
		return XDP_PASS;
	xv_account(verdict, &tally);
	xv_last_xdp(ctx, verdict, XV_DROP_FROM_PORT, tally.to);
	return verdict < 0 ? XDP_DROP : XDP_REDIRECT;
}

/* ---- from a tenant, TC ingress of a port ---- */

SEC("tc")
int xv_encap(struct __sk_buff *skb)
{
	struct xv_tally tally = xv_skb_tally(skb, xv_stats_here());
	int action = TC_ACT_SHOT, verdict;

	if (!tally.stats)
		return TC_ACT_SHOT;
	verdict = xv_forward_frame(skb, &tally, &action);
	return tc_exit(skb, XV_DROP_FROM_PORT, verdict, action, &tally);
}
