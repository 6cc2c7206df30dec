// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes room in the bucket table: moves entries to their other bucket, or grows the table. See
 * table.h.
 */
#include <errno.h>

#include "maps/table_room.h"
#include "maps/table_slot.h"

enum {
	STEPS = 1024, /* buckets that a search reads, for chains of about five moves */
	GROW_LOAD = 2 /* entries for each bucket (of XV_TABLE_SLOTS) above which the table grows */
};

struct table_step {
	uint32_t bucket;
};

size_t table_steps_size(void)
{
	return STEPS * sizeof(struct table_step);
}

/* Whether a slot of the bucket is about to become free anyway. */
static bool becomes_free(const struct xv_table *t, uint32_t bucket)
{
	uint32_t slot = bucket * XV_TABLE_SLOTS;
	size_t i;

	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		if (table_slot_spent(t, slot + i))
			return true;
	}
	for (i = 0; t->twins_copied && i < t->n_twins; i++) {
		if (t->twins[i].from / XV_TABLE_SLOTS == bucket)
			return true;
	}
	return false;
}

static void move(struct xv_table *t, uint32_t from, uint32_t to)
{
	struct table_twin *twin = &t->twins[t->n_twins++];

	*twin = (struct table_twin){.key = table_load(table_key(t, from)), .from = from};
	t->twins_copied++;
	t->counts.moves++;
	table_fill(t, to, twin->key, table_load(&table_word(t, from)->word));
}

/*
 * Looks for a free slot in the other buckets of a bucket's entries, and moves one entry there.
 * -EAGAIN: an entry was moved, or a slot is about to become free. 0: neither, and these buckets are
 * added to the search. *moving: set if an entry is moving already, and so cannot be moved now.
 */
static int expand(struct xv_table *t, uint32_t bucket, size_t *n, bool *moving)
{
	uint32_t slot = bucket * XV_TABLE_SLOTS, end = slot + XV_TABLE_SLOTS, other;
	struct table_place place;
	uint64_t key;
	long to;

	for (; slot < end; slot++) {
		key = table_load(table_key(t, slot));
		place = table_place(t, key);
		other = bucket == place.first ? place.second : place.first;
		if (!key)
			continue;
		if (table_find(t, other, key) != TABLE_NONE) {
			*moving = true;
			continue;
		}
		to = table_find_free(t, other);
		if (to != TABLE_NONE) {
			move(t, slot, to);
			return -EAGAIN;
		}
		if (becomes_free(t, other))
			return -EAGAIN;
		if (*n < STEPS)
			t->steps[(*n)++].bucket = other;
	}
	return 0;
}

static bool crowded(const struct xv_table *t, size_t n)
{
	return n > (t->mask + 1) * GROW_LOAD && t->mask + 1 != t->max_buckets;
}

/*
 * Searches breadth first, so that the fewest entries move. Of a chain of moves only the last is
 * made, into a free slot. The next call, when that move has ended, finds the chain one shorter.
 */
int table_room_make(struct xv_table *t, uint64_t key)
{
	struct table_place place = table_place(t, key);
	bool moving = false;
	size_t n = 2, i;
	int ret = 0;

	if (t->stale_buckets || t->n_twins == TABLE_TWINS || becomes_free(t, place.first) ||
	    becomes_free(t, place.second))
		return -EAGAIN;
	/*
	 * The table cannot grow while entries move, so no move is begun that growing will make
	 * needless.
	 */
	if (t->twins_copied && crowded(t, t->entries + 1))
		return -EAGAIN;
	t->steps[0].bucket = place.first;
	t->steps[1].bucket = place.second;
	for (i = 0; i < n && !ret; i++)
		ret = expand(t, t->steps[i].bucket, &n, &moving);
	return ret ?: moving ? -EAGAIN : -ENOSPC;
}

/*
 * Copies a bucket's keys to their places under the wider mask: the same slot of a bucket behind the
 * old mask.
 */
static void split(struct xv_table *t, uint32_t bucket, uint64_t mask)
{
	uint32_t slot = bucket * XV_TABLE_SLOTS, end = slot + XV_TABLE_SLOTS, to;
	uint64_t key, hash;

	for (; slot < end; slot++) {
		key = table_load(table_key(t, slot));
		if (!key)
			continue;
		hash = xv_table_hash(key, t->seed);
		to = xv_table_first(hash, t->mask) == bucket ? xv_table_first(hash, mask)
							     : xv_table_second(hash, mask);
		if (to != bucket)
			table_fill(t, to * XV_TABLE_SLOTS + slot % XV_TABLE_SLOTS, key,
				   table_load(&table_word(t, slot)->word));
	}
}

void table_room_grow(struct xv_table *t, size_t n)
{
	uint64_t buckets = t->mask + 1, bucket;

	if (!crowded(t, n) || t->stale_buckets || t->twins_copied)
		return;
	while (buckets < t->max_buckets && n > buckets * GROW_LOAD)
		buckets *= 2;
	if (table_map(t, buckets))
		return; /* no memory: the table stays crowded */
	for (bucket = 0; bucket <= t->mask; bucket++)
		split(t, bucket, buckets - 1);
	t->stale_buckets = t->mask + 1;
	t->stale_closed = false;
	t->mask = buckets - 1;
	t->counts.growths++;
	table_store(&t->head->mask, t->mask);
}

int xv_table_reserve(struct xv_table *t, size_t n)
{
	table_room_grow(t, n);
	return n <= (t->mask + 1) * GROW_LOAD || t->mask + 1 == t->max_buckets ? 0 : -EAGAIN;
}
