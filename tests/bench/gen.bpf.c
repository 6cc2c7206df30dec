// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends every live frame it is run on out of one device. The kernel recycles the pages of live
 * frames without restoring what a contender wrote into them (a stripped or moved header), so the
 * headers are written anew each time. That cost, and that of reading the next variant in turn, is
 * the generator's: the same for every contender.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "gen.h"

enum {
	OUTER_SPORT = 34, /* offsets in a VXLAN frame over IPv4 */
	OUTER_VNI = 46,
	INNER_PORTS = 34, /* of UDP over IPv4, from the inner Ethernet header */
	INNER_LEN = 42,
};

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} gen_tx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gen_variant);
} gen_variants SEC(".maps");

const volatile struct gen_config gen_config;
__u64 gen_sent;

static __always_inline int write_head(struct xdp_md *ctx, __u32 n)
{
	void *end = (void *)(long)ctx->data_end;
	__u64 *to = (void *)(long)ctx->data;
	__u32 words;

	if (n >= GEN_TEMPLATES)
		return -1;
	words = gen_config.templates[n].head / 8;
	for (__u32 i = 0; i < GEN_HEAD_MAX / 8; i++) {
		if (i >= words || (void *)(to + i + 1) > end)
			break;
		to[i] = gen_config.templates[n].bytes[i];
	}
	return 0;
}

static __always_inline int write_variant(struct xdp_md *ctx, const struct gen_variant *v)
{
	void *end = (void *)(long)ctx->data_end;
	void *to = (void *)(long)ctx->data;
	void *inner = to + (gen_config.inner & 63);

	if (inner + INNER_LEN > end)
		return -1;
	__builtin_memcpy(inner, v->dst, 12);
	__builtin_memcpy(inner + INNER_PORTS, v->sport, 4);
	if (gen_config.inner && to + OUTER_VNI + 3 <= end) {
		__builtin_memcpy(to + OUTER_SPORT, v->outer_sport, 2);
		__builtin_memcpy(to + OUTER_VNI, v->vni, 3);
	}
	return 0;
}

SEC("xdp")
int bench_gen(struct xdp_md *ctx)
{
	__u32 key = gen_sent & gen_config.mask, n = 0;
	const struct gen_variant *v = NULL;

	if (bpf_xdp_adjust_head(ctx, GEN_HEADROOM))
		return XDP_ABORTED;
	if (gen_config.mask) {
		v = bpf_map_lookup_elem(&gen_variants, &key);
		if (!v || v->template >= GEN_TEMPLATES)
			return XDP_ABORTED;
		n = v->template;
		if (gen_config.templates[n].len != gen_config.len &&
		    bpf_xdp_adjust_tail(ctx,
					(int)gen_config.templates[n].len - (int)gen_config.len))
			return XDP_ABORTED;
	}
	if (write_head(ctx, n) || (v && write_variant(ctx, v)))
		return XDP_ABORTED;
	gen_sent++;
	return bpf_redirect_map(&gen_tx, 0, 0);
}

char _license[] SEC("license") = "GPL";
