/* SPDX-License-Identifier: GPL-2.0-only */
/* One entry of the bucket table on its way from one bucket to the other, watched at each step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "maps/table.h"

enum {
	BUCKETS = 32,
	IN_USE = 8, /* buckets, at first: 16 entries before it grows */
};

static struct {
	struct xv_table_head head;
	struct xv_table_bucket bucket[BUCKETS];
} memory __attribute__((aligned(64)));

static struct xv_table *table;
static uint64_t next_key;
static uint64_t mover;		/* in bucket 0, can go to bucket 3 */
static uint64_t newcomer;	/* wants bucket 0 or 1, which are full */
static struct xv_fdb_word *old; /* the mover's word, as a program found it */

static void no_grace(void)
{
}

/* The next key with these two buckets, under a mask of IN_USE buckets. */
static uint64_t key_with(uint64_t first, uint64_t second)
{
	uint64_t hash;

	do {
		hash = xv_table_hash(++next_key, memory.head.seed);
	} while (xv_table_first(hash, IN_USE - 1) != first ||
		 xv_table_second(hash, IN_USE - 1) != second);
	return next_key;
}

static struct xv_fdb_word word_of(uint64_t key)
{
	return (struct xv_fdb_word){.dest = key, .last_seen = 100};
}

static int insert(uint64_t key)
{
	return xv_table_insert(table, key, word_of(key));
}

static struct xv_fdb_word *word_in(uint32_t bucket, uint64_t key)
{
	int i;

	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		if (memory.bucket[bucket].key[i].word == key)
			return &memory.bucket[bucket].val[i];
	}
	return NULL;
}

static uint32_t last_seen(uint64_t key)
{
	struct xv_fdb_word word;

	assert_int_equal(xv_table_lookup(table, key, &word), 0);
	assert_int_equal(word.dest, (uint32_t)key);
	return word.last_seen;
}

static void grace(void)
{
	assert_true(xv_table_grace_begin(table));
	xv_table_grace_end(table);
}

