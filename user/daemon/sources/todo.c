/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans the changes that a configuration needs, and checks them: see todo.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/plan.h"
#include "kernel/worker.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/slow.h"
#include "sources/running.h"
#include "sources/todo.h"
#include "turn.h"

enum {
	A_LOOK = 64, /* operations between two calls of xv_turn_give_way() */
};

/* ---- conflicts between the file and what was added by hand ---- */

/*
 * Refuses a name of a network that was added by hand and stays. A network that the configuration
 * renames or removes frees its name.
 */
static int check_name(struct xv_model *model, const struct xv_todo *todo, const struct xv_op *op,
		      struct xv_err *err)
{
	const struct xv_network *net;

	for (net = model->networks; net; net = net->hh.next)
		if (!todo->wanted[net->bd] && todo->by_hand[net->bd] &&
		    !strcmp(net->set.name, op->network->name))
			return xv_err_set(err, -EEXIST,
					  "the name \"%s\" is taken by VNI %u, which was added by "
					  "hand, or has something in it that was",
					  net->set.name, net->vni);
	return 0;
}

static int check_port(struct xv_model *model, const struct xv_op *op, struct xv_err *err)
{
	const struct xv_port *port = xv_port_find(model, op->port->dev, op->port->vlan);
	char text[XV_PORT_STRLEN];

	if (port && port->origins & XV_ORIGIN_HAND && port->net->vni != op->vni)
		return xv_err_set(err, -EBUSY,
				  "port %s was added to network \"%s\" by hand: "
				  "delete it there first (xvtep port del %s)",
				  xv_port_text(port, text), port->net->set.name, text);
	if (!strcmp(op->port->dev, model->slow_name))
		return xv_err_set(err, -EBUSY, "%s is the slow path device of this instance",
				  op->port->dev);
	return 0;
}

static int check_fdb(struct xv_model *model, struct xv_network *net, const struct xv_op *op,
		     struct xv_err *err)
{
	struct xv_port_name name = {.vlan = op->fdb->port.vlan};

	memcpy(name.dev, op->fdb->port.dev, strlen(op->fdb->port.dev));
	return xv_fdb_check(model, net, op->fdb->mac, op->fdb->is_port ? &name : NULL,
			    &op->fdb->remote, err);
}

static int check(struct xv_model *model, const struct xv_todo *todo, const struct xv_op *op,
		 struct xv_err *err)
{
	struct xv_network *net = xv_network_find(model, op->vni);
	int ret;

	switch (op->type) {
	case XV_OP_NETWORK_ADD:
	case XV_OP_NETWORK_SET:
		ret = check_name(model, todo, op, err);
		if (!ret && net && op->network->has_group)
			ret = xv_flood_check(net, &op->network->group, XV_ORIGIN_CONFIG, err);
		return ret;
	case XV_OP_PORT_ADD:
		return check_port(model, op, err);
	case XV_OP_FLOOD_ADD:
		return net ? xv_flood_check(net, &op->remote->ip, XV_ORIGIN_CONFIG, err) : 0;
	case XV_OP_FDB_ADD:
		return net ? check_fdb(model, net, op, err) : 0;
	default:
		return 0;
	}
}

/*
 * Refuses underlay devices that are ports added by hand. (config_check.c has refused the file's
 * own.)
 */
static int check_devices(struct xv_model *model, const struct xv_config *want, struct xv_err *err)
{
	const struct xv_port *port;
	size_t i;

	for (i = 0; i < want->n_devices; i++) {
		port = xv_port_find(model, want->devices[i], 0);
		if (port && port->origins & XV_ORIGIN_HAND)
			return xv_err_set(err, -EBUSY,
					  "underlay device %s was added to network \"%s\" by hand: "
					  "delete it there first (xvtep port del %s)",
					  port->key.dev, port->net->set.name, port->key.dev);
	}
	return 0;
}

