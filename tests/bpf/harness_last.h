/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets dropped last (xv_drop_last). */
#ifndef HARNESS_LAST_H
#define HARNESS_LAST_H

#include "harness.h"

/* Forgets those of all reasons and CPUs. */
void last_clear(struct xvtep_bpf *skel);
/* On every CPU. */
void last_put(struct xvtep_bpf *skel, __u32 reason, const struct xv_drop_last_val *last);
/* The latest; from is XV_DROP_FROM_NONE if there is none. */
struct xv_drop_last_val last_of(struct xvtep_bpf *skel, __u32 reason);
/* 0 if it is of the frame from its byte at on, else -1 and what differs is printed. */
int last_check(const struct xv_drop_last_val *last, enum xv_drop_from from, const struct frame *f,
	       __u32 at, const char *what);

#endif
