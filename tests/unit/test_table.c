/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bucket table against a plain array, by random operations in a fixed order.
 * Programs are played by a lookup of this file's own, which may keep what it found across other
 * operations until a grace period has passed. Limits and errors: test_table_limits.c.
 */
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
	KEYS = BUCKETS * XV_TABLE_SLOTS + 512,
	OPERATIONS = 250000, /* for each of four load factors */
	HELD = 64,
};

/* A program in the middle of its run: what it found, of which life of the entry. */
struct held {
	struct xv_fdb_word *word;
	uint32_t key, life;
	bool old; /* was there when the grace period began */
};

struct world {
	void *memory;
	size_t buckets;
	struct xv_table *table;
	struct xv_fdb_word want[KEYS]; /* word 0: not there */
	uint32_t life[KEYS];
	bool late[KEYS]; /* stamped in a copy that is going: not carried over yet */
	size_t entries;
	uint64_t moves; /* counted by writers that are no more */
	struct held held[HELD];
	int n_held;
	bool grace;
	uint32_t tick;
};

static struct world w;
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % limit;
}

/* MAC addresses that count upwards, in a few networks. */
static uint64_t key_of(uint32_t i)
{
	union xv_table_key key = {.key = {.bd = 1 + i % 5, .mac = {2, 0, 0, i >> 16, i >> 8, i}}};

	return key.word;
}

/* The upper 24 bits of the destination tell whose word it is. */
static struct xv_fdb_word random_word(uint32_t i)
{
	return (struct xv_fdb_word){
		.dest = (i * 2654435761u & ~0xffu) | (1 + random_below(255)),
		.last_seen = ++w.tick,
	};
}

static void grace_now(void)
{
	w.n_held = 0;
}

/* Nothing waits any more: every stamp has arrived. */
static void settle(void)
{
	xv_table_settle(w.table);
	memset(w.late, 0, sizeof(w.late));
	w.grace = false;
}

static void world_open(size_t buckets, uint64_t seed)
{
	struct xv_table_head *head;

	memset(&w, 0, sizeof(w));
	random_state = seed;
	w.buckets = buckets;
	w.memory = aligned_alloc(64, (buckets + 1) * 64);
	assert_non_null(w.memory);
	memset(w.memory, 0, (buckets + 1) * 64);
	/* A seed of ours, so that every run is the same. */
	head = w.memory;
	head->seed = seed * 0x9e3779b97f4a7c15ULL;
	head->mask = buckets < XV_TABLE_MIN_BUCKETS ? buckets - 1 : XV_TABLE_MIN_BUCKETS - 1;
	assert_int_equal(xv_table_open_memory(w.memory, buckets, grace_now, &w.table, NULL), 0);
}

static void world_close(void)
{
	xv_table_close(w.table);
	free(w.memory);
}

static struct xv_table_counts counts(void)
{
	struct xv_table_counts c;

	xv_table_counts(w.table, &c);
	return c;
}

/* As a program does it. */
static struct xv_fdb_word *program_lookup_mask(uint64_t key, uint64_t mask)
{
	const struct xv_table_head *head = w.memory;
	struct xv_table_bucket *buckets = (struct xv_table_bucket *)w.memory + 1, *b;
	uint64_t hash = xv_table_hash(key, head->seed);
	int i, n;

	for (n = 0; n < 2; n++) {
		b = &buckets[n ? xv_table_second(hash, mask) : xv_table_first(hash, mask)];
		for (i = 0; i < XV_TABLE_SLOTS; i++) {
			if (b->key[i].word == key)
				return &b->val[i];
		}
	}
	return NULL;
}

static struct xv_fdb_word *program_lookup(uint64_t key)
{
	return program_lookup_mask(key, ((struct xv_table_head *)w.memory)->mask);
}

