/* SPDX-License-Identifier: GPL-2.0-only */
/* A view as far as it has come: what the rows of all tables are made from; see view.h. */
#ifndef XV_SCAN_H
#define XV_SCAN_H

#include <time.h>

#include "kernel/netlink.h"
#include "model/fdb.h"
#include "row.h"
#include "sources/firewall.h"
#include "sources/selection.h"

struct xv_view_entry {
	struct xv_fdb_key key;
	struct xv_fdb_val val;
};

/* What views show besides the model: facts about the instance. */
struct xv_about {
	struct xv_model *model;
	struct xv_firewall *firewall;
	const char *config_file;
	time_t started; /* CLOCK_BOOTTIME, seconds */
};

struct xv_view {
	const struct xv_about *about;
	struct xv_model *model;
	enum xv_table_id table;
	struct xv_selection filter;
	uint32_t pos, sub; /* where to go on */
	/* The FDB alone cannot be walked in steps: a copy, 16 bytes an entry. */
	struct xv_view_entry *entries;
	size_t n_entries, room;
	bool no_memory;
	/* Counters of the devices, when the view was opened. */
	struct xv_netlink_counts *devices;
	size_t n_devices;
	uint64_t now; /* as in last_seen, when the copy was made */
};

/* Of a device, if the table has such counters; else NULL. */
const struct xv_netlink_counts *xv_view_device(const struct xv_view *view, uint32_t ifindex);
/*
 * Writes the five counters that the kernel keeps of a device into the row, columns first to first +
 * 4: drops of reception, of sending and of the queueing discipline, then errors of both. Nothing
 * where ifindex is 0 or the kernel has no such device.
 */
void xv_view_put_device(const struct xv_view *view, struct xv_row *row, unsigned int first,
			uint32_t ifindex);
/* Seconds from seen to now, both in units of last_seen (XV_SEEN_SHIFT). */
uint64_t xv_view_age(uint64_t now, uint64_t seen);
/* The next network, port or peer from view->pos on that passes the filter; NULL at the end. */
struct xv_network *xv_view_network(struct xv_view *view);
struct xv_port *xv_view_port(struct xv_view *view);
struct xv_peer *xv_view_peer(struct xv_view *view);

#endif
