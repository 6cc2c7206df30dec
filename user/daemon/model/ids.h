/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an id from a map stands for. Whoever may write maps may write any number: ids from a map, or
 * from an event, lead to a network, port or peer through here only.
 */
#ifndef XV_IDS_H
#define XV_IDS_H

#include "model/model.h"

/* NULL: there is none by now, or no such id can be. */
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

/* Where an FDB entry leads, both NULL if nowhere. */
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
