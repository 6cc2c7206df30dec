// SPDX-License-Identifier: GPL-2.0-only
/* Finds, inserts, changes, deletes and walks entries of the bucket table: see table.h. */
#include <errno.h>
#include <stdlib.h>

#include "maps/table.h"
#include "maps/table_slot.h"

enum {
	ROUNDS = 64,	  /* attempts to make room before an insert fails */
	PREFER_BELOW = 3, /* a new key goes to its first bucket while that has fewer keys */
	CHUNK = 16,	  /* buckets that a walk reads at once */
	AHEAD = 8,	  /* entries whose buckets are prefetched ahead */
};

/* The slots of an entry's copies, in its first and second bucket; TABLE_NONE: no copy there. */
struct copies {
	long in[2];
};

static bool find_copies(const struct xv_table *t, uint64_t key, struct copies *c)
{
	struct table_place place = table_place(t, key);

	c->in[0] = c->in[1] = TABLE_NONE;
	if (!key)
		return false;
	c->in[0] = table_find(t, place.first, key);
	if (c->in[0] == TABLE_NONE || t->twins_copied)
		c->in[1] = table_find(t, place.second, key);
	return c->in[0] != TABLE_NONE || c->in[1] != TABLE_NONE;
}

static unsigned int count_used(const struct xv_table *t, uint32_t bucket)
{
	unsigned int used = 0, i;

	for (i = 0; i < XV_TABLE_SLOTS; i++)
		used += !table_slot_free(t, bucket * XV_TABLE_SLOTS + i);
	return used;
}

/*
 * Chooses the first bucket while it has room to spare, so that most lookups read one cache line;
 * else the emptier bucket, so that few pairs of buckets fill up. At half load 91 % of keys are in
 * their first bucket, and two inserts in ten thousand find both full.
 */
static long choose_slot(const struct xv_table *t, uint64_t key)
{
	struct table_place place = table_place(t, key);
	unsigned int used = count_used(t, place.first);

	if (used < PREFER_BELOW || used <= count_used(t, place.second))
		return table_find_free(t, place.first);
	return table_find_free(t, place.second);
}

int xv_table_insert(struct xv_table *t, uint64_t key, struct xv_fdb_word word)
{
	struct copies c;
	long slot;

	if (!key || !word.dest)
		return -EINVAL;
	if (find_copies(t, key, &c))
		return -EEXIST;
	table_room_grow(t, t->entries + 1);
	slot = choose_slot(t, key);
	if (slot == TABLE_NONE)
		return table_room_make(t, key);
	table_fill(t, slot, key, word.word);
	t->entries++;
	return 0;
}

void xv_table_prefetch(const struct xv_table *t, uint64_t key)
{
	struct table_place place = table_place(t, key);

	__builtin_prefetch(&t->buckets[place.first]);
	__builtin_prefetch(&t->buckets[place.second]);
}

size_t xv_table_insert_some(struct xv_table *t, struct xv_table_entry *entries, size_t n)
{
	size_t i, again = 0;

	for (i = 0; i < n; i++) {
		if (i + AHEAD < n && entries[i + AHEAD].result == -EAGAIN)
			xv_table_prefetch(t, entries[i + AHEAD].key);
		if (entries[i].result == -EAGAIN)
			entries[i].result = xv_table_insert(t, entries[i].key, entries[i].word);
		again += entries[i].result == -EAGAIN;
	}
	return again;
}

size_t xv_table_insert_many(struct xv_table *t, struct xv_table_entry *entries, size_t n)
{
	size_t i, again, failed = 0, round;

	for (i = 0; i < n; i++)
		entries[i].result = -EAGAIN;
	for (round = 0, again = n; again && round < ROUNDS; round++) {
		if (round)
			xv_table_settle(t);
		again = xv_table_insert_some(t, entries, n);
	}
	for (i = 0; i < n; i++) {
		if (entries[i].result == -EAGAIN)
			entries[i].result = -ENOSPC;
		failed += entries[i].result != 0;
	}
	return failed;
}

int xv_table_insert_wait(struct xv_table *t, uint64_t key, struct xv_fdb_word word)
{
	struct xv_table_entry entry = {.key = key, .word = word};

	xv_table_insert_many(t, &entry, 1);
	return entry.result;
}

int xv_table_update(struct xv_table *t, uint64_t key, struct xv_fdb_word word)
{
	struct copies c;
	int i;

	if (!key || !word.dest)
		return -EINVAL;
	if (!find_copies(t, key, &c))
		return -ENOENT;
	for (i = 1; i >= 0; i--) {
		if (c.in[i] != TABLE_NONE)
			table_store(&table_word(t, c.in[i])->word, word.word);
	}
	return 0;
}

