/* SPDX-License-Identifier: GPL-2.0-only */
/* Reconciling networks with a configuration: see reconcile.h. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "fdb.h"
#include "flood.h"
#include "plan.h"
#include "reconcile.h"
#include "running.h"
#include "uplink.h"

static void settings_of(const struct xv_config_network *from, struct xv_network_settings *set)
{
	*set = (struct xv_network_settings){
		.learning = from->learning,
		.inner_vlan = from->inner_vlan,
		.ageing = from->ageing,
		.max_macs = from->max_macs,
		.learn_rate = from->learn_rate,
	};
	memcpy(set->name, from->name, sizeof(set->name));
}

/* The network's group member becomes what the configuration says. */
static int set_group(struct xv_instance *inst, struct xv_network *net,
		     const struct xv_config_network *want, struct xv_err *err)
{
	struct xv_ip now;
	bool has = false;
	size_t i;
	int ret = 0;

	for (i = 0; i < net->n_flood; i++)
		if (net->flood[i].val.kind == XV_FDB_PEER && !net->flood[i].val.id) {
			now = net->flood[i].val.remote;
			has = true;
		}
	if (has && !(want->has_group && xv_ip_equal(&now, &want->group))) {
		ret = xv_flood_del(inst, net, &now, err);
		has = false;
	}
	if (!ret && want->has_group && !has)
		ret = xv_flood_add(inst, net, &want->group, true, err);
	return ret;
}

static int network_add(struct xv_instance *inst, const struct xv_config_network *want,
		       struct xv_err *err)
{
	struct xv_network *net = xv_network_find(inst, want->vni);
	struct xv_network_settings set;
	int ret;

	settings_of(want, &set);
	if (net) { /* added by hand before */
		net->from_config = true;
		ret = xv_network_set(inst, net, &set, err);
	} else {
		ret = xv_network_add(inst, want->vni, &set, true, &net, err);
	}
	return ret ?: set_group(inst, net, want, err);
}

static int network_set(struct xv_instance *inst, struct xv_network *net,
		       const struct xv_config_network *want, struct xv_err *err)
{
	struct xv_network_settings set;
	int ret;

	settings_of(want, &set);
	ret = xv_network_set(inst, net, &set, err);
	return ret ?: set_group(inst, net, want, err);
}

static int port_add(struct xv_instance *inst, struct xv_network *net,
		    const struct xv_config_port *want, struct xv_err *err)
{
	struct xv_port *port = xv_port_find(inst, want->dev, want->vlan);

	if (port && port->net == net)
		return xv_port_take_over(inst, port, want);
	return xv_port_add(inst, net, want, true, false, err);
}

static int fdb_add(struct xv_instance *inst, struct xv_network *net,
		   const struct xv_config_fdb *want, struct xv_err *err)
{
	const struct xv_port *port = NULL;

	if (want->is_port) {
		port = xv_port_find(inst, want->port.dev, want->port.vlan);
		if (!port)
			return xv_err_set(err, -ENOENT, "%s is not a port", want->port.dev);
	}
	return xv_fdb_add_static(inst, net, want->mac, port, want->is_port ? NULL : &want->remote,
				 true, true, err);
}

static int run(struct xv_instance *inst, const struct xv_op *op, struct xv_err *err)
{
	struct xv_network *net = xv_network_find(inst, op->vni);
	struct xv_port *port;

	if (op->type == XV_OP_NETWORK_ADD)
		return network_add(inst, op->network, err);
	if (!net)
		return xv_err_set(err, -ENOENT, "there is no network with VNI %u", op->vni);
	switch (op->type) {
	case XV_OP_FDB_DEL:
		return xv_fdb_del(inst, net, op->fdb->mac, err);
	case XV_OP_FLOOD_DEL:
		return xv_flood_del(inst, net, &op->remote->ip, err);
	case XV_OP_PORT_DEL:
		port = xv_port_find(inst, op->port->dev, op->port->vlan);
		return port ? xv_port_del(inst, port, err) : 0;
	case XV_OP_NETWORK_DEL:
		return xv_network_del(inst, net, err);
	case XV_OP_NETWORK_SET:
		return network_set(inst, net, op->network, err);
	case XV_OP_PORT_ADD:
		return port_add(inst, net, op->port, err);
	case XV_OP_FLOOD_ADD:
		return xv_flood_add(inst, net, &op->remote->ip, true, err);
	case XV_OP_FDB_ADD:
		return fdb_add(inst, net, op->fdb, err);
	case XV_OP_NETWORK_ADD:
		break;
	}
	return -EINVAL;
}

/* Conflicts between the file and what was added by hand. */
static int check(struct xv_instance *inst, const struct xv_op *op, struct xv_err *err)
{
	struct xv_network *net;
	struct xv_port *port;

	if (op->type == XV_OP_NETWORK_ADD || op->type == XV_OP_NETWORK_SET) {
		net = xv_network_lookup(inst, op->network->name);
		if (net && net->vni != op->vni && !net->from_config &&
		    !strcmp(net->set.name, op->network->name))
			return xv_err_set(err, -EEXIST,
					  "the name \"%s\" is taken by VNI %u, which "
					  "was added by hand",
					  net->set.name, net->vni);
	}
	if (op->type == XV_OP_PORT_ADD) {
		port = xv_port_find(inst, op->port->dev, op->port->vlan);
		if (port && !port->from_config && port->net->vni != op->vni)
			return xv_err_set(err, -EBUSY,
					  "port %s was added to network \"%s\" by hand: "
					  "delete it there first (xvtep port del %s)",
					  op->port->dev, port->net->set.name, op->port->dev);
		if (!strcmp(op->port->dev, inst->slow_name))
			return xv_err_set(err, -EBUSY,
					  "%s is the slow path device of this instance",
					  op->port->dev);
	}
	return 0;
}

static int run_plan(struct xv_instance *inst, const struct xv_plan *plan, size_t *changes,
		    struct xv_err *err)
{
	struct xv_err later;
	size_t i;
	int ret = 0, end;

	for (i = 0; !ret && i < plan->n_ops; i++)
		ret = check(inst, &plan->ops[i], err);
	if (ret)
		return ret;
	xv_flood_begin(inst);
	for (i = 0; !ret && i < plan->n_ops; i++)
		ret = run(inst, &plan->ops[i], err);
	end = xv_flood_commit(inst, &later);
	if (!ret && end) {
		*err = later;
		ret = end;
	}
	if (changes)
		*changes = i;
	return ret;
}

int xv_reconcile(struct xv_instance *inst, const struct xv_config *want, size_t *changes,
		 struct xv_err *err)
{
	struct xv_config *have = NULL;
	struct xv_plan plan = {};
	int ret = xv_running_config(inst, true, &have, err);

	if (ret)
		return ret;
	ret = xv_plan_make(have, want, &plan);
	if (ret)
		xv_err_set(err, ret, "out of memory");
	else
		ret = run_plan(inst, &plan, changes, err);
	xv_plan_free(&plan);
	xv_config_free(have);
	return ret;
}