static void check_key(uint32_t i)
{
	struct xv_fdb_word *seen = program_lookup(key_of(i)), word = {};
	int ret = xv_table_lookup(w.table, key_of(i), &word);

	if (!w.want[i].word) {
		assert_null(seen);
		assert_int_equal(ret, -ENOENT);
		return;
	}
	assert_int_equal(ret, 0);
	if (w.late[i])
		assert_true(word.last_seen <= w.want[i].last_seen);
	else
		assert_int_equal(word.last_seen, w.want[i].last_seen);
	assert_int_equal(word.dest, w.want[i].dest);
	assert_non_null(seen);
	assert_int_equal(seen->dest, w.want[i].dest);
}

struct walked {
	uint8_t seen[KEYS];
	size_t n;
};

static uint32_t index_of(uint64_t key)
{
	union xv_table_key k = {.word = key};

	return k.key.mac[3] << 16 | k.key.mac[4] << 8 | k.key.mac[5];
}

static int walk_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct walked *walked = arg;
	uint32_t i = index_of(key);

	assert_true(i < KEYS && key_of(i) == key);
	assert_int_equal(word.dest, w.want[i].dest);
	assert_true(w.late[i] ? word.last_seen <= w.want[i].last_seen
			      : word.last_seen == w.want[i].last_seen);
	assert_int_equal(walked->seen[i]++, 0);
	walked->n++;
	return 0;
}

static void check_all(void)
{
	static struct walked walked;
	uint32_t i;

	for (i = 0; i < KEYS; i++)
		check_key(i);
	memset(&walked, 0, sizeof(walked));
	assert_int_equal(xv_table_walk(w.table, walk_one, &walked), 0);
	assert_int_equal(walked.n, w.entries);
	assert_int_equal(counts().entries, w.entries);
}

static void do_insert(uint32_t i)
{
	struct xv_fdb_word word = random_word(i);
	int ret = random_below(4) ? xv_table_insert(w.table, key_of(i), word)
				  : xv_table_insert_wait(w.table, key_of(i), word);

	if (w.want[i].word) {
		assert_int_equal(ret, -EEXIST);
	} else if (!ret) {
		w.want[i] = word;
		w.life[i]++;
		w.entries++;
	} else {
		assert_int_equal(ret, -EAGAIN);
	}
}

static void do_update(uint32_t i)
{
	struct xv_fdb_word word = random_word(i);
	bool half = random_below(2);
	int ret = half ? xv_table_update_dest(w.table, key_of(i), word)
		       : xv_table_update(w.table, key_of(i), word);

	assert_int_equal(ret, w.want[i].word ? 0 : -ENOENT);
	if (ret)
		return;
	if (half)
		w.want[i].dest = word.dest;
	else
		w.want[i] = word;
}

static void do_delete(uint32_t i)
{
	assert_int_equal(xv_table_delete(w.table, key_of(i)), w.want[i].word ? 0 : -ENOENT);
	w.entries -= !!w.want[i].word;
	w.want[i].word = 0;
}

/* A program finds an entry and stops there. */
static void do_hold(uint32_t i)
{
	struct xv_fdb_word *word = program_lookup(key_of(i));

	if (word && w.n_held < HELD)
		w.held[w.n_held++] = (struct held){.word = word, .key = i, .life = w.life[i]};
}

static bool taken_away(const struct xv_fdb_word *word)
{
	return !((const union xv_table_key *)word)[-XV_TABLE_SLOTS].word;
}

/* In a copy that a growth left behind. */
static bool out_of_place(const struct held *h)
{
	const struct xv_table_head *head = w.memory;
	uint64_t hash = xv_table_hash(key_of(h->key), head->seed);
	uint64_t bucket = ((char *)h->word - (char *)w.memory) / 64 - 1;

	return bucket != xv_table_first(hash, head->mask) &&
	       bucket != xv_table_second(hash, head->mask);
}

