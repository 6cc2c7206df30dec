/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workarounds for the verifier, compilers and kernel versions: each with its symptom, and when it
 * may be removed.
 */
#ifndef XV_BPF_COMPAT_H
#define XV_BPF_COMPAT_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* From the UAPI headers of Linux 6.3; Debian 12 has those of 6.1. */
#define XV_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define XV_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#ifndef EINVAL
#define EINVAL 22
#endif
#ifndef ENODEV
#define ENODEV 19
#endif

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak; /* both: Linux 6.2 */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* Part of the kernel's list of kfuncs that the verifier knows: says whether these two exist. */
enum special_kfunc_type {
	KF_bpf_cast_to_kern_ctx,
	KF_bpf_rdonly_cast,
};

/* The members of the kernel's struct xdp_buff that are read. */
struct xdp_buff___xv {
	__u32 flags;
} __attribute__((preserve_access_index));

/*
 * The same for struct sk_buff and what is behind its buffer. On 64-bit kernels `end` and the
 * headers are offsets.
 */
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
 * Hides from clang how an integer was computed. Otherwise clang may use an earlier value that it
 * was computed from, and before Linux 6.3 the verifier does not connect the two if one was spilled
 * ("R1 offset is outside of the packet"). May be removed when older kernels are no longer
 * supported.
 */
#define xv_opaque(value) asm volatile("" : "+r"(value))

/* One load, neither merged nor repeated, of a word that the daemon may replace meanwhile. */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

/*
 * ctx->data and similar members are 32-bit in the UAPI. clang 14 may spill them as 32-bit values,
 * which loses the packet-pointer type ("invalid mem access 'scalar'"); the asm forces a 64-bit
 * move. May be removed when clang 14 is no longer supported.
 */
#define xv_ctx_ptr(field)                         \
	({                                        \
		void *p_ = (void *)(long)(field); \
		asm volatile("" : "+r"(p_));      \
		p_;                               \
	})

/*
 * Length of an XDP frame in bytes, fragments included. bpf_xdp_get_buff_len() gives it too, but a
 * helper call costs 5 to 10 ns where the CPU must not predict returns (AMD's SRSO, retbleed). So it
 * is called only for frames with fragments, or before Linux 6.2, where a program cannot see whether
 * a frame has any.
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

/* The kernel's type of a merged skb (SKB_GSO_*). 0 before Linux 6.2: programs cannot read it. */
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
 * Whether a merged skb is a list of skbs, each with its own headers (ethtool's rx-gro-list). Before
 * Linux 6.2 this is not seen, but the kernel merges TCP that way only since Linux 6.10.
 */
static __always_inline int xv_gso_is_list(struct __sk_buff *ctx)
{
	return !!(gso_type(ctx) & XV_SKB_GSO_FRAGLIST);
}

/*
 * Offset of the IP header in the innermost tunnel of a merged skb. 0: it has no tunnel, or the type
 * cannot be read.
 */
static __always_inline __u32 xv_gso_tunnel_ip(struct __sk_buff *ctx)
{
	const struct sk_buff___xv *skb;

	if (!(gso_type(ctx) & XV_SKB_GSO_TUNNELS))
		return 0;
	skb = bpf_cast_to_kern_ctx(ctx);
	return (__u16)(skb->inner_network_header - skb->mac_header);
}

/*
 * An offset that is known to be below 128, shown to the verifier by masking. A comparison does not
 * work before Linux 6.3: clang spills the value, compares one copy and uses the other, and the
 * verifier does not transfer the bound ("invalid access to packet", "R1 offset is outside of the
 * packet"). The asm keeps clang from removing the mask. May be removed when older kernels are no
 * longer supported.
 */
static __always_inline __u64 xv_below_128(__u64 offset)
{
	asm volatile("%[o] &= 0x7f" : [o] "+r"(offset));
	return offset;
}

/* The same for an offset below 256. */
static __always_inline __u64 xv_below_256(__u64 offset)
{
	asm volatile("%[o] &= 0xff" : [o] "+r"(offset));
	return offset;
}

/*
 * Copies n bytes as 64-, 32- and 16-bit words. clang 14 copies packet data byte by byte, because it
 * must assume alignment 1; all supported architectures load unaligned words.
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
