/* SPDX-License-Identifier: GPL-2.0-only */
/* Verifier, compiler and kernel-version tricks, each with its symptom and when it may go. */
#ifndef XV_BPF_COMPAT_H
#define XV_BPF_COMPAT_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* UAPI of Linux 6.3; Debian 12 has the headers of 6.1. */
#define XV_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define XV_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#ifndef EINVAL
#define EINVAL 22
#endif
#ifndef ENODEV
#define ENODEV 19
#endif

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak; /* Linux 6.2, both */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* The kernel's list of functions that the verifier knows: says whether those are there. */
enum special_kfunc_type {
	KF_bpf_cast_to_kern_ctx,
	KF_bpf_rdonly_cast,
};

/* Of the kernel's struct xdp_buff, what we read. */
struct xdp_buff___xv {
	__u32 flags;
} __attribute__((preserve_access_index));

/* ... of struct sk_buff and what lies behind its buffer. 64 bits: headers are offsets. */
struct sk_buff___xv {
	unsigned char *head;
	unsigned int end;
	unsigned short mac_header, inner_network_header;
} __attribute__((preserve_access_index));

struct skb_shared_info___xv {
	unsigned int gso_type;
} __attribute__((preserve_access_index));

enum {
	XV_XDP_HAS_FRAGS = 1 << 0,     /* XDP_FLAGS_HAS_FRAGS */
	XV_SKB_GSO_FRAGLIST = 1 << 18, /* SKB_GSO_FRAGLIST */
	XV_SKB_GSO_TUNNELS = 0x0fc0,   /* SKB_GSO_GRE to SKB_GSO_UDP_TUNNEL_CSUM */
};

/*
 * Keeps clang from seeing what an integer was made of. It otherwise asks for the origin instead of
 * the value, and before Linux 6.3 the verifier does not connect the two when one was spilled
 * ("R1 offset is outside of the packet"). May go with the support of older kernels.
 */
#define xv_opaque(value) asm volatile("" : "+r"(value))

/* One load, not merged or repeated: for words that the daemon replaces while we read. */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

/*
 * ctx->data and friends are 32-bit in the UAPI. clang 14 may spill them as 32-bit values and lose
 * the packet-pointer type ("invalid mem access 'scalar'"); the asm keeps the load a 64-bit move.
 * May go with the support of clang 14.
 */
#define xv_ctx_ptr(field)                         \
	({                                        \
		void *p_ = (void *)(long)(field); \
		asm volatile("" : "+r"(p_));      \
		p_;                               \
	})

/*
 * Bytes of an XDP frame, fragments included. bpf_xdp_get_buff_len() tells them too, but every call
 * of a helper costs 5 to 10 ns where the CPU must not predict returns (AMD's SRSO, retbleed): so it
 * is asked only for a frame that has fragments. Before Linux 6.2 a program cannot see whether it
 * has.
 */
static __always_inline __u32 xv_xdp_len(struct xdp_md *ctx)
{
	if (bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_cast_to_kern_ctx)) {
		const struct xdp_buff___xv *xdp = bpf_cast_to_kern_ctx(ctx);

		if (likely(!(xdp->flags & XV_XDP_HAS_FRAGS)))
			return ctx->data_end - ctx->data;
	}
	return bpf_xdp_get_buff_len(ctx);
}

/* What the kernel says of a merged skb (SKB_GSO_*). 0 before Linux 6.2, where nobody can see it. */
static __always_inline __u32 gso_type(struct __sk_buff *ctx)
{
	const struct skb_shared_info___xv *info;
	const struct sk_buff___xv *skb;

	if (!bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast))
		return 0;
	skb = bpf_cast_to_kern_ctx(ctx);
	info = bpf_rdonly_cast(skb->head + skb->end,
			       bpf_core_type_id_kernel(struct skb_shared_info___xv));
	return info->gso_type;
}

/*
 * Whether a merged skb is a list of skbs, each with headers of its own (ethtool's rx-gro-list).
 * Where it cannot be seen, TCP is never merged so (it is since Linux 6.10).
 */
static __always_inline int xv_gso_is_list(struct __sk_buff *ctx)
{
	return !!(gso_type(ctx) & XV_SKB_GSO_FRAGLIST);
}

/* Offset of the IP header in the innermost tunnel of a merged skb. 0: no tunnel, or not seen. */
static __always_inline __u32 xv_gso_tunnel_ip(struct __sk_buff *ctx)
{
	const struct sk_buff___xv *skb;

	if (!(gso_type(ctx) & XV_SKB_GSO_TUNNELS))
		return 0;
	skb = bpf_cast_to_kern_ctx(ctx);
	return (__u16)(skb->inner_network_header - skb->mac_header);
}

/*
 * An offset that is known to be below 128, told to the verifier by masking it. A comparison does
 * not do before Linux 6.3: clang spills the value, compares one copy and uses the other, and the
 * verifier does not carry the bound over ("invalid access to packet", "R1 offset is outside of the
 * packet"). The asm keeps clang from proving the mask useless. May go with the support of older
 * kernels.
 */
static __always_inline __u64 xv_below_128(__u64 offset)
{
	asm volatile("%[o] &= 0x7f" : [o] "+r"(offset));
	return offset;
}

/* The same for one below 256. */
static __always_inline __u64 xv_below_256(__u64 offset)
{
	asm volatile("%[o] &= 0xff" : [o] "+r"(offset));
	return offset;
}

/*
 * Copies n bytes as 64-, 32- and 16-bit words. clang 14 copies from or to a packet byte by byte, as
 * it must assume alignment 1; every architecture we run on loads unaligned words.
 */
static __always_inline void xv_copy(void *to, const void *from, const __u32 n)
{
	__u64 *t8 = to;
	const __u64 *f8 = from;
	__u32 i;

#pragma unroll
	for (i = 0; i < n / 8; i++)
		t8[i] = f8[i];
	if (n & 4)
		*(__u32 *)(to + (n & ~7u)) = *(const __u32 *)(from + (n & ~7u));
	if (n & 2)
		*(__u16 *)(to + (n & ~3u)) = *(const __u16 *)(from + (n & ~3u));
}

#endif
