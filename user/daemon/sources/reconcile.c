/* SPDX-License-Identifier: GPL-2.0-only */
/* Reconciling networks with a configuration: see reconcile.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "model/batch.h"
#include "model/bulk.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/mac_table.h"
#include "model/queue.h"
#include "model/tenancy.h"
#include "sources/reconcile.h"
#include "turn.h"

enum {
	A_LOOK = 64, /* operations between two calls of xv_turn_give_way() */
};

struct outcome {
	size_t done;
	int ret; /* the first error */
	struct xv_err err;
};

static void note(struct outcome *out, int ret, const struct xv_err *err)
{
	if (!ret || out->ret)
		return;
	out->ret = ret;
	out->err = *err;
}

static void settings_of(const struct xv_config_network *from, struct xv_network_settings *set)
{
	*set = (struct xv_network_settings){
		.learning = from->learning,
		.inner_vlan = from->inner_vlan,
		.ageing = from->ageing,
		.max_macs = from->max_macs,
		.learn_rate = from->learn_rate,
		.loop_detect = from->loop_detect,
		.link_local = from->link_local,
	};
	memcpy(set->name, from->name, sizeof(set->name));
}

/* Replaces the multicast group that the file gave the network before by the new one. */
static int set_group(struct xv_model *model, struct xv_network *net,
		     const struct xv_config_network *want, struct xv_err *err)
{
	const struct xv_flood_val *val;
	const struct xv_group *group;
	bool has = false, same = false;
	struct xv_ip now;
	size_t i;
	int ret = 0;

	for (i = 0; i < net->n_flood; i++) {
		val = &net->flood[i].val;
		if (val->kind == XV_FDB_GROUP && val->flags & XV_FLOOD_CONFIG) {
			group = xv_group_by_id(model, val->id);
			same = group && !strcmp(group->key.dev, want->group_dev);
			now = val->remote;
			has = true;
		}
	}
	if (has && !(want->has_group && same && xv_ip_equal(&now, &want->group))) {
		ret = xv_flood_drop(model, net, &now, err);
		has = false;
	}
	if (!ret && want->has_group && !has)
		ret = xv_flood_add(model, net, &want->group, want->group_dev, XV_ORIGIN_CONFIG,
				   err);
	return ret;
}

static int network_add(struct xv_model *model, const struct xv_config_network *want,
		       struct xv_err *err)
{
	struct xv_network *net = xv_network_find(model, want->vni);
	struct xv_network_settings set;
	int ret = 0;

	settings_of(want, &set);
	if (net) { /* the network exists, added by hand */
		net->origins |= XV_ORIGIN_CONFIG;
		xv_network_set(model, net, &set);
	} else {
		ret = xv_network_add(model, want->vni, &set, XV_ORIGIN_CONFIG, &net, err);
	}
	return ret ?: set_group(model, net, want, err);
}

static int network_set(struct xv_model *model, struct xv_network *net,
		       const struct xv_config_network *want, struct xv_err *err)
{
	struct xv_network_settings set;

	settings_of(want, &set);
	xv_network_set(model, net, &set);
	return set_group(model, net, want, err);
}

/*
 * Many ports are attached later, by the queue (queue.h). Their failures are in their status and in
 * the log.
 */
static enum xv_tenancy_how how_to_add(const struct xv_plan *plan)
{
	size_t i, n = 0;

	for (i = 0; i < plan->n_ops; i++)
		n += plan->ops[i].type == XV_OP_PORT_ADD;
	return n > XV_QUEUE_FEW ? XV_TENANCY_LATER : XV_TENANCY_NOW;
}

static int port_add(struct xv_model *model, struct xv_network *net,
		    const struct xv_config_port *want, enum xv_tenancy_how how, struct xv_err *err)
{
	struct xv_port *port = xv_port_find(model, want->dev, want->vlan);

	if (port && port->net == net)
		return xv_tenancy_take_over(model, port, want);
	return xv_tenancy_add(model, net, want, XV_ORIGIN_CONFIG, how, err);
}

/* Fills in *put, and takes a reference to the entry's peer. */
static int fdb_put(struct xv_model *model, const struct xv_op *op, struct xv_bulk_put *put,
		   struct xv_peer **peer, struct xv_err *err)
{
	const struct xv_network *net = xv_network_find(model, op->vni);
	const struct xv_config_fdb *want = op->fdb;
	const struct xv_port *port;
	int ret;

