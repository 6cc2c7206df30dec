/* SPDX-License-Identifier: GPL-2.0-only */
/* A view (view.h) that is being read, and how far it was read. */
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

/* What views show: the model, and facts about the instance. */
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
	uint32_t pos, sub; /* where to continue */
	/* The FDB cannot be walked in steps, so a view of it works on a copy, 16 bytes an entry. */
	struct xv_view_entry *entries;
	size_t n_entries, room;
	bool no_memory;
	/* The devices' counters at the time when the view was opened. */
	struct xv_netlink_counts *devices;
	size_t n_devices;
	uint64_t now; /* time of the copy, in units of last_seen */
};

/* Counters of a device. NULL: there is no such device, or the table shows no such counters. */
const struct xv_netlink_counts *xv_view_device(const struct xv_view *view, uint32_t ifindex);
/*
 * Writes five counters that the kernel keeps of a device into columns first to first + 4: drops at
 * reception, at transmission and in the queueing discipline, then errors at reception and at
 * transmission. Writes nothing if ifindex is 0 or the kernel has no such device.
 */
void xv_view_put_device(const struct xv_view *view, struct xv_row *row, unsigned int first,
			uint32_t ifindex);
/* Seconds from seen to now, both in units of last_seen (XV_SEEN_SHIFT). */
uint64_t xv_view_age(uint64_t now, uint64_t seen);
/*
 * Returns the next network, port or peer, from view->pos on, that passes the filter. NULL at the
 * end.
 */
struct xv_network *xv_view_network(struct xv_view *view);
struct xv_port *xv_view_port(struct xv_view *view);
struct xv_peer *xv_view_peer(struct xv_view *view);

#endif
