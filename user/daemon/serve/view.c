/* SPDX-License-Identifier: GPL-2.0-only */
/* The running state as rows: see view.h. */
#include <stdlib.h>
#include <string.h>

#include "maps/stats.h"
#include "model/uplink.h"
#include "serve/view.h"
#include "serve/view_fdb.h"
#include "serve/view_object.h"
#include "serve/view_stats.h"
#include "serve/view_status.h"

static bool (*const next_row[XV_TABLE_MAX])(struct xv_view *view, struct xv_row *row) = {
	[XV_TABLE_STATUS] = xv_view_next_status,
	[XV_TABLE_UPLINK] = xv_view_next_uplink,
	[XV_TABLE_NETWORK] = xv_view_next_network,
	[XV_TABLE_PORT] = xv_view_next_port,
	[XV_TABLE_FDB] = xv_view_next_fdb,
	[XV_TABLE_FLOOD] = xv_view_next_flood,
	[XV_TABLE_PEER] = xv_view_next_peer,
	[XV_TABLE_NET_STATS] = xv_view_next_net_stats,
	[XV_TABLE_PORT_STATS] = xv_view_next_port_stats,
	[XV_TABLE_PEER_STATS] = xv_view_next_peer_stats,
	[XV_TABLE_PATH_STATS] = xv_view_next_path_stats,
	[XV_TABLE_DROPS] = xv_view_next_drops,
};

static bool shows_counters(enum xv_table_id table)
{
	return next_row[table] == xv_view_next_net_stats ||
	       next_row[table] == xv_view_next_port_stats ||
	       next_row[table] == xv_view_next_peer_stats ||
	       next_row[table] == xv_view_next_path_stats || next_row[table] == xv_view_next_drops;
}

/* Reads the counters of devices that the table shows. On failure their columns stay empty. */
static void open_devices(struct xv_view *view)
{
	const struct xv_model *model = view->model;
	uint32_t few[XV_MAX_UPLINKS];
	struct xv_err why;
	size_t n = 0, i;

	if (!model->nl)
		return;
	if (view->table == XV_TABLE_PORT_STATS)
		xv_netlink_list_counts(model->nl, &view->devices, &view->n_devices, &why);
	if (view->table == XV_TABLE_STATUS && model->slow_ifindex)
		few[n++] = model->slow_ifindex;
	for (i = 0; view->table == XV_TABLE_UPLINK && i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex)
			few[n++] = model->uplinks[i].ifindex;
	if (n)
		xv_netlink_few_counts(model->nl, few, n, view->table == XV_TABLE_UPLINK,
				      &view->devices, &view->n_devices);
}

int xv_view_open(const struct xv_about *about, enum xv_table_id table,
		 const struct xv_selection *filter, struct xv_view *view, struct xv_err *err)
{
	struct xv_model *model = about->model;
	int ret;

	*view = (struct xv_view){.about = about, .model = model, .table = table};
	if (filter)
		view->filter = *filter;
	open_devices(view);
	if (table != XV_TABLE_FDB)
		return shows_counters(table) ? xv_stats_open(model->dp, err) : 0;
	ret = xv_view_copy_fdb(view, err);
	if (ret)
		xv_view_close(view);
	return ret;
}

bool xv_view_next(struct xv_view *view, struct xv_row *row)
{
	xv_row_start(row, view->table);
	return next_row[view->table](view, row);
}

void xv_view_close(struct xv_view *view)
{
	free(view->entries);
	free(view->devices);
	view->entries = NULL;
	view->devices = NULL;
	view->n_entries = 0;
}
