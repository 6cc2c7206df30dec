/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's life: see lifetime.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/xfrm.h"
#include "maps/stats.h"
#include "model/adjacency.h"
#include "model/batch.h"
#include "model/egress.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/hop.h"
#include "model/lifetime.h"
#include "model/mac_table.h"
#include "model/pmtu.h"
#include "model/queue.h"
#include "model/tenancy.h"
#include "model/unhook.h"
#include "model/vlan.h"

int xv_lifetime_begin(struct xv_model *model, struct xv_err *err)
{
	model->by_bd = calloc(XV_MAX_NETWORKS, sizeof(*model->by_bd));
	model->port_by_id = calloc(XV_MAX_PORTS, sizeof(*model->port_by_id));
	model->peer_by_id = calloc(XV_MAX_PEERS, sizeof(*model->peer_by_id));
	model->batch = calloc(1, sizeof(*model->batch));
	if (!model->by_bd || !model->port_by_id || !model->peer_by_id || !model->batch)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

int xv_lifetime_adopt(struct xv_model *model, struct xv_err *err)
{
	int ret = xv_network_adopt(model, err); /* each step needs the objects of those before */

	ret = ret ?: xv_peer_adopt(model, err);
	if (!ret) {
		xv_network_adopt_index(model);
		xv_peer_adopt_index(model);
	}
	ret = ret ?: xv_tenancy_adopt(model, err);
	ret = ret ?: xv_flood_adopt(model, err);
	ret = ret ?: xv_fdb_adopt(model, err);
	if (!ret) {
		xv_peer_adopted(model);
		xv_adjacency_adopted(model);
	}
	return ret;
}

void xv_lifetime_end(struct xv_model *model)
{
	xv_pmtu_stop(model);
	xv_adjacency_stop(model);
	xv_unhook_stop(model);
	xv_queue_stop(model);
	xv_xfrm_stop(model->xfrm);
	xv_stats_stop(model->dp);
	xv_mac_table_close(model);
	xv_port_free_all(model);
	xv_peer_free_all(model);
	xv_network_free_all(model);
	xv_group_free_all(model);
	xv_egress_free_all(model);
	xv_hop_free_all(model);
	xv_vlan_free_all(model);
	free(model->uplinks);
	free(model->by_bd);
	free(model->port_by_id);
	free(model->peer_by_id);
	free(model->batch);
	xv_datapath_close(model->dp);
	xv_netlink_close(model->nl);
}
