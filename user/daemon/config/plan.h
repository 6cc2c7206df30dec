/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The difference between two configurations as a list of operations, for reconcile.h. Without I/O,
 * so that it can be tested without root.
 */
#ifndef XV_PLAN_H
#define XV_PLAN_H

#include "config/config.h"

enum xv_op_type {
	/*
	 * in the order of the list: removals before additions, members before their network's
	 * removal
	 */
	XV_OP_FDB_DEL,
	XV_OP_FLOOD_DEL,
	XV_OP_PORT_DEL,
	XV_OP_NETWORK_DEL,
	XV_OP_NETWORK_ADD,
	XV_OP_NETWORK_SET, /* name, learning, inner_vlan, ageing, max_macs, learn_rate, group */
	XV_OP_PORT_ADD,	   /* also changes the settings of an existing port */
	XV_OP_FLOOD_ADD,
	XV_OP_FDB_ADD, /* also replaces an entry with another destination or setting */
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
 * Makes the operations that turn have into want. Only networks are compared; the caller compares
 * instance, underlay and metrics. The plan points into both configurations and must not outlive
 * them. 0 or -ENOMEM. With 4,000 networks and a million static entries it takes less than a second.
 */
int xv_plan_make(const struct xv_config *have, const struct xv_config *want, struct xv_plan *plan);
void xv_plan_free(struct xv_plan *plan);

#endif
