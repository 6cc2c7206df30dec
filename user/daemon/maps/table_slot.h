/* SPDX-License-Identifier: GPL-2.0-only */
/* The bucket table in memory, slot by slot: what the other files of the table build on; see
 * table.h. */
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

/* Slots are numbered through: bucket * XV_TABLE_SLOTS + slot. */

/* An entry that moves: it has two copies, then the slot that it comes from is spent. */
struct table_twin {
	uint64_t key;
	uint32_t from; /* slot */
	bool taken;    /* `from` is spent */
	bool closed;   /* waits for the grace period that has begun */
	bool dropped;  /* deleted meanwhile: both slots are in the other list */
};

struct xv_table {
	struct xv_table_head *head;
	struct xv_table_bucket *buckets;
	uint64_t mask, seed; /* as in the head */
	size_t max_buckets, entries;
	int map_fd;    /* not ours */
	void *mapping; /* of the buckets in use alone; NULL: the caller's memory, all of it */
	size_t mapping_len;
	void (*synchronize)(void);

	uint32_t *spent; /* slots, each at most once: there is room for all of them */
	size_t n_spent, spent_closed;
	struct table_twin *twins;
	size_t n_twins, twins_copied; /* all, and those not taken yet */
	size_t stale_buckets;	      /* buckets below this hold keys under an old mask; 0: none */
	bool stale_closed;
	bool begun; /* a grace period */

	struct table_step *steps; /* search for room */
	struct xv_table_counts counts;
};

static inline uint64_t table_load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/*
 * Called after each store to the table, for the test that looks at every state that a program may
 * see and a killed writer leave. NULL otherwise.
 */
extern void (*table_stored)(void);

static inline void table_note_store(void)
{
	if (table_stored)
		table_stored();
}

/* Release: no store is seen, or happens, before the ones in front of it. */
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
/* Step 3: puts the slot into the list. */
void table_take_away(struct xv_table *t, uint32_t slot);
/* The entry's last_seen becomes seen unless it is newer. Nothing if there is no such entry. */
void table_raise(struct xv_table *t, uint64_t key, uint32_t seen);
/* Whether the slot's key stands where the present mask has it. */
bool table_in_place(const struct xv_table *t, uint32_t slot);
/* Maps so many buckets instead of those that were mapped; their contents are the same. 0 or
 * negative errno, and nothing changed. */
int table_map(struct xv_table *t, size_t buckets);

#endif
