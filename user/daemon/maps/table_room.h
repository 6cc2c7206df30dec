/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes room in the bucket table: see table.h. */
#ifndef XV_DAEMON_TABLE_ROOM_H
#define XV_DAEMON_TABLE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xv_table;

/*
 * Grows the table at once for n entries, as far as the map allows. -EAGAIN: it could not grow far
 * enough because entries are moving; try again after a grace period.
 */
int xv_table_reserve(struct xv_table *t, size_t n);

/* Both buckets of a new key are full: makes one move towards room. -EAGAIN or -ENOSPC. */
int table_room_make(struct xv_table *t, uint64_t key);
/* Widens the mask if n entries need it and it can be done now. */
void table_room_grow(struct xv_table *t, size_t n);
size_t table_steps_size(void);

#endif
