/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by both sides of the generator: what it sends. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

enum bench_gen_limits {
	GEN_FRAME_MAX = 2048, /* bytes of a frame */
	GEN_HEAD_MAX = 128,   /* bytes written anew into every frame; a multiple of 8 */
	GEN_TEMPLATES = 4,    /* frames of different sizes */
	/*
	 * Headroom in front of a frame beyond XDP's own 256 bytes: what is left of it after
	 * encapsulation must be those 256, or the veth of an XDP sink copies every skb, which no
	 * NIC would do.
	 */
	GEN_HEADROOM = 64,
};

struct gen_template {
	__u32 len;
	__u32 head; /* bytes to write, a multiple of 8, at most len */
	__u64 bytes[GEN_HEAD_MAX / 8];
};

struct gen_config {
	__u32 inner; /* offset of the inner Ethernet header: 0, or behind an IPv4 outer header */
	__u32 mask;  /* of the index into gen_variants; 0: every frame is template 0 as it is */
	__u32 len;   /* the longest template */
	__u32 pad0;
	struct gen_template templates[GEN_TEMPLATES];
};

/* What differs from frame to frame; a file of them is made by traffic.py. Wire byte order. */
struct gen_variant {
	__u8 dst[6]; /* inner Ethernet */
	__u8 src[6];
	__u8 sport[2]; /* inner UDP */
	__u8 dport[2];
	__u8 outer_sport[2];
	__u8 vni[3];
	__u8 template;
	__u8 pad0[2];
};

_Static_assert(sizeof(struct gen_variant) == 24, "traffic.py packs 24 bytes");

#endif
