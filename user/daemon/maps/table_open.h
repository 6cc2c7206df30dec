/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens a bucket table: see table.h. */
#ifndef XV_DAEMON_TABLE_OPEN_H
#define XV_DAEMON_TABLE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct xv_table;

/*
 * Opens the table in a map, which must stay open, or sets it up if it is new. synchronize() must
 * return after a grace period. -EINVAL: not a map of this kind; -EPROTO: the head is not valid;
 * -ENOMEM.
 */
int xv_table_open(int map_fd, void (*synchronize)(void), struct xv_table **t, struct xv_err *err);
/*
 * The same in plain memory, aligned to 64 bytes, which the caller owns: a head and n buckets, all
 * zero if it is new. n: a power of two, at least 2.
 */
int xv_table_open_memory(void *memory, size_t n, void (*synchronize)(void), struct xv_table **t,
			 struct xv_err *err);
/* Closes the table. Work that waits for a grace period is left for the next xv_table_open(). */
void xv_table_close(struct xv_table *t);

#endif
