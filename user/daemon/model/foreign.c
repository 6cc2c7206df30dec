/* SPDX-License-Identifier: GPL-2.0-only */
/* FDB entries that outside programs wrote into the map xv_fdb. See foreign.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/foreign.h"

enum {
	BATCH = 8192,
};

struct batch {
	struct xv_fdb_key keys[BATCH];
	struct xv_fdb_val vals[BATCH];
};

int xv_foreign_get(const struct xv_model *model, const struct xv_fdb_key *key,
		   struct xv_fdb_val *val)
{
	return bpf_map_lookup_elem(model->dp->fd.fdb, key, val);
}

int xv_foreign_del(const struct xv_model *model, const struct xv_fdb_key *key)
{
	return bpf_map_delete_elem(model->dp->fd.fdb, key);
}

bool xv_foreign_any(const struct xv_model *model)
{
	struct xv_fdb_key key;

	return !bpf_map_get_next_key(model->dp->fd.fdb, NULL, &key);
}

static long walk_batch(const struct batch *b, uint32_t n, const struct xv_fdb_filter *filter,
		       int (*fn)(void *, const struct xv_fdb_entry *), void *arg, bool *stop)
{
	struct xv_fdb_entry entry = {.extra = true};
	long found = 0;
	uint32_t i;

	for (i = 0; i < n && !*stop; i++) {
		entry.key = b->keys[i];
		entry.val = b->vals[i];
		if (!xv_fdb_entry_matches(filter, &entry))
			continue;
		found++;
		*stop = fn(arg, &entry);
	}
	return found;
}

/*
 * Each batch reads whole hash buckets: an entry that exists throughout is seen once, one that is
 * added or deleted meanwhile at most once.
 */
long xv_foreign_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		     int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		     struct xv_err *err)
{
	bool first = true, stop = false;
	uint32_t cursor = 0, n;
	struct batch *b;
	long found = 0;
	int ret = 0;

	if (!xv_foreign_any(model))
		return 0; /* the normal case */
	b = malloc(sizeof(*b));
	if (!b)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (!ret && !stop) {
		n = BATCH;
		ret = bpf_map_lookup_batch(model->dp->fd.fdb, first ? NULL : &cursor, &cursor,
					   b->keys, b->vals, &n, NULL);
		if (ret && ret != -ENOENT)
			break;
		first = false;
		found += walk_batch(b, n, filter, fn, arg, &stop);
	}
	free(b);
	if (ret && ret != -ENOENT)
		return xv_err_set(err, ret, "cannot read xv_fdb: %s", strerror(-ret));
	return found;
}
