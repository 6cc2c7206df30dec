/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bucket table under load: BPF programs look up without pause on one CPU and check each answer,
 * while the writer on another inserts, moves, grows, updates and deletes; a third thread waits for
 * grace periods. Every run is bounded in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "maps/table.h"
#include "maps/table_slot.h"
#include "table_stress.h"
#include "table_stress.skel.h"

enum {
	FRAME = 64,
};

struct run {
	const char *name;
	uint32_t buckets;
	struct stress_setup setup;
	double seconds;
	int rounds; /* each from an empty table */
};

static struct {
	struct table_stress_bpf *skel;
	struct xv_table *table;
	pthread_t reader, keeper;
	bool threads; /* they run */
	_Atomic bool stop;
	_Atomic int wanted, passed; /* grace periods */
	sem_t start;		    /* posted for each */
	uint64_t inserted, deleted, updated, graces;
	struct xv_table_counts counts; /* moves and growths summed up */
	bool there[STRESS_KEYS];
	uint64_t random;
} s;

static uint32_t random_below(uint32_t limit)
{
	s.random ^= s.random << 13;
	s.random ^= s.random >> 7;
	s.random ^= s.random << 17;
	return (s.random >> 20) % limit;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void synchronize(void)
{
	s.graces++;
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
}

/* ---- threads ---- */

/* One run a call: with more of an XDP program the kernel waits for a grace period at each call. */
static void *reader(void *arg)
{
	static const char frame[FRAME];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .repeat = 1);
	int fast = bpf_program__fd(s.skel->progs.stress_fast);
	int slow = bpf_program__fd(s.skel->progs.stress_slow);
	long n;

	(void)arg;
	pin(1);
	for (n = 0; !s.stop; n++) {
		if (bpf_prog_test_run_opts(n % 4 ? fast : slow, &opts))
			return (void *)-1L;
	}
	return NULL;
}

static void *grace_keeper(void *arg)
{
	(void)arg;
	for (;;) {
		while (sem_wait(&s.start))
			;
		if (s.stop)
			return NULL;
		synchronize();
		s.passed++;
	}
}

/* ---- the writer ---- */

static struct xv_fdb_word word_of(uint32_t i)
{
	return (struct xv_fdb_word){.dest = stress_dest(i, s.skel->bss->version[i])};
}

static bool is_full(uint32_t bucket)
{
	return table_find_free(s.table, bucket) == TABLE_NONE;
}

/* The key in this bucket that would move to make room, or 0. */
static uint64_t mover_in(uint32_t bucket)
{
	struct table_place place;
	uint64_t key;
	uint32_t i;

	for (i = 0; i < XV_TABLE_SLOTS; i++) {
		key = table_load(table_key(s.table, bucket * XV_TABLE_SLOTS + i));
		place = table_place(s.table, key);
		if (key && !is_full(bucket == place.first ? place.second : place.first))
			return key;
	}
	return 0;
}

/* Any permanent key that stands in its second bucket. */
static uint32_t second_comer(uint32_t permanent)
{
	uint32_t i, tries;

	for (tries = 0; tries < 1000; tries++) {
		i = random_below(permanent);
		if (table_find(s.table, table_place(s.table, stress_key(i)).second,
			       stress_key(i)) != TABLE_NONE)
			break;
	}
	return i;
}

/*
 * Before an insert that must move an entry, or let the table grow: has the readers look at one that
 * is concerned, and waits until one has been in its first bucket in vain, and not yet in its
 * second.
 */
static void aim(uint32_t i)
{
	struct table_place place = table_place(s.table, stress_key(i));
	uint32_t target, permanent = s.skel->bss->setup.permanent;
	double end;

	if (s.there[i])
		return;
	if (s.table->entries == (s.table->mask + 1) * 2 && s.table->mask + 1 < s.table->max_buckets)
		target = second_comer(permanent);
	else if (is_full(place.first) && is_full(place.second))
		target = stress_number(mover_in(place.first) ?: mover_in(place.second));
	else
		return;
	if (target >= permanent)
		return;
	s.skel->bss->hot = target;
	s.skel->bss->between = 0;
	end = now() + 100e-6;
	while (__atomic_load_n(&s.skel->bss->between, __ATOMIC_RELAXED) != target + 1 &&
	       now() < end)
		;
}

static void insert(uint32_t i)
{
	int ret;

	aim(i);
	ret = xv_table_insert(s.table, stress_key(i), word_of(i));
	if (ret == -EAGAIN || (ret == -ENOSPC && !s.there[i]))
		return;
	assert_int_equal(ret, s.there[i] ? -EEXIST : 0);
	s.there[i] = true;
	s.inserted += !ret;
}

static void delete (uint32_t i)
{
	assert_int_equal(xv_table_delete(s.table, stress_key(i)), s.there[i] ? 0 : -ENOENT);
	s.deleted += s.there[i];
	s.there[i] = false;
}

/* The version is published after the update has returned. */
static void update(uint32_t i)
{
	uint32_t version = s.skel->bss->version[i] + 1;
	struct xv_fdb_word word = {.dest = stress_dest(i, version)};

	assert_int_equal(xv_table_update_dest(s.table, stress_key(i), word), 0);
	__atomic_store_n(&s.skel->bss->version[i], version, __ATOMIC_RELEASE);
	s.updated++;
}

static void keep_grace(void)
{
	if (s.wanted != s.passed)
		return;
	xv_table_grace_end(s.table);
	if (!xv_table_grace_begin(s.table))
		return;
	s.wanted++;
	sem_post(&s.start);
}

/* Nothing is under way in the other thread. */
static void settle(void)
{
	while (s.wanted != s.passed && !s.stop)
		usleep(100);
	xv_table_settle(s.table);
}

