// SPDX-License-Identifier: GPL-2.0-only
/* Counts frames by CPU and drops them, in XDP or at TC ingress; copies one out on request. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
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

static int is_counted(__u32 len)
{
	for (int i = 0; i < SINK_LENS; i++) {
		if (len == sink_lens[i])
			return 1;
	}
	return 0;
}

/* Counts a frame; its length if it is to be copied out, else 0. */
static __always_inline __u32 count(__u32 len)
{
	__u32 key = is_counted(len) ? SINK_COUNTED : SINK_OTHER;
	__u64 *counter = bpf_map_lookup_elem(&sink_count, &key);

	if (counter)
		(*counter)++;
	if (key != SINK_COUNTED || !sink_capture.armed)
		return 0;
	sink_capture.armed = 0;
	return len <= SINK_FRAME_MAX ? len : 0;
}

SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	__u32 len = count(ctx->data_end - ctx->data);

	if (len && !bpf_xdp_load_bytes(ctx, 0, sink_capture.bytes, len))
		sink_capture.len = len;
	return XDP_DROP;
}

SEC("tc")
int bench_sink_tc(struct __sk_buff *skb)
{
	__u32 len = count(skb->len);

	if (len && !bpf_skb_load_bytes(skb, 0, sink_capture.bytes, len))
		sink_capture.len = len;
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
