/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time for last_seen, without asking the clock for every frame. The coarse clock moves only
 * with the kernel's timer tick, so that the clock is asked once a tick, and its answer kept. Asking
 * costs 15 ns where returns are expensive (xv_xdp_len()). Reading the tick is no call.
 */
#ifndef XV_BPF_CLOCK_H
#define XV_BPF_CLOCK_H

#include "compat.h"
#include "xv_abi.h"

/* Jiffies (low half) in the upper half, last_seen's time then in the lower: one word, one store. */
__u64 xv_clock __attribute__((aligned(64)));

/* CLOCK_MONOTONIC_COARSE in units of last_seen. */
static __always_inline __u32 xv_tick_now(void)
{
	__u64 known = READ_ONCE(xv_clock);
	__u32 jiffies = bpf_jiffies64(), tick;

	if (likely(known >> 32 == jiffies))
		return known;
	tick = bpf_ktime_get_coarse_ns() >> XV_SEEN_SHIFT;
	*(volatile __u64 *)&xv_clock = (__u64)jiffies << 32 | tick;
	return tick;
}

#endif