/* Buckets 0 and 1 are full of keys that have no other, but for one. */
static int set_up(void **state)
{
	int i;

	(void)state;
	memset(&memory, 0, sizeof(memory));
	memory.head.mask = IN_USE - 1;
	memory.head.seed = 42;
	next_key = 0;
	assert_int_equal(xv_table_open_memory(&memory, BUCKETS, no_grace, &table, NULL), 0);
	mover = key_with(0, 3);
	assert_int_equal(insert(mover), 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(insert(i % 2 ? key_with(0, 1) : key_with(1, 0)), 0);
	old = word_in(0, mover);
	assert_non_null(old);
	newcomer = key_with(0, 1);
	assert_int_equal(insert(newcomer), -EAGAIN);
	assert_non_null(word_in(3, mover));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	xv_table_close(table);
	return 0;
}

static void test_stages(void **state)
{
	(void)state;
	assert_ptr_equal(word_in(0, mover), old);
	assert_int_equal(insert(newcomer), -EAGAIN); /* moves nothing else */
	grace();
	assert_null(word_in(0, mover));
	assert_int_equal(old->dest, (uint32_t)mover); /* for a program that holds it */
	assert_int_equal(insert(newcomer), -EAGAIN);
	grace();
	assert_int_equal(old->word, 0);
	assert_int_equal(insert(newcomer), 0);
	assert_ptr_equal(word_in(0, newcomer), old);
	assert_false(xv_table_grace_begin(table));
	last_seen(mover);
}

/* A grace period that had begun before the move does not count. */
static void test_late(void **state)
{
	uint64_t key = key_with(5, 6);

	(void)state;
	xv_table_settle(table);
	assert_int_equal(insert(newcomer), 0);
	assert_int_equal(insert(key), 0);
	assert_int_equal(xv_table_delete(table, key), 0);
	assert_int_equal(xv_table_delete(table, mover), 0);
	assert_true(xv_table_grace_begin(table));
	assert_int_equal(xv_table_delete(table, newcomer), 0);
	xv_table_grace_end(table);
	assert_int_equal(insert(key_with(0, 1)), -EAGAIN);
	grace();
	assert_int_equal(insert(key_with(0, 1)), 0);
}

static void test_stamps(void **state)
{
	(void)state;
	old->last_seen = 101;
	assert_int_equal(last_seen(mover), 101);
	grace();
	assert_int_equal(word_in(3, mover)->last_seen, 101);
	old->last_seen = 102; /* by a program that had looked it up before */
	grace();
	assert_int_equal(last_seen(mover), 102);
}

/* The new copy has the newer stamp. */
static void test_newer_stamp(void **state)
{
	(void)state;
	word_in(3, mover)->last_seen = 105;
	old->last_seen = 103;
	assert_int_equal(last_seen(mover), 105);
	grace();
	old->last_seen = 104;
	grace();
	assert_int_equal(last_seen(mover), 105);
}

static void test_update(void **state)
{
	struct xv_fdb_word word = {.dest = ~mover, .last_seen = 7}, got;

	(void)state;
	assert_int_equal(xv_table_update(table, mover, word), 0);
	assert_int_equal(old->word, word.word);
	assert_int_equal(word_in(3, mover)->word, word.word);
	old->last_seen = 200;
	word.dest = 5;
	word.last_seen = 0;
	assert_int_equal(xv_table_update_dest(table, mover, word), 0);
	assert_int_equal(old->dest, word.dest);
	assert_int_equal(word_in(3, mover)->dest, word.dest);
	xv_table_settle(table);
	assert_int_equal(xv_table_lookup(table, mover, &got), 0);
	assert_int_equal(got.dest, word.dest);
	assert_int_equal(got.last_seen, 200);
}

static void test_delete(void **state)
{
	struct xv_fdb_word word;

	(void)state;
	assert_int_equal(xv_table_delete(table, mover), 0);
	assert_null(word_in(0, mover));
	assert_null(word_in(3, mover));
	assert_int_equal(xv_table_lookup(table, mover, &word), -ENOENT);
	assert_int_equal(insert(mover), 0); /* in a slot that is free already */
	assert_null(word_in(0, mover));
	xv_table_settle(table);
	assert_int_equal(last_seen(mover), 100);
	assert_int_equal(insert(newcomer), 0);
}

/* The table does not grow while an entry moves, and nothing moves while it grows. */
static void test_growth(void **state)
{
	struct xv_table_counts counts;
	int i;

	(void)state;
	for (i = 8; i < 2 * IN_USE; i++)
		assert_int_equal(insert(key_with(4 + i % 4, 3 - i % 2)), 0);
	assert_int_equal(insert(key_with(4, 7)), 0);
	xv_table_counts(table, &counts);
	assert_int_equal(counts.buckets, IN_USE);
	assert_int_equal(xv_table_reserve(table, 20), -EAGAIN);
	xv_table_settle(table);
	assert_int_equal(insert(key_with(4, 7)), 0);
	xv_table_counts(table, &counts);
	assert_int_equal(counts.buckets, 2 * IN_USE);
	for (i = 0; i < 100; i++)
		insert(key_with(i % 2, 1 - i % 2));
	xv_table_counts(table, &counts);
	assert_int_equal(counts.moves, 1);
	xv_table_settle(table);
	last_seen(mover);
	assert_int_equal(xv_table_delete(table, mover), 0);
	assert_int_equal(xv_table_delete(table, mover), -ENOENT);
}

/* Killed at each stage: the next writer goes on. */
static void test_killed(void **state)
{
	struct xv_table_counts counts;
	int stage;

	for (stage = 0; stage < 3; stage++) {
		if (stage) {
			tear_down(state);
			set_up(state);
		}
		if (stage > 0)
			grace();
		if (stage > 1)
			grace();
		xv_table_close(table);
		assert_int_equal(xv_table_open_memory(&memory, BUCKETS, no_grace, &table, NULL), 0);
		xv_table_counts(table, &counts);
		assert_int_equal(counts.entries, 8);
		assert_int_equal(counts.twins, stage == 0);
		assert_int_equal(counts.spent, stage == 1);
		last_seen(mover);
		assert_int_equal(insert(newcomer), stage == 2 ? 0 : -EAGAIN);
		assert_int_equal(xv_table_insert_wait(table, newcomer, word_of(newcomer)),
				 stage == 2 ? -EEXIST : 0);
		last_seen(mover);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stamps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_newer_stamp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_update, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_delete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_growth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
