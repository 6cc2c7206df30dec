/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of the FDB. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/flap.h"
#include "model/ids.h"
#include "serve/view_fdb.h"
#include "grow.h"

enum {
	NSEC_PER_SEC = 1000000000,
};

static bool entry_matches(const struct xv_view *view, const struct xv_fdb_entry *entry)
{
	const struct xv_selection *filter = &view->filter;
	const struct xv_port *port;

	if (filter->has_mac && memcmp(filter->mac, entry->key.mac, sizeof(filter->mac)))
		return false;
	if (!*filter->dev)
		return true;
	port = xv_port_of_entry(view->model, &entry->val);
	return port && xv_selection_has_port(filter, port);
}

static int copy_entry(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_view *view = arg;

	if (!entry_matches(view, entry))
		return 0;
	if (xv_grow(&view->entries, view->n_entries, &view->room, sizeof(*view->entries))) {
		view->no_memory = true;
		return -ENOMEM;
	}
	view->entries[view->n_entries++] = (struct xv_view_entry){entry->key, entry->val};
	return 0;
}

int xv_view_copy_fdb(struct xv_view *view, struct xv_err *err)
{
	const struct xv_selection *filter = &view->filter;
	struct xv_fdb_filter which = {
		.bd = filter->bd,
		.kind = filter->peer   ? XV_FDB_PEER
			: *filter->dev ? XV_FDB_PORT
				       : XV_FDB_NONE,
		.dst = filter->peer,
		.learned = filter->learned,
		.statics = filter->statics,
	};
	long n;

	view->now = xv_fdb_now();
	n = xv_fdb_walk(view->model, &which, copy_entry, view, err);
	if (n < 0)
		return n;
	if (view->no_memory)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static void put_destination(const struct xv_view *view, const struct xv_fdb_val *val,
			    struct xv_row *row)
{
	const struct xv_peer *peer = xv_peer_of_entry(view->model, val);
	const struct xv_port *port = xv_port_of_entry(view->model, val);

	if (port) {
		xv_row_text(row, XV_COL_FDB_DEV, port->key.dev);
		xv_row_number(row, XV_COL_FDB_VLAN, port->key.vlan);
	} else if (peer) {
		xv_row_ip(row, XV_COL_FDB_REMOTE, &peer->ip);
	}
}

/* Names the other place of a MAC that flaps between two. */
static void put_also(const struct xv_view *view, const struct xv_view_entry *entry,
		     struct xv_row *row)
{
	struct xv_place here = {.kind = entry->val.kind, .dst = entry->val.dst}, other;
	char text[XV_PLACE_STRLEN];

	if (xv_flap_other(view->model, &entry->key, here, &other))
		xv_row_text(row, XV_COL_FDB_ALSO, xv_place_text(view->model, other, text));
}

bool xv_view_next_fdb(struct xv_view *view, struct xv_row *row)
{
	const struct xv_view_entry *entry;
	const struct xv_network *net;

	do {
		if (view->pos >= view->n_entries)
			return false;
		entry = &view->entries[view->pos++];
		net = xv_network_of(view->model, entry->key.bd);
	} while (!net);
	xv_row_mac(row, XV_COL_FDB_MAC, entry->key.mac);
	xv_row_text(row, XV_COL_FDB_NETWORK, net->set.name);
	xv_row_number(row, XV_COL_FDB_VNI, net->vni);
	put_destination(view, &entry->val, row);
	if (entry->val.flags & XV_FDB_STATIC) {
		xv_row_text(row, XV_COL_FDB_TYPE, "static");
		xv_row_number(row, XV_COL_FDB_STICKY, !!(entry->val.flags & XV_FDB_STICKY));
		xv_row_text(row, XV_COL_FDB_ORIGIN,
			    xv_fdb_origins(&entry->val) & XV_ORIGIN_CONFIG ? "config" : "runtime");
	} else {
		xv_row_text(row, XV_COL_FDB_TYPE, "learned");
		xv_row_number(row, XV_COL_FDB_AGE, xv_view_age(view->now, entry->val.last_seen));
		xv_row_number(row, XV_COL_FDB_MOVES, entry->val.moves);
		put_also(view, entry, row);
	}
	return true;
}