static void write_for(const struct run *r, double seconds)
{
	uint32_t comers = r->setup.keys - r->setup.permanent, i, n;
	double end = now() + seconds;

	for (n = 0; n % 256 || now() < end; n++) {
		i = r->setup.permanent + random_below(comers);
		switch (random_below(8)) {
		case 0:
		case 1:
		case 2:
			update(random_below(r->setup.permanent));
			break;
		case 3:
		case 4:
			if (s.there[i]) {
				delete (i);
				break;
			}
			/* fallthrough */
		case 5:
		case 6:
			insert(i);
			break;
		case 7:
			keep_grace();
		}
	}
}

/* Each stamp must have stayed with its key, wherever that went. */
static void check_stamps(const struct run *r)
{
	struct xv_fdb_word word;
	uint32_t i;

	for (i = 0; i < r->setup.permanent; i++) {
		assert_int_equal(xv_table_lookup(s.table, stress_key(i), &word), 0);
		assert_int_equal(word.last_seen, s.skel->bss->stamped[i]);
		assert_int_equal(word.dest, stress_dest(i, s.skel->bss->version[i]));
	}
}

static void open_table(const struct run *r)
{
	struct xv_err err = {};
	uint32_t i;

	s.skel = table_stress_bpf__open();
	assert_non_null(s.skel);
	bpf_map__set_max_entries(s.skel->maps.stress_table, r->buckets + 1);
	assert_int_equal(table_stress_bpf__load(s.skel), 0);
	s.skel->bss->setup = r->setup;
	if (xv_table_open(bpf_map__fd(s.skel->maps.stress_table), synchronize, &s.table, &err))
		fail_msg("%s", err.text);
	for (i = 0; i < r->setup.keys; i++)
		s.there[i] = false;
	for (i = 0; i < r->setup.permanent; i++) {
		assert_int_equal(xv_table_insert_wait(s.table, stress_key(i), word_of(i)), 0);
		s.there[i] = true;
	}
}

static void close_table(struct stress_counts *sum)
{
	const struct stress_counts *c = &s.skel->bss->counts;
	struct xv_table_counts counts;

	sum->lookups += c->lookups;
	sum->found += c->found;
	sum->missed += c->missed;
	sum->ghost += c->ghost;
	sum->wrong += c->wrong;
	sum->later += c->later;
	sum->stale += c->stale;
	xv_table_counts(s.table, &counts);
	s.counts.moves += counts.moves;
	s.counts.growths += counts.growths;
	xv_table_close(s.table);
	table_stress_bpf__destroy(s.skel);
}

/* What the reader said: NULL if no call failed. */
static void *stop_threads(void)
{
	void *failed;

	s.stop = true;
	sem_post(&s.start);
	pthread_join(s.keeper, NULL);
	pthread_join(s.reader, &failed);
	s.threads = false;
	return failed;
}

/* After a check that failed in the middle. */
static int tear_down(void **state)
{
	(void)state;
	if (s.threads)
		stop_threads();
	return 0;
}

static void run_round(const struct run *r, struct stress_counts *sum)
{
	open_table(r);
	s.stop = false;
	s.wanted = s.passed = 0;
	sem_init(&s.start, 0, 0);
	assert_int_equal(pthread_create(&s.reader, NULL, reader, NULL), 0);
	assert_int_equal(pthread_create(&s.keeper, NULL, grace_keeper, NULL), 0);
	s.threads = true;
	write_for(r, r->seconds / r->rounds);
	s.skel->bss->quiet = 1;
	write_for(r, 0.01);
	settle();
	assert_null(stop_threads());
	check_stamps(r);
	close_table(sum);
}

static void test_run(void **state)
{
	const struct run *r = *state;
	struct stress_counts c = {};
	int round;

	s.random = 88172645463325252ULL;
	s.inserted = s.deleted = s.updated = s.graces = 0;
	s.counts = (struct xv_table_counts){};
	for (round = 0; round < r->rounds; round++)
		run_round(r, &c);
	fprintf(stderr,
		"# %s: %llu lookups, %llu found; %lu inserts, %lu deletes, %lu updates, %lu moves, "
		"%lu growths, %lu grace periods\n",
		r->name, c.lookups, c.found, s.inserted, s.deleted, s.updated, s.counts.moves,
		s.counts.growths, s.graces);
	fprintf(stderr, "# missed %llu, ghosts %llu, wrong %llu, later %llu, stale %llu\n",
		c.missed, c.ghost, c.wrong, c.later, c.stale);
	assert_int_equal(c.missed, 0);
	assert_int_equal(c.ghost, 0);
	assert_int_equal(c.wrong, 0);
	assert_int_equal(c.later, 0);
	assert_int_equal(c.stale, 0);
	assert_true(c.found > 1000);
	assert_true(s.inserted && s.deleted && s.updated);
	assert_true(s.counts.moves + s.counts.growths > 0);
}

/* Nearly full, so that inserts must move others; and growing from nothing, again and again. */
static struct run runs[] = {
	{
		.name = "full",
		.buckets = 256,
		.setup = {700, 1100, 1200, 200, 60000, 1000},
		.seconds = 2,
		.rounds = 2,
	},
	{
		.name = "growing",
		.buckets = 4096,
		.setup = {450, 12000, 12500, 200, 60000, 20000},
		.seconds = 1.8,
		.rounds = 6,
	},
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"full", test_run, NULL, tear_down, &runs[0]},
		{"growing", test_run, NULL, tear_down, &runs[1]},
	};

	if (geteuid()) {
		printf("1..0 # SKIP needs root to load BPF programs\n");
		return 0;
	}
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		printf("1..0 # SKIP needs two CPUs, one for readers and one for the writer\n");
		return 0;
	}
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	pin(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
