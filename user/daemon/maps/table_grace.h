/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the bucket table waits for a grace period; see table.h. */
#ifndef XV_DAEMON_TABLE_GRACE_H
#define XV_DAEMON_TABLE_GRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xv_table;

/*
 * begin: whether anything waits for a grace period. If so the caller lets one pass and then calls
 * end, which does what waited when begin was first called; more may wait then. Other calls may come
 * in between.
 */
bool xv_table_grace_begin(struct xv_table *t);
void xv_table_grace_end(struct xv_table *t);
/* Until nothing waits. Two grace periods as a rule. */
void xv_table_settle(struct xv_table *t);

/* Builds the lists from what a killed writer left. */
void table_repair(struct xv_table *t);

#endif
