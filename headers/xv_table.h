/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The forwarding database as a two-choice bucket table: a BPF array map (BPF_F_MMAPABLE) of 64-byte
 * elements, memory-mapped by the daemon. Element 0 is the head. Element 1 + b is bucket b, one
 * cache line with four keys and their values. A key is in its first or its second bucket, in any
 * slot. Both buckets follow from the key's hash, so a lookup reads at most two lines.
 *
 * Only the first mask + 1 buckets are in use. The mask grows with the number of entries, so that a
 * small table uses few pages: address translation costs more than the cache lines themselves.
 *
 * user/daemon/maps/table.h says how the table changes while programs read it without locks.
 */
#ifndef XV_TABLE_H
#define XV_TABLE_H

#include <linux/types.h>

#include "xv_abi.h"

enum xv_table_limits {
	XV_TABLE_SLOTS = 4,		/* in a bucket */
	XV_TABLE_BUCKETS = 1 << 19,	/* for XV_MAX_FDB entries, which fill half of all slots */
	XV_TABLE_MIN_BUCKETS = 1 << 8,	/* in use from the beginning: four pages */
	XV_TABLE_MAX_BUCKETS = 1 << 24, /* the hash has bits for so many */
};

/* (bd, MAC) as one word. 0 is an empty slot, so bd 0 must not be looked up. */
union xv_table_key {
	struct xv_fdb_key key;
	__u64 word;
};

/*
 * The value of a key. The daemon owns the first half, which is never zero, and replaces it in one
 * store, alone or together with last_seen. Programs store last_seen, and set XV_FDB_MOVING.
 */
struct xv_fdb_word {
	union {
		struct {
			__u32 dest; /* dst, kind, flags and moves */
			__u32 last_seen;
		};
		struct xv_fdb_val val;
		__u64 word;
	};
};

struct xv_table_head {
	__u64 mask; /* buckets in use - 1; 0: the table is not set up yet */
	__u64 seed;
	__u64 pad0[6];
};

struct xv_table_bucket {
	union xv_table_key key[XV_TABLE_SLOTS];
	struct xv_fdb_word val[XV_TABLE_SLOTS];
} __attribute__((aligned(64)));

/*
 * The hash needs two multiplications: with one, MAC addresses that count upwards fill some pairs of
 * buckets and leave others empty. The seed is secret, so that a tenant cannot choose MAC addresses
 * that fill another tenant's buckets. It is not a cryptographic hash.
 */
static inline __attribute__((always_inline)) __u64 xv_table_hash(__u64 key, __u64 seed)
{
	__u64 h = (key ^ seed) * 0x9e3779b97f4a7c15ULL;

	h ^= h >> 32;
	return h * 0xd6e8feb86659fd93ULL;
}

static inline __attribute__((always_inline)) __u64 xv_table_first(__u64 hash, __u64 mask)
{
	return hash >> 40 & mask;
}

/*
 * Never equals the first bucket: the two differ in the lowest bit. A growing mask adds high bits to
 * both.
 */
static inline __attribute__((always_inline)) __u64 xv_table_second(__u64 hash, __u64 mask)
{
	return (hash >> 40 ^ (hash >> 16 | 1)) & mask;
}

_Static_assert(sizeof(union xv_table_key) == 8, "ABI");
_Static_assert(sizeof(struct xv_fdb_word) == 8, "ABI");
_Static_assert(sizeof(struct xv_table_head) == 64, "ABI");
_Static_assert(sizeof(struct xv_table_bucket) == 64, "ABI");

#endif
