/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every state of the bucket table that its writer's stores lead through. Random operations on a
 * small table, and the memory is recorded after each store. Over the record it is checked
 *
 *  - that a program whose loads fall between any of these states, as far as grace periods let it
 *    run, finds each key that is there throughout, and no other word than the key has meanwhile;
 *  - that a writer killed in any of these states leaves a table that the next one opens as it was
 *    before or after the operation that was cut; and if that one is killed while it mends, the
 * next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps/table.h"
#include "maps/table_slot.h"

enum {
	BUCKETS = 8,
	SLOTS = BUCKETS * XV_TABLE_SLOTS,
	KEYS = 34, /* more than there is room for */
	OPERATIONS = 600,
	STATES = 8000,
	MENDED = 256, /* states of mending one table */
	RUNS = 20,
};

/* The table, and between which contents of it the operation lies. */
struct snapshot {
	struct xv_table_head head;
	struct xv_table_bucket bucket[BUCKETS];
	uint64_t before[KEYS], after[KEYS]; /* words; 0: not there */
	uint32_t grace_begun, grace_ended;  /* counts */
} __attribute__((aligned(64)));

static struct snapshot now;
static struct snapshot state[STATES];
static size_t n_states;
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % limit;
}

static uint64_t key_of(uint32_t i)
{
	return 1 + i * 0x10001ULL;
}

/* ---- the writer ---- */

static struct xv_table *table;

static void record(void)
{
	if (n_states && !memcmp(&state[n_states - 1], &now, sizeof(now)))
		return;
	assert_true(n_states < STATES);
	state[n_states++] = now;
}

static void grace(void)
{
	now.grace_begun++;
	record();
	now.grace_ended = now.grace_begun; /* and one that was under way */
	record();
}

static void open_table(void)
{
	assert_int_equal(xv_table_open_memory(&now, BUCKETS, grace, &table, NULL), 0);
}

/* A program may start between the last operation and the grace period, and end with that. */
static void begin_or_end(bool whole)
{
	if (now.grace_begun == now.grace_ended) {
		if (!xv_table_grace_begin(table))
			return;
		now.grace_begun++;
		record();
		if (!whole)
			return;
	}
	now.grace_ended++;
	record();
	xv_table_grace_end(table);
}

static void operate(uint32_t i, uint32_t what, struct xv_fdb_word word)
{
	struct xv_fdb_word half = {.word = now.before[i]};

	half.dest = word.dest;
	if (what < 45) {
		now.after[i] = now.before[i] ?: word.word;
		if (what < 30)
			xv_table_insert(table, key_of(i), word);
		else
			xv_table_insert_wait(table, key_of(i), word);
	} else if (what < 60) {
		now.after[i] = now.before[i] ? word.word : 0;
		xv_table_update(table, key_of(i), word);
	} else if (what < 70) {
		now.after[i] = now.before[i] ? half.word : 0;
		xv_table_update_dest(table, key_of(i), word);
	} else if (what < 80) {
		now.after[i] = 0;
		xv_table_delete(table, key_of(i));
	} else if (what < 98) {
		begin_or_end(what < 89);
	} else {
		xv_table_close(table); /* killed */
		open_table();
	}
	if (xv_table_lookup(table, key_of(i), &word))
		word.word = 0;
	now.before[i] = now.after[i] = word.word;
	record();
}

/* A program stamps what it finds. */
static void stamp(uint32_t i, uint32_t tick)
{
	uint64_t hash = xv_table_hash(key_of(i), now.head.seed), bucket;
	struct xv_fdb_word word;
	int n, slot;

	for (n = 0; n < 2; n++) {
		bucket = n ? xv_table_second(hash, now.head.mask)
			   : xv_table_first(hash, now.head.mask);
		for (slot = 0; slot < XV_TABLE_SLOTS; slot++) {
			if (now.bucket[bucket].key[slot].word != key_of(i))
				continue;
			now.bucket[bucket].val[slot].last_seen = tick;
			word.word = now.before[i];
			word.last_seen = tick;
			now.before[i] = now.after[i] = word.word;
			record();
			return;
		}
	}
}

