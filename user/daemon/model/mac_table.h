/* SPDX-License-Identifier: GPL-2.0-only */
/* The FDB's bucket table, xv_fdb_table, and the grace periods that it needs. */
#ifndef XV_MAC_TABLE_H
#define XV_MAC_TABLE_H

#include "maps/grace.h"
#include "maps/table.h"
#include "model/model.h"

struct xv_mac_table {
	struct xv_table *table;
	struct xv_grace *grace;
	bool waiting;	   /* for the end of a grace period */
	uint32_t sweep_us; /* microseconds of the last sweep; 0: none yet */
};

/* Opens the table. If it has entries, xv_fdb_adopt() must check them. */
int xv_mac_table_open(struct xv_model *model, struct xv_err *err);
/* Starts the thread that waits for grace periods; it keeps the privileges of this moment. */
int xv_mac_table_run(struct xv_model *model, struct xv_err *err);
void xv_mac_table_close(struct xv_model *model);
/* Grows the table for n entries in all, so that it does not grow while they are added. */
void xv_mac_table_reserve(struct xv_model *model, size_t n);
/* Reads an entry of the table. 0 or -ENOENT. */
int xv_mac_table_get(const struct xv_model *model, const struct xv_fdb_key *key,
		     struct xv_fdb_val *val);
/* Prefetches the buckets of a key. Best about ten keys ahead of the use. */
void xv_mac_table_prefetch(const struct xv_model *model, const struct xv_fdb_key *key);
/* Number of static entries in the table. */
size_t xv_mac_table_count_static(const struct xv_model *model);
/* Number of entries in the table, static and learned. */
size_t xv_mac_table_count(const struct xv_model *model);
/* Frees what a change of the table has left behind, after a grace period. */
void xv_mac_table_settle_soon(struct xv_model *model);

#endif
