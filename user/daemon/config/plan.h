/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The difference between two configurations as a list of operations: what reconciling touches, and
 * nothing else. Pure: no I/O, so that it is tested without root.
 */
#ifndef XV_PLAN_H
#define XV_PLAN_H

#include "config/config.h"

enum xv_op_type {
	/* in this order in the list: removals before additions, members before their network's
	   removal */
	XV_OP_FDB_DEL,
	XV_OP_FLOOD_DEL,
	XV_OP_PORT_DEL,
	XV_OP_NETWORK_DEL,
	XV_OP_NETWORK_ADD,
	XV_OP_NETWORK_SET, /* name, learning, inner_vlan, ageing, max_macs, learn_rate, group */
	XV_OP_PORT_ADD,	   /* also one that is there, with another setting */
	XV_OP_FLOOD_ADD,
	XV_OP_FDB_ADD, /* also replaces an entry whose destination or setting changed */
};

struct xv_op {
	enum xv_op_type type;
	uint32_t vni;
	const struct xv_config_network *network; /* ADD, SET: in `want` */
	const struct xv_config_port *port;	 /* PORT_*: in `have` or `want` */
	const struct xv_config_remote *remote;	 /* FLOOD_* */
	const struct xv_config_fdb *fdb;	 /* FDB_* */
};

struct xv_plan {
	struct xv_op *ops;
	size_t n_ops;
};

/*
 * Operations that turn have into want (networks only: instance, underlay and metrics are compared
 * by the caller). The plan points into both configurations and must not outlive them. 0 or -ENOMEM.
 * Linear-ish in the sizes: 4,000 networks and a million static entries stay under a second.
 */
int xv_plan_make(const struct xv_config *have, const struct xv_config *want, struct xv_plan *plan);
void xv_plan_free(struct xv_plan *plan);

#endif