/* Few deletes at first, so that the table grows and fills. Grace periods are rare in odd runs. */
static void run_writer(uint64_t seed)
{
	uint32_t n, i, what, tick = 1;

	memset(&now, 0, sizeof(now));
	n_states = 0;
	random_state = seed;
	now.head = (struct xv_table_head){.seed = seed * 0x9e3779b97f4a7c15ULL, .mask = 1};
	table_stored = record;
	open_table();
	for (n = 0; n < OPERATIONS; n++) {
		i = random_below(KEYS);
		what = random_below(100);
		if ((n < OPERATIONS / 2 && what >= 70 && what < 80) ||
		    (seed % 2 && what >= 80 && what < 96))
			what = 20;
		operate(i, what, (struct xv_fdb_word){.dest = i | n << 8, .last_seen = ++tick});
		stamp(random_below(KEYS), ++tick);
	}
	table_stored = NULL;
	xv_table_close(table);
}

/* ---- programs ---- */

/* The last state in which a program may run that started in state i: where the first grace period
 * that began after that ends. */
static size_t last_state_of(size_t i)
{
	uint32_t wanted = state[i].grace_begun + 1;
	size_t j;

	for (j = i; j < n_states; j++) {
		if (state[j].grace_ended >= wanted)
			return j - 1;
	}
	return n_states - 1;
}

static uint64_t key_at(size_t s, uint64_t slot)
{
	return state[s].bucket[slot / XV_TABLE_SLOTS].key[slot % XV_TABLE_SLOTS].word;
}

static uint64_t word_at(size_t s, uint64_t slot)
{
	return state[s].bucket[slot / XV_TABLE_SLOTS].val[slot % XV_TABLE_SLOTS].word;
}

static uint32_t dest_of(uint64_t word)
{
	return (struct xv_fdb_word){.word = word}.dest;
}

static uint32_t seen_of(uint64_t word)
{
	return (struct xv_fdb_word){.word = word}.last_seen;
}

/* Whether key number k was to be had with that destination in a state from `from` to `to`. */
static bool had_dest(uint32_t k, uint32_t dest, size_t from, size_t to)
{
	size_t s;

	for (s = from; s <= to; s++) {
		if (dest &&
		    (dest_of(state[s].before[k]) == dest || dest_of(state[s].after[k]) == dest))
			return true;
	}
	return false;
}

/* A program that starts in state `start` and finds key k in this slot, in state s at the earliest.
 */
static void check_words(uint32_t k, uint64_t slot, size_t start, size_t s, size_t last)
{
	uint32_t dest, old = 0;

	for (; s <= last; s++) {
		dest = dest_of(word_at(s, slot));
		if (dest && dest == old)
			continue;
		old = dest;
		if (!had_dest(k, dest, start, s))
			fail_msg("key %u: program from state %zu reads %#x in state %zu", k, start,
				 dest, s);
	}
}

/*
 * A program that started in state `start` and loaded the mask in state s. Each of its eight loads
 * is put into the earliest state in which it does not meet the key: if that leads to the end, the
 * key can be missed.
 */
static void check_program(uint32_t k, size_t start, size_t s, size_t last)
{
	uint64_t mask = state[s].head.mask, hash = xv_table_hash(key_of(k), state[s].head.seed);
	uint64_t slot;
	size_t from = s, hit, t;
	int i;

	for (i = 0; i < 2 * XV_TABLE_SLOTS; i++) {
		slot = i < XV_TABLE_SLOTS ? xv_table_first(hash, mask)
					  : xv_table_second(hash, mask);
		slot = slot * XV_TABLE_SLOTS + i % XV_TABLE_SLOTS;
		for (hit = from; hit <= last && key_at(hit, slot) != key_of(k); hit++)
			;
		if (hit <= last)
			check_words(k, slot, start, hit, last);
		while (from <= last && key_at(from, slot) == key_of(k))
			from++;
	}
	if (from > last)
		return; /* found, whatever it does */
	for (t = start; t <= from; t++) {
		if (!state[t].before[k] || !state[t].after[k])
			return;
	}
	fail_msg("key %u: missed by a program from state %zu to %zu", k, start, from);
}

static void check_programs(void)
{
	size_t start, last, s;
	uint32_t k;

	for (start = 0; start < n_states; start++) {
		last = last_state_of(start);
		for (k = 0; k < KEYS; k++) {
			for (s = start; s <= last; s++) {
				if (s == start || state[s].head.mask != state[s - 1].head.mask)
					check_program(k, start, s, last);
			}
		}
	}
}

/* ---- killed writers ---- */

static void no_grace(void)
{
}

