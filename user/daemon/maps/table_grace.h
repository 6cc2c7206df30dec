/* SPDX-License-Identifier: GPL-2.0-only */
/* The work of the bucket table that waits for grace periods: see table.h. */
#ifndef XV_DAEMON_TABLE_GRACE_H
#define XV_DAEMON_TABLE_GRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xv_table;

/*
 * xv_table_grace_begin() returns whether anything waits for a grace period. If so, the caller lets
 * one pass and then calls xv_table_grace_end(), which does the work that waited when begin was
 * called. Other work may wait then. Other functions may be called in between.
 */
bool xv_table_grace_begin(struct xv_table *t);
void xv_table_grace_end(struct xv_table *t);
/* Waits for grace periods, mostly two, until no work waits. */
void xv_table_settle(struct xv_table *t);

/* Finds the work that a killed writer left. */
void table_repair(struct xv_table *t);

#endif
