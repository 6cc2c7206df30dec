/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bucket table in memory, slot by slot, on which the other files of the table build. See
 * table.h.
 */
#ifndef XV_DAEMON_TABLE_SLOT_H
#define XV_DAEMON_TABLE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps/table_counts.h"
#include "xv_table.h"

enum {
	TABLE_TWINS = 4096, /* entries that move at the same time */
	TABLE_NONE = -1,    /* no slot */
};

/* A slot's number is bucket * XV_TABLE_SLOTS + its place in the bucket. */

/* An entry that moves. First it has two copies, then its old slot is spent. */
struct table_twin {
	uint64_t key;
	uint32_t from; /* the old slot */
	bool taken;    /* `from` is spent */
	bool closed;   /* the current grace period counts for it */
	bool dropped;  /* deleted meanwhile: both slots are in the list of spent slots */
};

struct xv_table {
	struct xv_table_head *head;
	struct xv_table_bucket *buckets;
	uint64_t mask, seed; /* copies of those in the head */
	size_t max_buckets, entries;
	int map_fd;    /* owned by the caller */
	void *mapping; /* of the buckets in use; NULL: the caller's memory */
	size_t mapping_len;
	void (*synchronize)(void);

	uint32_t *spent; /* each slot at most once: there is room for all slots */
	size_t n_spent, spent_closed;
	struct table_twin *twins;
	size_t n_twins, twins_copied; /* all moves, and those whose old copy is still there */
	size_t stale_buckets; /* buckets below this have keys at places of an old mask; 0: none */
	bool stale_closed;
	bool begun; /* a grace period has begun */

	struct table_step *steps; /* the search for room */
	struct xv_table_counts counts;
};

static inline uint64_t table_load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/*
 * Called after each store to the table, in a test that checks every state that a program may see or
 * a killed writer may leave. Otherwise NULL.
 */
extern void (*table_stored)(void);

static inline void table_note_store(void)
{
	if (table_stored)
		table_stored();
}

/* Release: no program sees this store before the stores that precede it. */
static inline void table_store(__u64 *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	table_note_store();
}

static inline __u64 *table_key(const struct xv_table *t, uint32_t slot)
{
	return &t->buckets[slot / XV_TABLE_SLOTS].key[slot % XV_TABLE_SLOTS].word;
}

static inline struct xv_fdb_word *table_word(const struct xv_table *t, uint32_t slot)
{
	return &t->buckets[slot / XV_TABLE_SLOTS].val[slot % XV_TABLE_SLOTS];
}

static inline bool table_slot_free(const struct xv_table *t, uint32_t slot)
{
	return !table_load(table_key(t, slot)) && !table_load(&table_word(t, slot)->word);
}

static inline bool table_slot_spent(const struct xv_table *t, uint32_t slot)
{
	return !table_load(table_key(t, slot)) && table_load(&table_word(t, slot)->word);
}

struct table_place {
	uint32_t first, second; /* buckets */
};

static inline struct table_place table_place(const struct xv_table *t, uint64_t key)
{
	uint64_t hash = xv_table_hash(key, t->seed);

	return (struct table_place){xv_table_first(hash, t->mask), xv_table_second(hash, t->mask)};
}

/* Slot of the key in a bucket, or TABLE_NONE. */
long table_find(const struct xv_table *t, uint32_t bucket, uint64_t key);
/* First free slot of a bucket, or TABLE_NONE. */
long table_find_free(const struct xv_table *t, uint32_t bucket);
/* Step 1 of table.h. */
void table_fill(struct xv_table *t, uint32_t slot, uint64_t key, uint64_t word);
/* Step 3 of table.h; puts the slot into the list of spent slots. */
void table_take_away(struct xv_table *t, uint32_t slot);
/* Raises the entry's last_seen to seen, unless that is older or there is no such entry. */
void table_raise(struct xv_table *t, uint64_t key, uint32_t seen);
/* Whether the slot's key is at a place of the current mask. */
bool table_in_place(const struct xv_table *t, uint32_t slot);
/*
 * Maps so many buckets instead of those mapped before. Contents stay the same. 0; or negative
 * errno, and nothing has changed.
 */
int table_map(struct xv_table *t, size_t buckets);

#endif
