/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the benchmark of the bucket table and its programs share. */
#ifndef TABLE_BENCH_H
#define TABLE_BENCH_H

#include "xv_table.h"

enum {
	BENCH_KEYS = 1000000,
	BENCH_STEPS = 1000, /* lookups in one run of a program */
};

/* Number i as a random MAC address in network 1; no two are equal. */
static inline __attribute__((always_inline)) __u64 bench_key(__u64 i)
{
	return (i * 0x9e3779b97f4bULL) << 16 | 1;
}

#endif