static bool has_port(const struct xv_config *want, const char *dev)
{
	size_t i, k;

	for (i = 0; i < want->n_networks; i++)
		for (k = 0; k < want->networks[i].n_ports; k++)
			if (!strcmp(want->networks[i].ports[k].dev, dev))
				return true;
	return false;
}

/*
 * Refuses a port whose device is another instance's slow path. (xv_underlay_check() checks underlay
 * devices.)
 */
static int check_others(struct xv_model *model, const struct xv_config *want, struct xv_err *err)
{
	struct xv_link *links = NULL;
	size_t i, n = 0;
	int ret = xv_netlink_list_links(model->nl, &links, &n, err);

	for (i = 0; !ret && i < n; i++)
		if (xv_slow_is(&links[i]) && has_port(want, links[i].name))
			ret = xv_slow_check_other(model, &links[i], err);
	free(links);
	return ret;
}

static int mark_fdb(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_todo *todo = arg;

	if (!entry->extra && entry->key.bd < XV_MAX_NETWORKS &&
	    xv_fdb_origins(&entry->val) & XV_ORIGIN_HAND)
		todo->by_hand[entry->key.bd] = true;
	return 0;
}

static int mark_networks(struct xv_model *model, const struct xv_config *want, struct xv_todo *todo,
			 struct xv_err *err)
{
	struct xv_fdb_filter statics = {.statics = true};
	const struct xv_network *net;
	const struct xv_port *port;
	size_t i;

	for (i = 0; i < want->n_networks; i++) {
		net = xv_network_find(model, want->networks[i].vni);
		if (net)
			todo->wanted[net->bd] = true;
	}
	for (net = model->networks; net; net = net->hh.next) {
		todo->by_hand[net->bd] = net->origins != XV_ORIGIN_CONFIG;
		for (i = 0; i < net->n_flood; i++)
			todo->by_hand[net->bd] |= xv_flood_by_hand(&net->flood[i]);
	}
	for (port = model->ports; port; port = port->hh.next)
		todo->by_hand[port->net->bd] |= port->origins & XV_ORIGIN_HAND;
	return xv_fdb_walk(model, &statics, mark_fdb, todo, err) < 0 ? -ENOMEM : 0;
}

struct planning {
	struct xv_todo *todo;
	const struct xv_config *want;
	int ret;
};

static void make_plan(void *arg)
{
	struct planning *plan = arg;

	plan->ret = xv_plan_make(plan->todo->have, plan->want, &plan->todo->plan);
}

static void free_todo(void *arg)
{
	struct xv_todo *todo = arg;

	xv_plan_free(&todo->plan);
	xv_config_free(todo->have);
	free(todo);
}

int xv_todo_make(struct xv_model *model, const struct xv_config *want, struct xv_todo **out,
		 struct xv_err *err)
{
	struct xv_todo *todo = calloc(1, sizeof(*todo));
	struct planning plan;
	size_t i;
	int ret;

	if (!todo)
		return xv_err_set(err, -ENOMEM, "out of memory");
	ret = xv_running_config(model, true, &todo->have, err);
	if (!ret) {
		plan = (struct planning){.todo = todo, .want = want};
		xv_worker_run(make_plan, &plan);
		ret = plan.ret ? xv_err_set(err, plan.ret, "out of memory") : 0;
	}
	ret = ret ?: mark_networks(model, want, todo, err);
	ret = ret ?: check_devices(model, want, err);
	ret = ret ?: check_others(model, want, err);
	for (i = 0; !ret && i < todo->plan.n_ops; i++) {
		ret = check(model, todo, &todo->plan.ops[i], err);
		if (i % A_LOOK == 0) {
			xv_turn_tell("checking", i, todo->plan.n_ops);
			xv_turn_give_way();
		}
	}
	if (ret)
		xv_todo_free(todo);
	else
		*out = todo;
	return ret;
}

void xv_todo_free(struct xv_todo *todo)
{
	if (todo)
		xv_worker_run(free_todo, todo);
}
