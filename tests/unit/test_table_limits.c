/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of the bucket table, exactly: when it is full, what is refused, how it is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps/table.h"

enum {
	BUCKETS = 1024,
	SLOTS = BUCKETS * XV_TABLE_SLOTS,
	STORM_BUCKETS = 1 << 16,
	STORM_KEYS = 120000,
	STORM_TURN = 4096,
};

static struct {
	struct xv_table_head head;
	struct xv_table_bucket bucket[BUCKETS];
} memory __attribute__((aligned(64)));

static struct xv_table *table;
static int graces;

static void count_grace(void)
{
	graces++;
}

static void open_table(size_t buckets, uint64_t seed)
{
	memset(&memory, 0, sizeof(memory));
	memory.head.seed = seed;
	memory.head.mask = buckets < XV_TABLE_MIN_BUCKETS ? buckets - 1 : XV_TABLE_MIN_BUCKETS - 1;
	assert_int_equal(xv_table_open_memory(&memory, buckets, count_grace, &table, NULL), 0);
}

static uint64_t key_of(uint32_t i)
{
	return 1 + (uint64_t)i * 0x10000;
}

static struct xv_fdb_word word_of(uint32_t i)
{
	return (struct xv_fdb_word){.dest = i + 1, .last_seen = i};
}

static struct xv_table_counts counts(void)
{
	struct xv_table_counts c;

	xv_table_counts(table, &c);
	return c;
}

/* Exactly the keys below n are there; no slot is anything but free or one of them. */
static void check_contents(uint32_t n)
{
	struct xv_fdb_word word;
	size_t i, used = 0;

	for (i = 0; i < SLOTS + 100; i++) {
		if (i >= n) {
			assert_int_equal(xv_table_lookup(table, key_of(i), &word), -ENOENT);
			continue;
		}
		assert_int_equal(xv_table_lookup(table, key_of(i), &word), 0);
		assert_int_equal(word.word, word_of(i).word);
	}
	for (i = 0; i < SLOTS; i++) {
		uint64_t key = memory.bucket[i / XV_TABLE_SLOTS].key[i % XV_TABLE_SLOTS].word;

		assert_int_equal(!key,
				 !memory.bucket[i / XV_TABLE_SLOTS].val[i % XV_TABLE_SLOTS].word);
		used += !!key;
	}
	assert_int_equal(used, n);
	assert_int_equal(counts().entries, n);
	assert_int_equal(counts().waiting, 0);
}

/* Two buckets: every key has both, so it is full with eight and not before. */
static void test_full(void **state)
{
	uint32_t i;

	(void)state;
	open_table(2, 1);
	for (i = 0; i < 8; i++)
		assert_int_equal(xv_table_insert(table, key_of(i), word_of(i)), 0);
	assert_int_equal(xv_table_insert(table, key_of(8), word_of(8)), -ENOSPC);
	assert_int_equal(xv_table_insert_wait(table, key_of(8), word_of(8)), -ENOSPC);
	assert_int_equal(xv_table_insert(table, key_of(7), word_of(8)), -EEXIST);
	check_contents(8);

	assert_int_equal(xv_table_delete(table, key_of(7)), 0);
	assert_int_equal(xv_table_delete(table, key_of(7)), -ENOENT);
	assert_int_equal(xv_table_insert(table, key_of(8), word_of(8)), -EAGAIN);
	assert_true(xv_table_grace_begin(table));
	assert_int_equal(xv_table_insert(table, key_of(8), word_of(8)), -EAGAIN);
	xv_table_grace_end(table);
	assert_int_equal(xv_table_insert(table, key_of(7), word_of(7)), 0);
	assert_int_equal(xv_table_insert(table, key_of(9), word_of(9)), -ENOSPC);
	assert_false(xv_table_grace_begin(table));
	check_contents(8);
	xv_table_close(table);
}

static void test_refused(void **state)
{
	struct xv_fdb_word word = {.dest = 1}, zero = {.last_seen = 5}, got = {.word = 77};

	(void)state;
	open_table(2, 1);
	assert_int_equal(xv_table_insert(table, 0, word), -EINVAL);
	assert_int_equal(xv_table_insert(table, key_of(1), zero), -EINVAL);
	assert_int_equal(xv_table_insert(table, key_of(1), word), 0);
	assert_int_equal(xv_table_update(table, key_of(1), zero), -EINVAL);
	assert_int_equal(xv_table_update_dest(table, key_of(1), zero), -EINVAL);
	assert_int_equal(xv_table_update(table, key_of(2), word), -ENOENT);
	assert_int_equal(xv_table_update_dest(table, key_of(2), word), -ENOENT);
	assert_int_equal(xv_table_lookup(table, key_of(2), &got), -ENOENT);
	assert_int_equal(xv_table_lookup(table, 0, &got), -ENOENT);
	assert_int_equal(xv_table_delete(table, 0), -ENOENT);
	assert_int_equal(got.word, 77);
	xv_table_close(table);
}