	if (!net)
		return xv_err_set(err, -ENOENT, "there is no network with VNI %u", op->vni);
	put->key.bd = net->bd;
	memcpy(put->key.mac, want->mac, sizeof(put->key.mac));
	put->line = want->line;
	put->flags = want->sticky ? XV_FDB_STICKY : 0;
	if (want->is_port) {
		port = xv_port_find(model, want->port.dev, want->port.vlan);
		if (!port)
			return xv_err_set(err, -ENOENT, "%s is not a port", want->port.dev);
		put->dst = port->id;
		put->kind = XV_FDB_PORT;
		return 0;
	}
	ret = xv_peer_get(model, &want->remote, peer, err);
	if (ret)
		return ret;
	put->dst = (*peer)->id;
	put->kind = XV_FDB_PEER;
	return 0;
}

/* Adds all entries together: alone, some entries would each wait for a grace period. */
static void fdb_add_all(struct xv_model *model, const struct xv_op *ops, size_t n,
			struct outcome *out)
{
	struct xv_bulk_put *puts = calloc(n, sizeof(*puts));
	struct xv_peer **peers = calloc(n, sizeof(*peers));
	struct xv_bulk *bulk = NULL;
	size_t good = 0, bad, i;
	struct xv_err err;
	int ret;

	for (i = 0; puts && peers && i < n; i++) {
		ret = fdb_put(model, &ops[i], &puts[good], &peers[good], &err);
		note(out, ret, &err);
		good += !ret;
		if (i % A_LOOK == 0)
			xv_turn_give_way();
	}
	if (good)
		bulk = xv_bulk_new(model, puts, good, true, XV_ORIGIN_CONFIG);
	if (bulk) {
		xv_mac_table_reserve(model, xv_mac_table_count(model) + good);
		note(out, xv_bulk_run(bulk, &bad, &err), &err);
		out->done += xv_bulk_done(bulk);
	} else if (good || !puts || !peers) {
		note(out, xv_err_set(&err, -ENOMEM, "out of memory"), &err);
	}
	while (good--) {
		if (peers[good])
			xv_peer_put(model, peers[good]);
		if (good % A_LOOK == 0)
			xv_turn_give_way();
	}
	xv_bulk_free(bulk);
	free(peers);
	free(puts);
}

static int run(struct xv_model *model, const struct xv_todo *todo, const struct xv_op *op,
	       enum xv_tenancy_how how, struct xv_err *err)
{
	struct xv_network *net = xv_network_find(model, op->vni);
	struct xv_port *port;

	if (op->type == XV_OP_NETWORK_ADD)
		return network_add(model, op->network, err);
	if (!net)
		return xv_err_set(err, -ENOENT, "there is no network with VNI %u", op->vni);
	switch (op->type) {
	case XV_OP_FDB_DEL:
		return xv_fdb_drop(model, net, op->fdb->mac, err);
	case XV_OP_FLOOD_DEL:
		return xv_flood_drop(model, net, &op->remote->ip, err);
	case XV_OP_PORT_DEL:
		port = xv_port_find(model, op->port->dev, op->port->vlan);
		return port ? xv_tenancy_drop(model, port, err) : 0;
	case XV_OP_NETWORK_DEL:
		if (!todo->by_hand[net->bd])
			return xv_network_del(model, net, err);
		xv_network_drop(model, net);
		return set_group(model, net, &(struct xv_config_network){}, err);
	case XV_OP_NETWORK_SET:
		return network_set(model, net, op->network, err);
	case XV_OP_PORT_ADD:
		return port_add(model, net, op->port, how, err);
	case XV_OP_FLOOD_ADD:
		return xv_flood_add(model, net, &op->remote->ip, NULL, XV_ORIGIN_CONFIG, err);
	case XV_OP_NETWORK_ADD:
	case XV_OP_FDB_ADD:
		break;
	}
	return -EINVAL;
}

int xv_reconcile_run(struct xv_model *model, const struct xv_todo *todo, size_t *changes,
		     struct xv_err *err)
{
	const struct xv_plan *plan = &todo->plan;
	enum xv_tenancy_how how = how_to_add(plan);
	size_t i, last = plan->n_ops;
	struct outcome out = {};
	struct xv_err why;
	int ret;

	while (last && plan->ops[last - 1].type == XV_OP_FDB_ADD)
		last--;
	xv_batch_begin(model);
	for (i = 0; i < last; i++) {
		ret = run(model, todo, &plan->ops[i], how, &why);
		note(&out, ret, &why);
		out.done += !ret;
		xv_turn_tell("applying", i + 1, plan->n_ops);
		xv_turn_give_way();
	}
	if (last < plan->n_ops)
		fdb_add_all(model, &plan->ops[last], plan->n_ops - last, &out);
	ret = xv_batch_commit(model, &why);
	note(&out, ret, &why);
	*changes += out.done;
	if (out.ret && plan->n_ops > 1)
		xv_err_set(err, 0, "%.400s (%zu of %zu changes are made)", out.err.text, out.done,
			   plan->n_ops);
	else if (out.ret)
		*err = out.err;
	return out.ret;
}
