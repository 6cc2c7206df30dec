// SPDX-License-Identifier: GPL-2.0-only
/*
 * The do-nothing contender: what comes in on one device leaves through another, unread. And what
 * only takes off an outer header it knows to be there, which no decapsulation can do without.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} floor_tx SEC(".maps");

enum {
	OUTER_LEN = 50, /* Ethernet, IPv4, UDP, VXLAN */
};

struct eth {
	__u8 bytes[14];
} __attribute__((packed, aligned(2)));

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

SEC("xdp")
int bench_strip(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, OUTER_LEN))
		return XDP_DROP;
	return bpf_redirect_map(&floor_tx, 0, 0);
}

/* Room can be taken away behind the Ethernet header only: the inner one takes the outer's place. */
SEC("tc")
int bench_strip_tc(struct __sk_buff *skb)
{
	struct eth *outer = (void *)(long)skb->data, *inner = (void *)outer + OUTER_LEN, eth;

	if ((void *)(inner + 1) > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	eth = *inner;
	if (bpf_skb_adjust_room(skb, -OUTER_LEN, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return TC_ACT_SHOT;
	outer = (void *)(long)skb->data;
	if ((void *)(outer + 1) > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	*outer = eth;
	return bpf_redirect_peer(floor_to[skb->ingress_ifindex == floor_to[0]], 0);
}

char _license[] SEC("license") = "GPL";