int xv_table_update_dest(struct xv_table *t, uint64_t key, struct xv_fdb_word word)
{
	struct copies c;
	int i;

	if (!key || !word.dest)
		return -EINVAL;
	if (!find_copies(t, key, &c))
		return -ENOENT;
	for (i = 1; i >= 0; i--) {
		if (c.in[i] == TABLE_NONE)
			continue;
		__atomic_store_n(&table_word(t, c.in[i])->dest, word.dest, __ATOMIC_RELEASE);
		table_note_store();
	}
	return 0;
}

static void drop_twin(struct xv_table *t, uint64_t key)
{
	size_t i;

	for (i = 0; i < t->n_twins; i++) {
		if (t->twins[i].key != key || t->twins[i].taken || t->twins[i].dropped)
			continue;
		t->twins[i].dropped = true;
		t->twins_copied--;
		return;
	}
}

int xv_table_delete(struct xv_table *t, uint64_t key)
{
	struct copies c;
	int i;

	if (!find_copies(t, key, &c))
		return -ENOENT;
	for (i = 0; i < 2; i++) {
		if (c.in[i] != TABLE_NONE)
			table_take_away(t, c.in[i]);
	}
	if (c.in[0] != TABLE_NONE && c.in[1] != TABLE_NONE)
		drop_twin(t, key);
	t->entries--;
	return 0;
}

int xv_table_lookup(const struct xv_table *t, uint64_t key, struct xv_fdb_word *word)
{
	struct xv_fdb_word found[2] = {};
	struct copies c;
	int i, best;

	if (!find_copies(t, key, &c))
		return -ENOENT;
	for (i = 0; i < 2; i++) {
		if (c.in[i] != TABLE_NONE)
			found[i].word = table_load(&table_word(t, c.in[i])->word);
	}
	best = c.in[0] == TABLE_NONE;
	*word = found[best];
	if (found[!best].last_seen > word->last_seen)
		word->last_seen = found[!best].last_seen;
	return 0;
}

static int compare_from(const void *a, const void *b)
{
	const struct table_twin *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/*
 * A walk visits an entry that moves at its new slot. The moves are sorted by their old slot, so
 * that one cursor tells which slots to skip.
 */
static void sort_twins(struct xv_table *t)
{
	size_t i;

	if (t->n_twins)
		qsort(t->twins, t->n_twins, sizeof(*t->twins), compare_from);
	for (i = 0; i < t->n_twins; i++) {
		if (!t->twins[i].dropped)
			table_raise(t, t->twins[i].key, table_word(t, t->twins[i].from)->last_seen);
	}
}

/* Whether there is a newer copy of this slot's entry. */
static bool is_old_copy(const struct xv_table *t, uint32_t slot, size_t *cursor)
{
	while (*cursor < t->n_twins && t->twins[*cursor].from < slot)
		++*cursor;
	return (*cursor < t->n_twins && t->twins[*cursor].from == slot) ||
	       (slot < t->stale_buckets * XV_TABLE_SLOTS && !table_in_place(t, slot));
}

/* Lists the slots in use in CHUNK buckets from b on, without branches that cannot be predicted. */
static uint32_t list_used(const struct xv_table *t, uint32_t b, uint32_t used[])
{
	uint32_t end = b + CHUNK <= t->mask ? b + CHUNK : t->mask + 1, i, n = 0;

	for (; b < end; b++) {
		for (i = 0; i < XV_TABLE_SLOTS; i++) {
			used[n] = b * XV_TABLE_SLOTS + i;
			n += table_load(&t->buckets[b].key[i].word) != 0;
		}
	}
	return n;
}

int xv_table_walk(struct xv_table *t, int (*fn)(void *arg, uint64_t key, struct xv_fdb_word word),
		  void *arg)
{
	uint32_t used[CHUNK * XV_TABLE_SLOTS + 1], b, i, n;
	bool copies = t->n_twins || t->stale_buckets;
	struct xv_fdb_word word;
	size_t cursor = 0;
	uint64_t key;
	int ret;

	sort_twins(t);
	for (b = 0; b <= t->mask; b += CHUNK) {
		n = list_used(t, b, used);
		for (i = 0; i < n; i++) {
			key = table_load(table_key(t, used[i]));
			if (!key || (copies && is_old_copy(t, used[i], &cursor)))
				continue;
			word.word = table_load(&table_word(t, used[i])->word);
			ret = fn(arg, key, word);
			if (ret)
				return ret;
		}
	}
	return 0;
}

void xv_table_counts(const struct xv_table *t, struct xv_table_counts *counts)
{
	*counts = t->counts;
	counts->entries = t->entries;
	counts->buckets = t->mask + 1;
	counts->max_buckets = t->max_buckets;
	counts->waiting = t->n_spent + t->n_twins;
}
