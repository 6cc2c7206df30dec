/* SPDX-License-Identifier: GPL-2.0-only */
/* A bucket table is opened; see table.h. */
#ifndef XV_DAEMON_TABLE_OPEN_H
#define XV_DAEMON_TABLE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct xv_table;

/*
 * Opens the table in a map, which must stay open, or sets it up if it is new. synchronize() is to
 * return after a grace period. -EINVAL: not a map of this kind; -EPROTO: a head that cannot be;
 * -ENOMEM.
 */
int xv_table_open(int map_fd, void (*synchronize)(void), struct xv_table **t, struct xv_err *err);
/* The same over plain memory, aligned to 64: a head and n buckets, all zero if it is new. n: a
 * power of two, at least 2. The memory stays the caller's. */
int xv_table_open_memory(void *memory, size_t n, void (*synchronize)(void), struct xv_table **t,
			 struct xv_err *err);
/* Forgets the table; what waits for a grace period is left for the next one who opens it. */
void xv_table_close(struct xv_table *t);

#endif
