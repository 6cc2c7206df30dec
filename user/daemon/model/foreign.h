/* SPDX-License-Identifier: GPL-2.0-only */
/* FDB entries that outside programs wrote into the map xv_fdb. */
#ifndef XV_FOREIGN_H
#define XV_FOREIGN_H

#include "model/fdb_entry.h"
#include "model/model.h"

/* Read and delete one entry. 0 or negative errno. */
int xv_foreign_get(const struct xv_model *model, const struct xv_fdb_key *key,
		   struct xv_fdb_val *val);
int xv_foreign_del(const struct xv_model *model, const struct xv_fdb_key *key);
/* Whether xv_fdb has any entry. */
bool xv_foreign_any(const struct xv_model *model);
/* xv_fdb_walk() (fdb.h) over the entries of xv_fdb. */
long xv_foreign_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		     int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		     struct xv_err *err);

#endif
