/* SPDX-License-Identifier: GPL-2.0-only */
/* Reconciling networks with a configuration: see reconcile.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "fdb_bulk.h"
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

/* Takes a reference to the entry's peer. */
static int fdb_put(struct xv_instance *inst, const struct xv_op *op, struct xv_fdb_put *put,
		   struct xv_err *err)
{
	const struct xv_network *net = xv_network_find(inst, op->vni);
	const struct xv_config_fdb *want = op->fdb;
	const struct xv_port *port;
	struct xv_peer *peer;
	int ret;

	if (!net)
		return xv_err_set(err, -ENOENT, "there is no network with VNI %u", op->vni);
	put->key.bd = net->bd;
	memcpy(put->key.mac, want->mac, sizeof(put->key.mac));
	put->line = want->line;
	if (want->is_port) {
		port = xv_port_find(inst, want->port.dev, want->port.vlan);
		if (!port)
			return xv_err_set(err, -ENOENT, "%s is not a port", want->port.dev);
		put->dst = port->id;
		put->kind = XV_FDB_PORT;
		return 0;
	}
	ret = xv_peer_get(inst, &want->remote, &peer, err);
	if (ret)
		return ret;
	put->dst = peer->id;
	put->kind = XV_FDB_PEER;
	return 0;
}

/* All entries together: one by one, some would wait for a grace period each. */
static int fdb_add_all(struct xv_instance *inst, const struct xv_op *ops, size_t n, size_t *done,
		       struct xv_err *err)
{
	struct xv_fdb_put *puts = calloc(n, sizeof(*puts));
	struct xv_fdb_bulk *bulk = xv_fdb_bulk_new(inst, puts, n, true, true);
	size_t held = 0, bad;
	int ret = 0;

	if (!puts || !bulk)
		ret = xv_err_set(err, -ENOMEM, "out of memory");
	while (!ret && held < n) {
		ret = fdb_put(inst, &ops[held], &puts[held], err);
		held += !ret;
	}
	if (!ret) {
		xv_fdb_reserve(inst, xv_fdb_count(inst) + n);
		ret = xv_fdb_bulk_run(bulk, &bad, err);
		*done = xv_fdb_bulk_done(bulk);
	}
	while (held--) {
		if (ops[held].fdb->is_port)
			continue;
		xv_peer_put(inst, xv_peer_find(inst, &ops[held].fdb->remote));
	}
	xv_fdb_bulk_free(bulk);
	free(puts);
	return ret;
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
	case XV_OP_NETWORK_ADD:
	case XV_OP_FDB_ADD:
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
	size_t i, last = plan->n_ops, added = 0;
	int ret = 0, end;

	for (i = 0; !ret && i < plan->n_ops; i++)
		ret = check(inst, &plan->ops[i], err);
	if (ret)
		return ret;
	while (last && plan->ops[last - 1].type == XV_OP_FDB_ADD)
		last--;
	xv_peer_begin(inst);
	xv_flood_begin(inst);
	for (i = 0; !ret && i < last; i++)
		ret = run(inst, &plan->ops[i], err);
	if (!ret && last < plan->n_ops)
		ret = fdb_add_all(inst, &plan->ops[last], plan->n_ops - last, &added, err);
	end = xv_flood_commit(inst, &later);
	xv_peer_commit(inst);
	if (!ret && end) {
		*err = later;
		ret = end;
	}
	if (changes)
		*changes = i + added;
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
