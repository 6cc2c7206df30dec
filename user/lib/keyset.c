/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of keys: see keyset.h. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "keyset.h"

void xv_keyset_set(struct xv_key *key, const void *bytes, size_t len, uint32_t index)
{
	uint64_t head = 0;

	memcpy(&head, bytes, len < sizeof(head) ? len : sizeof(head));
	key->head = be64toh(head); /* in big-endian order, so that it compares as memcmp() does */
	key->bytes = bytes;
	key->len = len;
	key->index = index;
}

static int compare_keys(const struct xv_key *a, const struct xv_key *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	if (len > sizeof(a->head)) {
		order = memcmp(a->bytes, b->bytes, len);
		if (order)
			return order;
	}
	return (a->len > b->len) - (a->len < b->len);
}

static int compare(const void *a, const void *b)
{
	const struct xv_key *x = a, *y = b;
	int order = compare_keys(x, y);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

void xv_keyset_sort(struct xv_key *keys, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (compare(&keys[i - 1], &keys[i]) > 0)
			break;
	if (i < n) /* files are often in order already */
		qsort(keys, n, sizeof(*keys), compare);
}

bool xv_keyset_twin(const struct xv_key *keys, size_t n, uint32_t *first, uint32_t *again)
{
	uint32_t run = 0; /* start of the run of equal keys */
	bool found = false;
	size_t i;

	for (i = 1; i < n; i++) {
		if (compare_keys(&keys[run], &keys[i])) {
			run = i;
		} else if (!found || keys[i].index < *again) {
			*first = keys[run].index;
			*again = keys[i].index;
			found = true;
		}
	}
	return found;
}

static int find_compare(const void *a, const void *b)
{
	return compare_keys(a, b);
}

uint32_t xv_keyset_find(const struct xv_key *keys, size_t n, const void *bytes, size_t len)
{
	const struct xv_key *found;
	struct xv_key key;

	if (!n)
		return XV_KEYSET_NONE;
	xv_keyset_set(&key, bytes, len, 0);
	found = bsearch(&key, keys, n, sizeof(*keys), find_compare);
	return found ? found->index : XV_KEYSET_NONE;
}

void xv_keyset_match(const struct xv_key *a, size_t n_a, uint32_t *a_twin, const struct xv_key *b,
		     size_t n_b, uint32_t *b_twin)
{
	size_t i = 0, j = 0;
	int order;

	while (i < n_a || j < n_b) {
		if (i == n_a)
			order = 1;
		else if (j == n_b)
			order = -1;
		else
			order = compare_keys(&a[i], &b[j]);
		if (order < 0) {
			a_twin[a[i++].index] = XV_KEYSET_NONE;
		} else if (order > 0) {
			b_twin[b[j++].index] = XV_KEYSET_NONE;
		} else {
			a_twin[a[i].index] = b[j].index;
			b_twin[b[j++].index] = a[i++].index;
		}
	}
}
