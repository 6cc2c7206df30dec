/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of keys of objects in an array. They tell which key occurs twice in a set, and which keys
 * two sets have in common. A set is one sorted array of references, so a million keys cost one
 * allocation.
 */
#ifndef XV_KEYSET_H
#define XV_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reference to one object's key. The key's bytes stay in the object. */
struct xv_key {
	uint64_t head; /* the key's first bytes, which decide most comparisons */
	const void *bytes;
	uint32_t len;
	uint32_t index; /* of the object in its array */
};

#define XV_KEYSET_NONE UINT32_MAX

/* Fills in one reference. Comparisons use all len bytes, padding included. */
void xv_keyset_set(struct xv_key *key, const void *bytes, size_t len, uint32_t index);

/* Sorts by key, equal keys by index. */
void xv_keyset_sort(struct xv_key *keys, size_t n);

/*
 * Finds, in a sorted set, the first object by index whose key an earlier object has too. True if
 * there is one: *again is its index, *first that of the first object with this key.
 */
bool xv_keyset_twin(const struct xv_key *keys, size_t n, uint32_t *first, uint32_t *again);

/* Index of the object in a sorted set that has this key, or XV_KEYSET_NONE. */
uint32_t xv_keyset_find(const struct xv_key *keys, size_t n, const void *bytes, size_t len);

/*
 * Pairs two sorted sets: a_twin[i] is the index in b of the object with the key of a's object i, or
 * XV_KEYSET_NONE; b_twin likewise. The sets must not hold a key twice.
 */
void xv_keyset_match(const struct xv_key *a, size_t n_a, uint32_t *a_twin, const struct xv_key *b,
		     size_t n_b, uint32_t *b_twin);

#endif
