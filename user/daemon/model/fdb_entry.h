/* SPDX-License-Identifier: GPL-2.0-only */
/* An entry of the FDB, in the daemon's table or in xv_fdb, and a filter for entries. */
#ifndef XV_FDB_ENTRY_H
#define XV_FDB_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "xv_abi.h"
#include "xv_table.h"

struct xv_fdb_entry {
	struct xv_fdb_key key;
	struct xv_fdb_val val;
	bool extra; /* from xv_fdb, written by an outside program */
};

/* Selects entries: an entry must match all fields that are set. */
struct xv_fdb_filter {
	uint32_t bd;  /* 0: any */
	uint8_t kind; /* enum xv_fdb_kind; XV_FDB_NONE: any */
	uint32_t dst; /* port or peer id, with kind; 0: any */
	bool learned; /* only learned ones */
	bool statics; /* only static ones */
};

/* The key as one word, as the table has it. */
static inline uint64_t xv_fdb_entry_word(const struct xv_fdb_key *key)
{
	return (union xv_table_key){.key = *key}.word;
}

static inline struct xv_fdb_entry xv_fdb_entry_of(uint64_t word, struct xv_fdb_val val)
{
	return (struct xv_fdb_entry){.key = (union xv_table_key){.word = word}.key, .val = val};
}

static inline bool xv_fdb_entry_matches(const struct xv_fdb_filter *f, const struct xv_fdb_entry *e)
{
	bool is_static = e->val.flags & XV_FDB_STATIC;

	return (!f->bd || f->bd == e->key.bd) && (!f->kind || f->kind == e->val.kind) &&
	       (!f->dst || f->dst == e->val.dst) && !(f->learned && is_static) &&
	       !(f->statics && !is_static);
}

#endif
