/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by both sides of the sink: the frame it caught. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <linux/types.h>

enum bench_sink_limits {
	SINK_FRAME_MAX = 2048,
	SINK_LENS = 8,
	SINK_COUNTED = 0, /* frames of an expected length */
	SINK_OTHER = 1,	  /* anything else: ARP and the like of the host under test */
	SINK_COUNTERS = 2,
};

struct sink_capture {
	__u32 armed; /* 1: copy the next counted frame; the program clears it */
	__u32 len;
	__u8 bytes[SINK_FRAME_MAX];
};

#endif
