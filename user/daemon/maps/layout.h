/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layouts of the pinned maps before ours: which maps there are, of which types, and how what is in
 * them becomes what ours have. One reader a layout, in layoutN.c; the last three are kept. Of our
 * own layout the types alone are listed, and a test compares them with the programs'.
 */
#ifndef XV_LAYOUT_H
#define XV_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct bpf_map;
struct btf;

/* A map of the old layout and the new one that is to have what is in it. */
struct xv_layout_pair {
	int from, to;
	int cpus; /* possible CPUs: entries of a per-CPU value */
};

struct xv_layout_map {
	const char *name;
	uint64_t types; /* xv_layout_types(): of keys, values, and how many */
	/*
	 * NULL: our map is the same, in every bit and meaning, and is shared by old and new
	 * programs. Else it is made anew, and this fills it while the old programs go on: nothing
	 * but programs writes to the old map meanwhile. Negative errno.
	 */
	int (*fill)(const struct xv_layout_pair *pair);
	/* Likewise made anew, but its counters, which lie as in ours, go on (carry.h). */
	bool counters;
};

struct xv_layout {
	uint32_t number;
	const struct xv_layout_map *maps;
	size_t n;
};

/* The reader of a layout; NULL: none, or it is our own. */
const struct xv_layout *xv_layout_find(uint32_t number);

const struct xv_layout_map *xv_layout_map(const struct xv_layout *layout, const char *name);
/* Whether the pinned maps are of the types that the layout has. -EPROTO with the map's name. */
int xv_layout_check(const struct xv_layout *layout, const char *pin_dir, struct xv_err *err);

/*
 * A number for a map's kind, its number of entries (but for xv_stats, which has the machine's
 * CPUs), and the names, sizes and places of all members of its keys and values.
 */
uint64_t xv_layout_types(const struct bpf_map *map, const struct btf *btf);

/*
 * Copies a map, element by element. convert, if there is one, makes the new value, which is zero
 * before, from the old one; elements of arrays that are zero are left out.
 */
int xv_layout_copy(const struct xv_layout_pair *pair, void (*convert)(const void *from, void *to));
/* For per-CPU maps: one CPU's value. */
int xv_layout_copy_cpus(const struct xv_layout_pair *pair,
			void (*convert)(const void *from, void *to));

/* The last is our own, of which nothing is filled. */
extern const struct xv_layout xv_layout_7, xv_layout_8, xv_layout_9;

#endif
