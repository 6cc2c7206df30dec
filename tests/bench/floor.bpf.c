// SPDX-License-Identifier: GPL-2.0-only
/* The do-nothing contender: what comes in on one device leaves through another, unread. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} floor_tx SEC(".maps");

const volatile __u32 floor_to[2]; /* TC: ifindex a frame leaves through, by direction */

SEC("xdp")
int bench_floor(struct xdp_md *ctx)
{
	return bpf_redirect_map(&floor_tx, 0, 0);
}

SEC("tc")
int bench_floor_tc(struct __sk_buff *skb)
{
	return bpf_redirect(floor_to[skb->ingress_ifindex == floor_to[0]], 0);
}

/* To the other end of the device, in its namespace. */
SEC("tc")
int bench_floor_direct(struct __sk_buff *skb)
{
	return bpf_redirect_peer(floor_to[skb->ingress_ifindex == floor_to[0]], 0);
}

char _license[] SEC("license") = "GPL";
