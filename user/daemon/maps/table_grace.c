// SPDX-License-Identifier: GPL-2.0-only
/*
 * The work of the bucket table that waits for grace periods, and its recovery after a killed
 * writer: see table.h.
 */
#include <string.h>

#include "maps/table_grace.h"
#include "maps/table_slot.h"

bool xv_table_grace_begin(struct xv_table *t)
{
	size_t i;

	if (t->begun)
		return true;
	if (!t->n_spent && !t->n_twins && !t->stale_buckets)
		return false;
	t->spent_closed = t->n_spent;
	for (i = 0; i < t->n_twins; i++)
		t->twins[i].closed = true;
	t->stale_closed = t->stale_buckets;
	t->begun = true;
	return true;
}

static void end_spent(struct xv_table *t)
{
	size_t i;

	for (i = 0; i < t->spent_closed; i++)
		table_store(&table_word(t, t->spent[i])->word, 0);
	t->n_spent -= t->spent_closed;
	memmove(t->spent, t->spent + t->spent_closed, t->n_spent * sizeof(*t->spent));
}

/* Continues a move. Returns whether the move has ended. */
static bool end_twin(struct xv_table *t, struct table_twin *twin)
{
	struct xv_fdb_word *word = table_word(t, twin->from);

	if (!twin->closed)
		return false;
	if (twin->dropped)
		return true;
	table_raise(t, twin->key, __atomic_load_n(&word->last_seen, __ATOMIC_RELAXED));
	if (twin->taken) {
		table_store(&word->word, 0);
		return true;
	}
	table_store(table_key(t, twin->from), 0);
	twin->taken = true;
	twin->closed = false;
	t->twins_copied--;
	return false;
}

static void end_twins(struct xv_table *t)
{
	size_t i, kept = 0;

	for (i = 0; i < t->n_twins; i++) {
		if (!end_twin(t, &t->twins[i]))
			t->twins[kept++] = t->twins[i];
	}
	t->n_twins = kept;
}

/* No program uses the old mask any more: erases the copies at old places. */
static void end_stale(struct xv_table *t)
{
	uint32_t slot, end = t->stale_buckets * XV_TABLE_SLOTS;
	struct xv_fdb_word *word;
	uint64_t key;

	for (slot = 0; slot < end; slot++) {
		key = table_load(table_key(t, slot));
		if (!key || table_in_place(t, slot))
			continue;
		word = table_word(t, slot);
		table_raise(t, key, __atomic_load_n(&word->last_seen, __ATOMIC_RELAXED));
		table_store(table_key(t, slot), 0);
		table_store(&word->word, 0);
	}
	t->stale_buckets = 0;
}

void xv_table_grace_end(struct xv_table *t)
{
	if (!t->begun)
		return;
	end_spent(t);
	end_twins(t);
	if (t->stale_closed)
		end_stale(t);
	t->begun = false;
}

void xv_table_settle(struct xv_table *t)
{
	while (xv_table_grace_begin(t)) {
		t->synchronize();
		xv_table_grace_end(t);
	}
}

/* Repairs a key that is in both of its buckets, or twice in one. */
static void repair_twin(struct xv_table *t, uint32_t slot, uint64_t key)
{
	struct table_place place = table_place(t, key);
	long first = table_find(t, place.first, key);

	if (slot / XV_TABLE_SLOTS == place.first && first == slot) {
		t->entries++;
		return;
	}
	if (first == TABLE_NONE && table_find(t, place.second, key) == slot) {
		t->entries++;
		return;
	}
	t->counts.twins++;
	if (first == TABLE_NONE || slot / XV_TABLE_SLOTS == place.first ||
	    t->n_twins == TABLE_TWINS) {
		table_take_away(t, slot); /* our writer never leaves this */
		return;
	}
	t->twins[t->n_twins++] = (struct table_twin){.key = key, .from = slot};
	t->twins_copied++;
}

static void repair_slot(struct xv_table *t, uint32_t slot)
{
	uint64_t key = table_load(table_key(t, slot));

	if (!key) {
		if (table_slot_spent(t, slot)) {
			t->spent[t->n_spent++] = slot;
			t->counts.spent++;
		}
		return;
	}
	if (!table_in_place(t, slot)) {
		t->stale_buckets = t->mask + 1;
		t->counts.misplaced++;
		return;
	}
	if (!table_word(t, slot)->dest) {
		table_take_away(t, slot);
		t->counts.misplaced++;
		return;
	}
	repair_twin(t, slot, key);
}

void table_repair(struct xv_table *t)
{
	uint32_t slot, end = (t->mask + 1) * XV_TABLE_SLOTS;

	for (slot = 0; slot < end; slot++)
		repair_slot(t, slot);
	/* No program looks behind the mask: keys there are from an interrupted growth. */
	for (end = t->max_buckets * XV_TABLE_SLOTS; slot < end; slot++) {
		if (table_slot_free(t, slot))
			continue;
		t->counts.misplaced += table_load(table_key(t, slot)) != 0;
		table_store(table_key(t, slot), 0);
		table_store(&table_word(t, slot)->word, 0);
	}
}
