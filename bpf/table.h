/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lookup in the bucket table of headers/xv_table.h, from XDP and TC, without locks. A key that is
 * in the table during the whole run of the program is found. The word that is returned belongs to
 * that key until the program returns, and may be read again and stamped until then.
 * user/daemon/maps/table.h explains why.
 */
#ifndef XV_BPF_TABLE_H
#define XV_BPF_TABLE_H

#include "compat.h"
#include "xv_table.h"

#define XV_TABLE_MAP(map_name, buckets, pin)           \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);      \
		__uint(max_entries, (buckets) + 1);    \
		__uint(map_flags, BPF_F_MMAPABLE);     \
		__uint(pinning, pin);                  \
		__type(key, __u32);                    \
		__type(value, struct xv_table_bucket); \
	} map_name SEC(".maps")

/*
 * The value must be loaded after its key. x86 and s390 keep loads in order. On other CPUs the
 * value's address is made to depend on the loaded key. (BPF has no acquire load before Linux 6.15
 * and clang 20.)
 */
#if defined(__TARGET_ARCH_x86) || defined(__TARGET_ARCH_s390)
#define xv_table_after(ptr, loaded) (ptr)
#else
#define xv_table_after(ptr, loaded)                    \
	({                                             \
		__u64 zero_ = (loaded);                \
		asm volatile("%0 &= 0" : "+r"(zero_)); \
		(typeof(ptr))((void *)(ptr) + zero_);  \
	})
#endif

/* Never returns NULL, but the verifier does not know that. */
static __always_inline const struct xv_table_head *xv_table_head(void *map)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(map, &index);
}

static __always_inline struct xv_table_bucket *xv_table_bucket(void *map, __u64 bucket)
{
	__u32 index = bucket + 1;

	return bpf_map_lookup_elem(map, &index);
}

/*
 * Compares the keys one after the other. Selecting the slot without branches was measured: it is
 * not faster with many keys, and 2 ns slower with few.
 */
static __always_inline struct xv_fdb_word *xv_table_find(struct xv_table_bucket *bucket, __u64 key)
{
	__u64 loaded;
	__u32 i;

#pragma unroll
	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		loaded = READ_ONCE(bucket->key[i].word);
		if (loaded == key)
			return xv_table_after(&bucket->val[i], loaded);
	}
	return NULL;
}

/* A lookup that has begun. */
struct xv_table_probe {
	union xv_table_key key;
	__u64 hash;
	__u64 mask;			/* the mask, loaded once for the lookup */
	struct xv_table_bucket *bucket; /* the first */
};

/*
 * Begins a lookup. map: the table; head: its xv_table_head(), which all lookups of a packet share;
 * key: a union xv_table_key as a word, bd not 0. Never returns 0, but the verifier does not know
 * that.
 */
static __always_inline int xv_table_begin(void *map, const struct xv_table_head *head, __u64 key,
					  struct xv_table_probe *probe)
{
	probe->key.word = key;
	probe->mask = READ_ONCE(head->mask);
	probe->hash = xv_table_hash(key, head->seed);
	probe->bucket = xv_table_bucket(map, xv_table_first(probe->hash, probe->mask));
	return !!probe->bucket;
}

/*
 * Begins to load the bucket of a lookup that is finished later. With many keys that load is a cache
 * miss, and the CPU would begin it only after it has predicted the slot of the key that is looked
 * up first.
 */
static __always_inline void xv_table_touch(const struct xv_table_probe *probe)
{
	__u64 touched;

	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(touched) : "r"(probe->bucket));
}

/* Finishes a lookup. Returns the key's word, or NULL. */
static __always_inline struct xv_fdb_word *xv_table_finish(void *map,
							   const struct xv_table_probe *probe)
{
	struct xv_fdb_word *word = xv_table_find(probe->bucket, probe->key.word);
	struct xv_table_bucket *bucket;

	if (word)
		return word;
	bucket = xv_table_bucket(map, xv_table_second(probe->hash, probe->mask));
	return bucket ? xv_table_find(bucket, probe->key.word) : NULL;
}

/*
 * Stores the time into a word. tick: xv_tick_now(). Stores only if it changes, so that the cache
 * line stays clean otherwise.
 */
static __always_inline void xv_table_stamp(struct xv_fdb_word *word, __u32 tick)
{
	if (READ_ONCE(word->last_seen) != tick)
		*(volatile __u32 *)&word->last_seen = tick;
}

#endif
