// SPDX-License-Identifier: GPL-2.0-only
/* Slots of the bucket table: see table_slot.h. */
#include <errno.h>
#include <sys/mman.h>

#include "maps/table_slot.h"

void (*table_stored)(void);

long table_find(const struct xv_table *t, uint32_t bucket, uint64_t key)
{
	uint32_t slot = bucket * XV_TABLE_SLOTS, i;

	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		if (table_load(table_key(t, slot + i)) == key)
			return slot + i;
	}
	return TABLE_NONE;
}

long table_find_free(const struct xv_table *t, uint32_t bucket)
{
	uint32_t slot = bucket * XV_TABLE_SLOTS, i;

	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		if (table_slot_free(t, slot + i))
			return slot + i;
	}
	return TABLE_NONE;
}

void table_fill(struct xv_table *t, uint32_t slot, uint64_t key, uint64_t word)
{
	table_store(&table_word(t, slot)->word, word);
	table_store(table_key(t, slot), key);
}

void table_take_away(struct xv_table *t, uint32_t slot)
{
	table_store(table_key(t, slot), 0);
	t->spent[t->n_spent++] = slot;
}

bool table_in_place(const struct xv_table *t, uint32_t slot)
{
	struct table_place place = table_place(t, table_load(table_key(t, slot)));
	uint32_t bucket = slot / XV_TABLE_SLOTS;

	return bucket == place.first || bucket == place.second;
}

static void raise_slot(struct xv_table *t, long slot, uint32_t seen)
{
	__u32 *last_seen, old;

	if (slot == TABLE_NONE)
		return;
	last_seen = &table_word(t, slot)->last_seen;
	old = __atomic_load_n(last_seen, __ATOMIC_RELAXED);
	while (old < seen && !__atomic_compare_exchange_n(last_seen, &old, seen, false,
							  __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	table_note_store();
}

void table_raise(struct xv_table *t, uint64_t key, uint32_t seen)
{
	struct table_place place = table_place(t, key);

	raise_slot(t, table_find(t, place.second, key), seen);
	raise_slot(t, table_find(t, place.first, key), seen);
}

/*
 * Maps only the buckets in use: each mapped page of a BPF map counts as the process's memory,
 * whether it was touched or not.
 */
int table_map(struct xv_table *t, size_t buckets)
{
	size_t len = sizeof(struct xv_table_head) + buckets * sizeof(struct xv_table_bucket);
	void *memory;

	if (!t->mapping)
		return 0;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, t->map_fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	munmap(t->mapping, t->mapping_len);
	t->mapping = memory;
	t->mapping_len = len;
	t->head = memory;
	t->buckets = (struct xv_table_bucket *)memory + 1;
	return 0;
}
