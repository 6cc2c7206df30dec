// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends every live frame it is run on out of one device. The kernel recycles the pages of live
 * frames without restoring what a contender wrote into them (a stripped or moved header), so the
 * headers are written anew each time. That cost is the generator's: the same for every contender.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "gen.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} gen_tx SEC(".maps");

const volatile struct gen_config gen_config;
__u64 gen_sent;

SEC("xdp")
int bench_gen(struct xdp_md *ctx)
{
	__u32 words = gen_config.head / 8;
	void *end;
	__u64 *to;

	if (bpf_xdp_adjust_head(ctx, GEN_HEADROOM))
		return XDP_ABORTED;
	to = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;

	for (__u32 i = 0; i < GEN_HEAD_MAX / 8; i++) {
		if (i >= words || (void *)(to + i + 1) > end)
			break;
		to[i] = gen_config.bytes[i];
	}
	gen_sent++;
	return bpf_redirect_map(&gen_tx, 0, 0);
}

char _license[] SEC("license") = "GPL";
