/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the object of an id that comes from a map or an event. Any program with access to the maps
 * may write any number, so such ids must be looked up only by these functions.
 */
#ifndef XV_IDS_H
#define XV_IDS_H

#include "model/model.h"

/* NULL: the object does not exist any more, or the id is not valid. */
static inline struct xv_network *xv_network_of(const struct xv_model *model, uint32_t bd)
{
	return bd < XV_MAX_NETWORKS ? model->by_bd[bd] : NULL;
}

static inline struct xv_port *xv_port_of(const struct xv_model *model, uint32_t id)
{
	return id < XV_MAX_PORTS ? model->port_by_id[id] : NULL;
}

static inline struct xv_peer *xv_peer_of(const struct xv_model *model, uint32_t id)
{
	return id < XV_MAX_PEERS ? model->peer_by_id[id] : NULL;
}

/* The port or peer that an FDB entry leads to; NULL if it is not one. */
static inline struct xv_port *xv_port_of_entry(const struct xv_model *model,
					       const struct xv_fdb_val *val)
{
	return val->kind == XV_FDB_PORT ? xv_port_of(model, val->dst) : NULL;
}

static inline struct xv_peer *xv_peer_of_entry(const struct xv_model *model,
					       const struct xv_fdb_val *val)
{
	return val->kind == XV_FDB_PEER ? xv_peer_of(model, val->dst) : NULL;
}

#endif
