/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a lookup costs, the bucket table beside a BPF hash map with the same keys: chains of
 * dependent lookups over 1 to 1,000,000 keys in random order. Then what one million entries cost
 * the daemon.
 *
 *   table_bench [CPU]        as root
 *
 * A burst goes once round the chain (of a million keys, a part of it), after going round once to
 * warm the caches. Bursts of all contenders alternate, at real-time priority but with pauses, so
 * that others on the machine neither interrupt them nor starve. Caches are shared all the same: of
 * many bursts the fastest counts, and the median is shown beside it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "maps/table.h"
#include "table_bench.h"
#include "table_bench.skel.h"

enum {
	BURSTS = 40,
	LONGEST = 66, /* runs of BENCH_STEPS in a burst */
	BATCH = 4096,
};

enum contender {
	NONE,
	HASH,
	TABLE,
	WIDE, /* the table, at its largest from the beginning */
	CONTENDERS,
};

static struct table_bench_bpf *skel;
static struct xv_table *table;
static uint32_t order[BENCH_KEYS];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void synchronize(void)
{
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static void real_time(bool on)
{
	struct sched_param param = {.sched_priority = on};

	sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* 1..n in random order; the entry of order[i] names order[i + 1]. */
static void shuffle(uint32_t n)
{
	uint32_t i, j, swap;

	srandom(n);
	for (i = 0; i < n; i++)
		order[i] = i + 1;
	for (i = n - 1; i > 0; i--) {
		j = random() % (i + 1);
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
}

static struct xv_fdb_word word_of(uint32_t i, uint32_t n)
{
	return (struct xv_fdb_word){.dest = order[(i + 1) % n]};
}

static void load(void)
{
	struct xv_err err = {};

	skel = table_bench_bpf__open_and_load();
	if (!skel)
		fail("load");
	if (xv_table_open(bpf_map__fd(skel->maps.bench_table), synchronize, &table, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static void unload(void)
{
	xv_table_close(table);
	table_bench_bpf__destroy(skel);
}

/* ---- lookups ---- */

/* Of the numbers in order[0..n). To be freed. */
static struct xv_table_entry *make_entries(uint32_t n)
{
	struct xv_table_entry *e = calloc(n, sizeof(*e));
	uint32_t i;

	if (!e)
		fail("memory");
	for (i = 0; i < n; i++)
		e[i] = (struct xv_table_entry){.key = bench_key(order[i]), .word = word_of(i, n)};
	return e;
}

static void fill_table(uint32_t n)
{
	struct xv_table_entry *e = make_entries(n);

	xv_table_reserve(table, n);
	if (xv_table_insert_many(table, e, n))
		fail("insert");
	xv_table_settle(table);
	free(e);
}

static void fill_hash(uint32_t n)
{
	int fd = bpf_map__fd(skel->maps.bench_hash);
	struct xv_fdb_word word;
	uint64_t key;
	uint32_t i;

	for (i = 0; i < n; i++) {
		key = bench_key(order[i]);
		word = word_of(i, n);
		if (bpf_map_update_elem(fd, &key, &word, BPF_ANY))
			fail("hash update");
	}
}

/* ns a step. */
static double burst(enum contender who, uint32_t n)
{
	static const char frame[64];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));
	struct bpf_program *progs[] = {skel->progs.chain_none, skel->progs.chain_hash,
				       skel->progs.chain_table, skel->progs.chain_table};
	int fd = bpf_program__fd(progs[who]), round;

	opts.repeat = n / BENCH_STEPS + 1;
	if (opts.repeat > LONGEST)
		opts.repeat = LONGEST;
	skel->bss->at = order[random() % n];
	for (round = 0; round < 2; round++) {
		if (bpf_prog_test_run_opts(fd, &opts))
			fail("test run");
	}
	return (double)opts.duration / BENCH_STEPS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(uint32_t n, enum contender who, double ns[BURSTS])
{
	int i;

	real_time(true);
	for (i = 0; i < BURSTS; i++) {
		ns[i] = burst(who, n);
		usleep(2000);
	}
	real_time(false);
	qsort(ns, BURSTS, sizeof(*ns), compare);
}

static void bench_lookups(uint32_t n)
{
	static const char *const name[] = {"loop", "hash", "table", "table, 32 MiB"};
	double ns[CONTENDERS][BURSTS];
	struct xv_table_counts counts;
	int who;

	shuffle(n);
	load();
	fill_table(n);
	fill_hash(n);
	xv_table_counts(table, &counts);
	for (who = NONE; who < CONTENDERS; who++) {
		if (who == WIDE) {
			xv_table_reserve(table, BENCH_KEYS);
			xv_table_settle(table);
		}
		measure(n, who, ns[who]);
	}
	printf("%8u", n);
	for (who = HASH; who < CONTENDERS; who++)
		printf("  %s %5.1f (%5.1f)", name[who], ns[who][0] - ns[NONE][0],
		       ns[who][BURSTS / 2] - ns[NONE][BURSTS / 2]);
	printf("  %6zu buckets, loop %.1f%s\n", counts.buckets, ns[NONE][0],
	       skel->bss->missed ? "  KEYS WERE MISSED" : "");
	fflush(stdout);
	unload();
}

/* ---- one million entries ---- */

static long rss_kib(void)
{
	long total, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static long memlock_kib(int fd)
{
	char path[64], line[128];
	long bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "memlock: %ld", &bytes);
	if (f)
		fclose(f);
	return bytes / 1024;
}

static int count_old(void *arg, uint64_t key, struct xv_fdb_word word)
{
	(void)key;
	*(uint64_t *)arg += word.last_seen < 1000;
	return 0;
}

static double best_walk(void)
{
	double best = 1e9, start;
	uint64_t seen;
	int i;

	for (i = 0; i < 20; i++) {
		seen = 0;
		start = now();
		xv_table_walk(table, count_old, &seen);
		if (now() - start < best)
			best = now() - start;
		if (seen != BENCH_KEYS)
			fail("walk");
	}
	return best;
}

static double hash_walk(void)
{
	static struct xv_fdb_key keys[BATCH];
	static struct xv_fdb_word vals[BATCH];
	int fd = bpf_map__fd(skel->maps.bench_hash), ret = 0;
	uint32_t cursor, n = BATCH;
	double start = now();
	bool first = true;

	while (!ret) {
		n = BATCH;
		ret = bpf_map_lookup_batch(fd, first ? NULL : &cursor, &cursor, keys, vals, &n,
					   NULL);
		first = false;
	}
	return now() - start;
}

/* Those that were told to try again, after a grace period. */
static size_t retry(struct xv_table_entry *e, const size_t *again, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (xv_table_insert_wait(table, e[again[i]].key, e[again[i]].word))
			fail("insert");
	}
	return 0;
}

/* Seconds for a million, by the way that the daemon would take for a file (many) or for learning.
 */
static double time_inserts(struct xv_table_entry *e, bool many)
{
	size_t i, n = 0, sum = 0, again[64];
	double start = now();

	if (many) {
		xv_table_reserve(table, BENCH_KEYS);
		if (xv_table_insert_many(table, e, BENCH_KEYS))
			fail("insert_many");
		return now() - start;
	}
	for (i = 0; i < BENCH_KEYS; i++) {
		if (!xv_table_insert(table, e[i].key, e[i].word))
			continue;
		again[n++] = i;
		sum++;
		if (n < 64)
			continue;
		xv_table_settle(table);
		n = retry(e, again, n);
	}
	retry(e, again, n);
	start = now() - start;
	printf("  %zu times told to try again\n", sum);
	return start;
}

static void bench_million(void)
{
	struct xv_table_entry *e;
	struct xv_table_counts counts;
	double best[2] = {1e9, 1e9}, walk = 0, t, start;
	long before, mapped = 0;
	int i, many;

	shuffle(BENCH_KEYS);
	e = make_entries(BENCH_KEYS);
	for (i = 0; i < 6; i++) {
		many = i % 2 == 0;
		before = rss_kib();
		load();
		mapped = rss_kib() - before;
		t = time_inserts(e, many);
		best[many] = t < best[many] ? t : best[many];
		if (i == 4)
			walk = best_walk();
		xv_table_counts(table, &counts);
		printf("  %s: %.0f ms, %zu entries, %lu moves, %lu growths\n",
		       many ? "many at once" : "one by one", t * 1e3, counts.entries, counts.moves,
		       counts.growths);
		if (i < 5)
			unload();
	}
	start = now();
	fill_hash(BENCH_KEYS);
	t = now() - start;
	printf("1000000 entries, best of 3: many at once %.0f ns each, one by one %.0f ns; hash, a "
	       "system call each: %.0f ns\n",
	       best[1] * 1e9 / BENCH_KEYS, best[0] * 1e9 / BENCH_KEYS, t * 1e9 / BENCH_KEYS);
	printf("walk: %.2f ms, best of 20; hash, lookup_batch: %.0f ms\n", walk * 1e3,
	       hash_walk() * 1e3);
	printf("kernel memory: table %ld KiB, hash %ld KiB; opening the table adds %ld KiB to "
	       "RSS\n",
	       memlock_kib(bpf_map__fd(skel->maps.bench_table)),
	       memlock_kib(bpf_map__fd(skel->maps.bench_hash)), mapped);
	unload();
	free(e);
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1, 1000, 16384, 65536, BENCH_KEYS};
	cpu_set_t set;
	size_t i;

	CPU_ZERO(&set);
	CPU_SET(argc > 1 ? atoi(argv[1]) : sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU");
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	printf("ns a lookup beyond the loop around it: fastest burst (median) of %d\n", BURSTS);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_lookups(sizes[i]);
	bench_million();
	return 0;
}
