/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame as decisions see it, the same under XDP and TC: what can be read of it, how long it is,
 * and what it counts as. Only the acts know the program's context (struct xdp_md, struct
 * __sk_buff).
 */
#ifndef XV_BPF_FRAME_H
#define XV_BPF_FRAME_H

#include "count.h"

struct xv_frame {
	void *data, *data_end; /* its first bytes, which can be read; the rest is in fragments */
	__u32 len;	       /* bytes, with those in fragments */
	int merged;	       /* it was made of several, and len is longer than any on the wire */
	struct xv_tally tally; /* tally.stats NULL: see xv_count_here() */
};

/* An XDP frame of len bytes. */
static __always_inline struct xv_frame xv_frame_of_xdp(struct xdp_md *ctx, __u32 len)
{
	struct xv_frame f = {
		.data = xv_ctx_ptr(ctx->data),
		.data_end = xv_ctx_ptr(ctx->data_end),
		.len = len,
		.tally = {.stats = xv_count_here(), .packets = 1, .bytes = len},
	};

	return f;
}

/* Whether a part of the frame is in fragments, where data and data_end do not reach. */
static __always_inline int xv_frame_has_frags(const struct xv_frame *f)
{
	return f->len > (__u32)(f->data_end - f->data);
}

#endif