/* ... and goes on: the word is still that key's, and the stamp counts if the entry still lives. */
static void do_stamp(void)
{
	struct held *h;

	if (!w.n_held)
		return;
	h = &w.held[random_below(w.n_held)];
	assert_int_equal(h->word->dest >> 8, h->key * 2654435761u >> 8);
	h->word->last_seen = ++w.tick;
	if (!w.want[h->key].word || h->life != w.life[h->key])
		return;
	w.want[h->key].last_seen = w.tick;
	w.late[h->key] |= taken_away(h->word) || out_of_place(h);
}

static void do_grace(void)
{
	int i, kept = 0;

	if (!w.grace) {
		w.grace = xv_table_grace_begin(w.table);
		for (i = 0; i < w.n_held; i++)
			w.held[i].old = true;
		return;
	}
	for (i = 0; i < w.n_held; i++) {
		if (!w.held[i].old)
			w.held[kept++] = w.held[i];
	}
	w.n_held = kept;
	xv_table_grace_end(w.table);
	w.grace = false;
}

/*
 * The writer is killed between two operations. Only stamps in slots whose key was taken away may be
 * lost with it.
 */
static void do_reopen(void)
{
	struct xv_fdb_word word;
	int i, kept = 0;

	w.moves += counts().moves;
	xv_table_close(w.table);
	assert_int_equal(xv_table_open_memory(w.memory, w.buckets, grace_now, &w.table, NULL), 0);
	w.grace = false;
	for (i = 0; i < w.n_held; i++) {
		if (!taken_away(w.held[i].word))
			w.held[kept++] = w.held[i];
	}
	w.n_held = kept;
	for (i = 0; i < KEYS; i++) {
		if (w.late[i] && !xv_table_lookup(w.table, key_of(i), &word)) {
			assert_true(word.last_seen <= w.want[i].last_seen);
			w.want[i].last_seen = word.last_seen;
		}
		w.late[i] = false;
	}
}

static void operate(size_t target)
{
	uint32_t i = random_below(KEYS), what = random_below(1000);

	if (what < 2)
		do_reopen();
	else if (what < 60)
		do_grace();
	else if (what < 200)
		do_update(i);
	else if (what < 350)
		do_hold(i);
	else if (what < 450)
		do_stamp();
	else if (w.entries < target || what < 500)
		do_insert(i);
	else
		do_delete(i);
	check_key(i);
}

static void test_model(void **state)
{
	size_t percent = *(int *)*state, target = BUCKETS * XV_TABLE_SLOTS * percent / 100, i;
	struct xv_table_counts c;

	world_open(BUCKETS, percent);
	for (i = 0; i < OPERATIONS; i++) {
		operate(target);
		if (i % 500 == 0)
			check_all();
		if (i % 2000 == 0) {
			settle();
			check_all();
		}
	}
	assert_true(w.entries > target - target / 20);
	settle();
	check_all();
	c = counts();
	assert_int_equal(c.waiting, 0);
	if (percent >= 80)
		assert_true(w.moves + c.moves > 0);
	world_close();
}

/* Every slot is either free or holds one entry. */
static void check_clean(void)
{
	struct xv_table_bucket *buckets = (struct xv_table_bucket *)w.memory + 1;
	size_t used = 0, i;

	for (i = 0; i < w.buckets * XV_TABLE_SLOTS; i++) {
		struct xv_table_bucket *b = &buckets[i / XV_TABLE_SLOTS];

		assert_int_equal(!b->key[i % XV_TABLE_SLOTS].word,
				 !b->val[i % XV_TABLE_SLOTS].word);
		used += !!b->key[i % XV_TABLE_SLOTS].word;
	}
	assert_int_equal(used, w.entries);
}