static int count_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	uint8_t *seen = arg;

	(void)word;
	assert_int_equal(seen[(key - 1) / 0x10001]++, 0);
	return 0;
}

/* word 0: it is not in the table. */
static bool word_right(uint64_t word, uint64_t before, uint64_t after)
{
	uint32_t seen = seen_of(word), a = seen_of(before), b = seen_of(after);

	if (word == before || word == after)
		return true;
	/* A stamp is carried over by itself. */
	return before && after &&
	       (dest_of(word) == dest_of(before) || dest_of(word) == dest_of(after)) &&
	       seen >= (a < b ? a : b) && seen <= (a < b ? b : a);
}

static void check_contents(struct xv_table *t, const struct snapshot *s)
{
	struct xv_fdb_word word;
	uint8_t seen[KEYS] = {};
	uint32_t k;

	xv_table_walk(t, count_one, seen);
	for (k = 0; k < KEYS; k++) {
		if (xv_table_lookup(t, key_of(k), &word))
			word.word = 0;
		if (!word_right(word.word, s->before[k], s->after[k]))
			fail_msg("key %u: %#llx, not %#llx or %#llx", k, word.word,
				 (unsigned long long)s->before[k], (unsigned long long)s->after[k]);
		assert_int_equal(seen[k], word.word != 0);
	}
}

static void check_clean(const struct snapshot *s, size_t entries)
{
	size_t i, used = 0;

	for (i = 0; i < SLOTS; i++) {
		const struct xv_table_bucket *b = &s->bucket[i / XV_TABLE_SLOTS];

		assert_int_equal(!b->key[i % XV_TABLE_SLOTS].word,
				 !b->val[i % XV_TABLE_SLOTS].word);
		used += b->key[i % XV_TABLE_SLOTS].word != 0;
	}
	assert_int_equal(used, entries);
}

static struct snapshot copy;	       /* being mended */
static struct snapshot mended[MENDED]; /* its states */
static size_t n_mended;

static void record_mended(void)
{
	if (n_mended < MENDED && memcmp(&mended[n_mended ? n_mended - 1 : 0], &copy, sizeof(copy)))
		mended[n_mended++] = copy;
}

/* Opens and mends what a killed writer left in copy, which it did in the middle of *s. */
static void check_mend(const struct snapshot *s)
{
	struct xv_table_counts counts;
	struct xv_table *t;

	assert_int_equal(xv_table_open_memory(&copy, BUCKETS, no_grace, &t, NULL), 0);
	check_contents(t, s);
	xv_table_settle(t);
	check_contents(t, s);
	xv_table_counts(t, &counts);
	assert_int_equal(counts.waiting, 0);
	check_clean(&copy, counts.entries);
	xv_table_close(t);
}

static void check_killed(void)
{
	size_t i, j;

	for (i = 1; i < n_states; i++) {
		if (!memcmp(state[i].bucket, state[i - 1].bucket, sizeof(now.bucket)) &&
		    state[i].head.mask == state[i - 1].head.mask)
			continue;
		copy = state[i];
		n_mended = 0;
		table_stored = record_mended;
		check_mend(&state[i]);
		table_stored = NULL;
		for (j = 0; j < n_mended; j++) {
			copy = mended[j];
			check_mend(&state[i]);
		}
	}
}

/* ---- */

/* That the run went where it hurts. */
struct covered {
	size_t twins, growths, spent, full;
};

static void count_covered(struct covered *c)
{
	size_t s, i, j, used;

	for (s = 1; s < n_states; s++) {
		c->growths += state[s].head.mask > 1 &&
			      state[s].head.mask != state[s - 1].head.mask;
		for (i = 0, used = 0; i < SLOTS; i++) {
			used += key_at(s, i) != 0;
			c->spent += !key_at(s, i) && word_at(s, i);
			for (j = 0; j < i; j++)
				c->twins += key_at(s, i) && key_at(s, i) == key_at(s, j);
		}
		c->full += used >= SLOTS - 2;
	}
}

static void test_steps(void **arg)
{
	struct covered c = {};
	int run;

	(void)arg;
	for (run = 1; run <= RUNS; run++) {
		run_writer(run);
		check_programs();
		check_killed();
		count_covered(&c);
	}
	print_message("# states: %zu with twins, %zu growths, %zu spent slots, %zu full\n", c.twins,
		      c.growths, c.spent, c.full);
	assert_true(c.twins && c.spent && c.growths >= RUNS && c.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
