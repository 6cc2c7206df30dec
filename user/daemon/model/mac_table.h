/* SPDX-License-Identifier: GPL-2.0-only */
/* The bucket table of the FDB, xv_fdb_table, with the grace periods that it needs. */
#ifndef XV_MAC_TABLE_H
#define XV_MAC_TABLE_H

#include "maps/grace.h"
#include "maps/table.h"
#include "model/model.h"

struct xv_mac_table {
	struct xv_table *table;
	struct xv_grace *grace;
	bool waiting;	   /* for a grace period that the table needs */
	uint32_t sweep_us; /* that the last sweep took; 0: none yet */
};

/* Opens the table, new or with entries in it, which xv_fdb_adopt() then looks at. */
int xv_mac_table_open(struct xv_model *model, struct xv_err *err);
/* Starts what waits in the background; with the privileges that there are by now. */
int xv_mac_table_run(struct xv_model *model, struct xv_err *err);
void xv_mac_table_close(struct xv_model *model);
/* Room for n entries together: they are then added without the table growing between them. */
void xv_mac_table_reserve(struct xv_model *model, size_t n);
/* An entry of the table: 0 or -ENOENT. */
int xv_mac_table_get(const struct xv_model *model, const struct xv_fdb_key *key,
		     struct xv_fdb_val *val);
/* Fetches what the functions above will look at: some ten others before it is best. */
void xv_mac_table_prefetch(const struct xv_model *model, const struct xv_fdb_key *key);
/* Entries of the table that no static one can take the place of. */
size_t xv_mac_table_count_static(const struct xv_model *model);
/* Entries of the table, static and learned. */
size_t xv_mac_table_count(const struct xv_model *model);
/* What a change left behind is tidied up when no program can see it any more. */
void xv_mac_table_settle_soon(struct xv_model *model);

#endif
