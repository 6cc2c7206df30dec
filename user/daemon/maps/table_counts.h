/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters of a bucket table: see table.h. */
#ifndef XV_DAEMON_TABLE_COUNTS_H
#define XV_DAEMON_TABLE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct xv_table_counts {
	size_t entries;
	size_t buckets;	    /* in use */
	size_t max_buckets; /* in the map */
	size_t waiting;	    /* slots that wait for a grace period */
	uint64_t moves;	    /* entries moved to make room */
	uint64_t growths;
	/* what xv_table_open() found and repaired: */
	size_t spent, twins, misplaced;
};

#endif