/* Programs that loaded the old mask find everything until the grace period has passed. */
static void test_growth(void **state)
{
	uint64_t old = XV_TABLE_MIN_BUCKETS - 1;
	uint32_t i, n = XV_TABLE_MIN_BUCKETS * 2;

	(void)state;
	world_open(BUCKETS, 5);
	for (i = 0; i < n; i++)
		do_insert(i);
	settle();
	for (i = 0; i < n; i++) {
		if (!w.want[i].word)
			do_insert(i);
	}
	assert_int_equal(counts().buckets, XV_TABLE_MIN_BUCKETS);
	settle();
	do_insert(n);
	assert_int_equal(counts().buckets, XV_TABLE_MIN_BUCKETS * 2);
	assert_int_equal(counts().growths, 1);
	for (i = 0; i < n; i++) {
		assert_non_null(program_lookup_mask(key_of(i), old));
		check_key(i);
	}
	check_all();
	do_reopen();
	assert_in_range(counts().misplaced, n / 3, n * 2 / 3);
	check_all();
	/* A program with the old mask stamps the copy that is about to go. */
	program_lookup_mask(key_of(9), old)->last_seen = ++w.tick;
	w.want[9].last_seen = w.tick;
	settle();
	check_all();
	check_clean();
	assert_int_equal(xv_table_reserve(w.table, BUCKETS * 100), 0);
	assert_int_equal(counts().buckets, BUCKETS);
	check_all();
	settle();
	check_all();
	check_clean();
	world_close();
}

static int delete_two(void *arg, uint64_t key, struct xv_fdb_word word)
{
	uint32_t i = index_of(key);

	(void)word;
	assert_true(w.want[i].word != 0);
	++*(size_t *)arg;
	if (i % 3 == 0)
		do_delete(i);
	if (i % 7 == 0 && w.want[i / 7 * 7 + 1].word)
		do_delete(i / 7 * 7 + 1);
	return i == 12345;
}

static int stop_at_third(void *arg, uint64_t key, struct xv_fdb_word word)
{
	(void)key;
	(void)word;
	return ++*(int *)arg == 3 ? -EINTR : 0;
}

/* A sweep deletes this entry and others, while some are moving. */
static void test_walk(void **state)
{
	size_t seen = 0, before;
	int calls = 0;
	uint32_t i;

	(void)state;
	world_open(BUCKETS, 11);
	assert_int_equal(xv_table_reserve(w.table, KEYS), 0);
	for (i = 0; i < BUCKETS * 3; i++)
		do_insert(i);
	for (; !counts().moves || i % 5; i++)
		do_insert(i);
	before = w.entries;
	assert_true(counts().waiting > 0);
	assert_int_equal(xv_table_walk(w.table, delete_two, &seen), 0);
	assert_in_range(seen, w.entries, before);
	check_all();
	settle();
	check_all();
	check_clean();
	assert_int_equal(xv_table_walk(w.table, stop_at_third, &calls), -EINTR);
	assert_int_equal(calls, 3);
	world_close();
}

/* What no writer of ours leaves: mended, and nothing else harmed. */
static void test_foreign(void **state)
{
	struct xv_table_bucket *buckets;
	uint32_t i, b, found = 0;

	(void)state;
	world_open(BUCKETS, 13);
	for (i = 0; i < 200; i++)
		do_insert(i);
	buckets = (struct xv_table_bucket *)w.memory + 1;
	for (b = 0; b < XV_TABLE_MIN_BUCKETS && found < 3; b++) {
		if (!buckets[b].key[0].word || buckets[b].key[3].word)
			continue;
		/* the same key again beside it; one at a wrong place; one without a destination */
		buckets[b].key[3].word = found ? key_of(3000) : buckets[b].key[0].word;
		buckets[b].val[3].word = found == 2 ? 1ULL << 32 : 1;
		found++;
	}
	assert_int_equal(found, 3);
	buckets[BUCKETS - 1].key[1].word = key_of(4000);
	do_reopen();
	check_all();
	settle();
	check_all();
	check_clean();
	world_close();
}

static int loads[] = {25, 50, 80, 95};

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_model, &loads[0]),
		cmocka_unit_test_prestate(test_model, &loads[1]),
		cmocka_unit_test_prestate(test_model, &loads[2]),
		cmocka_unit_test_prestate(test_model, &loads[3]),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
