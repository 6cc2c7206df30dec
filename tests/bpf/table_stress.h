/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the readers (table_stress.bpf.c) and the writer (test_table.c) of the stress test share. */
#ifndef TABLE_STRESS_H
#define TABLE_STRESS_H

#include "xv_table.h"

enum {
	STRESS_KEYS = 16384,  /* numbers of keys; how many are in use is a matter of the run */
	STRESS_LOOKUPS = 512, /* in one run of a program */
	STRESS_VERSIONS =
		4096 /* of a word: 12 bits of its dest; the others are a check on the key */
};

/* What a run is about. */
struct stress_setup {
	__u32 permanent; /* keys below this are always there */
	__u32 keys;	 /* keys below this come and go; from here to `ghosts` they never come */
	__u32 ghosts;
	__u32 short_wait; /* iterations of nothing between the loads of the slow program, */
	__u32 long_wait;  /* now and then, */
	__u32 hot_wait;	  /* and between the buckets of a key that is about to move */
};

/* What the programs count. All but the first two must stay 0. */
struct stress_counts {
	__u64 lookups, found;
	__u64 missed; /* a permanent key was not found */
	__u64 ghost;  /* a key was found that never was there */
	__u64 wrong;  /* a word of another key */
	__u64 later;  /* a word that became another key's under the program's hands */
	__u64 stale;  /* older than an update that had returned before */
};

static inline __attribute__((always_inline)) __u64 stress_key(__u32 i)
{
	return ((__u64)i * 0x10001 << 16) | 1;
}

static inline __u32 stress_number(__u64 key)
{
	return key >> 16 & 0xffff;
}

/* Thirteen bits that tell whose word it is, never all zero. */
static inline __attribute__((always_inline)) __u32 stress_check(__u32 i)
{
	return i * 2654435761u >> 20 | 1 << 12;
}

static inline __attribute__((always_inline)) __u32 stress_dest(__u32 i, __u32 version)
{
	return stress_check(i) << 12 | (version & (STRESS_VERSIONS - 1));
}

#endif
