/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the FDB share; see fdb.h. */
#ifndef XV_FDB_INTERNAL_H
#define XV_FDB_INTERNAL_H

#include "model/fdb.h"
#include "maps/grace.h"
#include "maps/table.h"

struct xv_fdb {
	struct xv_table *table;
	struct xv_grace *grace;
	bool waiting;	   /* for a grace period that the table needs */
	uint32_t sweep_us; /* that the last sweep took; 0: none yet */
};

/* The key as the table has it. */
uint64_t fdb_word(const struct xv_fdb_key *key);
bool fdb_matches(const struct xv_fdb_filter *filter, const struct xv_fdb_entry *entry);
/* Gives back what an entry held: its network's learned count, or a static one's peer. */
void fdb_release(struct xv_model *model, const struct xv_fdb_key *key,
		 const struct xv_fdb_val *val);
/* Deletes an entry that is there and gives back what it held. 0 or negative errno. */
int fdb_remove(struct xv_model *model, const struct xv_fdb_entry *entry);
/* Learned entries go until n more fit, from the network that has most of them. */
void fdb_make_room(struct xv_model *model, size_t n);
/* What a change left behind is tidied up when no program can see it any more. */
void fdb_settle_soon(struct xv_model *model);

/* fdb_extra.c: xv_fdb, the entries of outside programs. 0 or negative errno. */
int fdb_extra_get(const struct xv_model *model, const struct xv_fdb_key *key,
		  struct xv_fdb_val *val);
int fdb_extra_del(const struct xv_model *model, const struct xv_fdb_key *key);
/* Whether there is one at all. */
bool fdb_extra_any(const struct xv_model *model);
/* As xv_fdb_walk(), over these. */
long fdb_extra_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		    int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		    struct xv_err *err);

#endif
