/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by both sides of the generator: what it sends. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

enum bench_gen_limits {
	GEN_FRAME_MAX = 2048, /* bytes of a frame */
	GEN_HEAD_MAX = 128,   /* bytes written anew into every frame; a multiple of 8 */
	/*
	 * Headroom in front of a frame beyond XDP's own 256 bytes: what is left of it after
	 * encapsulation must be those 256, or the veth of an XDP sink copies every skb, which no
	 * NIC would do.
	 */
	GEN_HEADROOM = 64,
};

struct gen_config {
	__u32 head; /* bytes to write, a multiple of 8, at most the frame's length */
	__u32 pad0;
	__u64 bytes[GEN_HEAD_MAX / 8];
};

#endif
