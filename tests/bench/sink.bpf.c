// SPDX-License-Identifier: GPL-2.0-only
/* Counts frames by CPU and drops them; copies one out on request. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "sink.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SINK_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} sink_count SEC(".maps");

const volatile __u32 sink_lens[SINK_LENS]; /* only frames of these lengths count */
struct sink_capture sink_capture;

static void capture(struct xdp_md *ctx, __u32 len)
{
	sink_capture.armed = 0;
	if (!len || len > SINK_FRAME_MAX)
		return;
	if (!bpf_xdp_load_bytes(ctx, 0, sink_capture.bytes, len))
		sink_capture.len = len;
}

static int is_counted(__u32 len)
{
	for (int i = 0; i < SINK_LENS; i++) {
		if (len == sink_lens[i])
			return 1;
	}
	return 0;
}

SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data;
	__u32 key = is_counted(len) ? SINK_COUNTED : SINK_OTHER;
	__u64 *count = bpf_map_lookup_elem(&sink_count, &key);

	if (count)
		(*count)++;
	if (key == SINK_COUNTED && sink_capture.armed)
		capture(ctx, len);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
