// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the bucket table: maps it, and sets up a new one or takes over an existing one. See
 * table.h.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "maps/table_grace.h"
#include "maps/table_open.h"
#include "maps/table_room.h"
#include "maps/table_slot.h"

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static struct xv_table *alloc_table(size_t n)
{
	struct xv_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->max_buckets = n;
	/* One number for each slot; the kernel provides only the pages that are used. */
	t->spent = malloc(n * XV_TABLE_SLOTS * sizeof(*t->spent));
	t->twins = malloc(TABLE_TWINS * sizeof(*t->twins));
	t->steps = malloc(table_steps_size());
	if (t->spent && t->twins && t->steps)
		return t;
	xv_table_close(t);
	return NULL;
}

/* The mask is stored last: a head without a mask counts as new. */
static int set_up(struct xv_table *t, struct xv_err *err)
{
	uint64_t seed, mask = t->max_buckets < XV_TABLE_MIN_BUCKETS ? t->max_buckets - 1
								    : XV_TABLE_MIN_BUCKETS - 1;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return xv_err_set(err, -errno, "no random numbers: %s", strerror(errno));
	table_store(&t->head->seed, seed);
	table_store(&t->head->mask, mask);
	return 0;
}

static int attach(struct xv_table *t, void *memory, struct xv_err *err)
{
	uint64_t mask;
	bool fresh;
	int ret;

	t->head = memory;
	t->buckets = (struct xv_table_bucket *)memory + 1;
	fresh = !table_load(&t->head->mask);
	if (fresh) {
		ret = set_up(t, err);
		if (ret)
			return ret;
	}
	mask = table_load(&t->head->mask);
	if (!is_power_of_two(mask + 1) || mask + 1 > t->max_buckets)
		return xv_err_set(err, -EPROTO, "the FDB's table is damaged: mask %#llx",
				  (unsigned long long)mask);
	t->mask = mask;
	t->seed = table_load(&t->head->seed);
	if (!fresh) /* a look at each bucket makes the kernel map the whole table */
		table_repair(t);
	return 0;
}

int xv_table_open_memory(void *memory, size_t n, void (*synchronize)(void), struct xv_table **t,
			 struct xv_err *err)
{
	struct xv_table *table;
	int ret;

	if (n < 2 || n > XV_TABLE_MAX_BUCKETS || !is_power_of_two(n))
		return xv_err_set(err, -EINVAL, "%zu buckets: not a power of two from 2 to %d", n,
				  XV_TABLE_MAX_BUCKETS);
	table = alloc_table(n);
	if (!table)
		return xv_err_set(err, -ENOMEM, "out of memory");
	table->synchronize = synchronize;
	ret = attach(table, memory, err);
	if (ret) {
		xv_table_close(table);
		return ret;
	}
	*t = table;
	return 0;
}

int xv_table_open(int map_fd, void (*synchronize)(void), struct xv_table **t, struct xv_err *err)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	size_t bytes;
	void *memory;
	int ret;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &len))
		return xv_err_set(err, -errno, "cannot get information about the FDB's map: %s",
				  strerror(errno));
	if (info.type != BPF_MAP_TYPE_ARRAY || !(info.map_flags & BPF_F_MMAPABLE) ||
	    info.value_size != sizeof(struct xv_table_bucket) || info.max_entries < 3)
		return xv_err_set(err, -EINVAL, "map %u is not a bucket table", info.id);
	bytes = info.max_entries * sizeof(struct xv_table_bucket);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (memory == MAP_FAILED)
		return xv_err_set(err, -errno, "cannot map the FDB into memory: %s",
				  strerror(errno));
	ret = xv_table_open_memory(memory, info.max_entries - 1, synchronize, t, err);
	if (ret) {
		munmap(memory, bytes);
		return ret;
	}
	(*t)->map_fd = map_fd;
	(*t)->mapping = memory;
	(*t)->mapping_len = bytes;
	table_map(*t, (*t)->mask + 1); /* if this fails, only more than necessary stays mapped */
	return 0;
}

void xv_table_close(struct xv_table *t)
{
	if (!t)
		return;
	if (t->mapping)
		munmap(t->mapping, t->mapping_len);
	free(t->spent);
	free(t->twins);
	free(t->steps);
	free(t);
}
