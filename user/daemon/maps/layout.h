/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Earlier layouts of the pinned maps: which maps each has, of which types, and how to convert their
 * contents to our maps. Each has a reader in layoutN.c; the last three are kept. For our own layout
 * only the types are listed, and a test compares them with the programs'.
 */
#ifndef XV_LAYOUT_H
#define XV_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct bpf_map;
struct btf;

/* A map of the old layout, and the new map that gets its contents. */
struct xv_layout_pair {
	int from, to;
	int cpus; /* number of possible CPUs: entries of a per-CPU value */
};

struct xv_layout_map {
	const char *name;
	uint64_t types; /* xv_layout_types() */
	/*
	 * NULL: our map is exactly the same, and old and new programs share it. Otherwise a new map
	 * is made, and this function fills it while the old programs run. Only programs write to
	 * the old map meanwhile. 0 or negative errno.
	 */
	int (*fill)(const struct xv_layout_pair *pair);
	/*
	 * A new map is made too, but its counters, which have the same places, are carried on
	 * (carry.h).
	 */
	bool counters;
};

struct xv_layout {
	uint32_t number;
	const struct xv_layout_map *maps;
	size_t n;
};

/* The reader of a layout. NULL: there is none, or it is our own layout. */
const struct xv_layout *xv_layout_find(uint32_t number);

const struct xv_layout_map *xv_layout_map(const struct xv_layout *layout, const char *name);
/* Checks that the pinned maps have the layout's types. -EPROTO: err names the map that differs. */
int xv_layout_check(const struct xv_layout *layout, const char *pin_dir, struct xv_err *err);

/*
 * A hash of a map's kind, its number of entries (not for xv_stats, which has one for each CPU), and
 * the names, sizes and offsets of all members of its keys and values.
 */
uint64_t xv_layout_types(const struct bpf_map *map, const struct btf *btf);

/*
 * Copies a map, element by element. convert, if not NULL, makes the new value, which is zeroed
 * before, from the old one. Elements of arrays that are all zero are skipped.
 */
int xv_layout_copy(const struct xv_layout_pair *pair, void (*convert)(const void *from, void *to));
/* The same for per-CPU maps; convert is called for each CPU's value. */
int xv_layout_copy_cpus(const struct xv_layout_pair *pair,
			void (*convert)(const void *from, void *to));

/* The last is our own, without readers. */
extern const struct xv_layout xv_layout_7, xv_layout_8, xv_layout_9;

#endif