/* Up to where no more goes in: 95 % at least, and a refusal changes nothing. */
static void test_load(void **state)
{
	uint32_t seed, n;
	int ret;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		open_table(BUCKETS, seed * 0x123456789abcdefULL);
		for (n = 0; n <= SLOTS; n++) {
			ret = xv_table_insert_wait(table, key_of(n), word_of(n));
			if (ret)
				break;
		}
		assert_int_equal(ret, -ENOSPC);
		print_message("# full at %.1f %%\n", 100.0 * n / SLOTS);
		assert_in_range(n, SLOTS * 95 / 100, SLOTS);
		check_contents(n);
		assert_int_equal(xv_table_delete(table, key_of(n - 1)), 0);
		xv_table_settle(table);
		check_contents(n - 1);
		xv_table_close(table);
	}
}

/* Many at once need few grace periods together. */
static void test_many(void **state)
{
	static struct xv_table_entry e[BUCKETS * 3];
	size_t n = BUCKETS * 3, i;

	(void)state;
	open_table(BUCKETS, 3);
	assert_int_equal(xv_table_reserve(table, n), 0);
	assert_int_equal(counts().buckets, BUCKETS);
	for (i = 0; i < n; i++)
		e[i] = (struct xv_table_entry){.key = key_of(i), .word = word_of(i)};
	e[n - 1] = e[0];
	graces = 0;
	assert_int_equal(xv_table_insert_many(table, e, n), 1);
	assert_in_range(graces, 1, 20);
	for (i = 0; i < n; i++)
		assert_int_equal(e[i].result, i == n - 1 ? -EEXIST : 0);
	xv_table_settle(table);
	check_contents(n - 1);
	assert_true(counts().moves > 0);
	xv_table_close(table);
}

/*
 * A storm of new keys, and a grace period only once in a while: the table grows through it. A move
 * for each key without room would keep it from growing.
 */
static void test_storm(void **state)
{
	size_t size = sizeof(struct xv_table_head) + STORM_BUCKETS * sizeof(struct xv_table_bucket);
	void *big = aligned_alloc(64, size);
	static bool in[STORM_KEYS];
	uint32_t turns = 0, i, done = 0, n;
	int ret;

	(void)state;
	memset(big, 0, size);
	assert_int_equal(xv_table_open_memory(big, STORM_BUCKETS, count_grace, &table, NULL), 0);
	while (done < STORM_KEYS && turns < 1000) {
		for (n = 0, i = 0; n < STORM_TURN && i < STORM_KEYS; i++) {
			if (in[i])
				continue;
			ret = xv_table_insert(table, key_of(i), word_of(i));
			in[i] = !ret;
			done += !ret;
			n++;
			assert_true(!ret || (ret == -EAGAIN && xv_table_grace_begin(table)));
		}
		xv_table_grace_end(table);
		turns++;
	}
	/* Every key once, every growth twice, and a few that wait for a move. */
	assert_in_range(turns, STORM_KEYS / STORM_TURN, 2 * STORM_KEYS / STORM_TURN);
	xv_table_close(table);
	free(big);
}

static void test_open_errors(void **state)
{
	struct xv_table_head head[3] __attribute__((aligned(64))) = {{.mask = 6}};
	struct xv_table *t = NULL;
	struct xv_err err = {};

	(void)state;
	assert_int_equal(xv_table_open_memory(head, 2, count_grace, &t, &err), -EPROTO);
	assert_non_null(strstr(err.text, "mask 0x6"));
	head[0].mask = 3;
	assert_int_equal(xv_table_open_memory(head, 2, count_grace, &t, &err), -EPROTO);
	assert_int_equal(xv_table_open_memory(head, 1, count_grace, &t, &err), -EINVAL);
	assert_int_equal(xv_table_open_memory(head, 3, count_grace, &t, &err), -EINVAL);
	assert_int_equal(xv_table_open(0, count_grace, &t, &err), -EINVAL);
	assert_null(t);
	head[0].mask = 0;
	assert_int_equal(xv_table_open_memory(head, 2, count_grace, &t, &err), 0);
	assert_int_equal(head[0].mask, 1);
	assert_true(head[0].seed != 0);
	xv_table_close(t);
	xv_table_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_load),  cmocka_unit_test(test_many),
		cmocka_unit_test(test_storm), cmocka_unit_test(test_open_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
