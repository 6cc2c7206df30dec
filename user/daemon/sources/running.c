/* SPDX-License-Identifier: GPL-2.0-only */
/* Converts the running state to a configuration: see running.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "kernel/worker.h"
#include "model/fdb.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/ids.h"
#include "model/mac_table.h"
#include "sources/running.h"
#include "grow.h"
#include "turn.h"

enum {
	A_LOOK = 256, /* entries between two calls of xv_turn_give_way() */
};

struct copy {
	struct xv_fdb_key key;
	struct xv_fdb_val val;
};

struct builder {
	struct xv_model *model;
	struct xv_config *config;
	bool config_only;
	struct xv_config_network **by_bd; /* [XV_MAX_NETWORKS]; networks by bd */
	int ret;
	/* A copy of the static entries, taken at one moment: the table changes between turns. */
	struct copy *entries;
	size_t n_entries, room;
};

static int add_port(struct xv_config_network *to, const struct xv_port *port)
{
	struct xv_config_port *list;

	if (xv_grow_packed(&to->ports, to->n_ports, sizeof(*to->ports)))
		return -ENOMEM;
	list = &to->ports[to->n_ports++];
	memset(list, 0, sizeof(*list));
	memcpy(list->dev, port->key.dev, sizeof(list->dev));
	list->vlan = port->key.vlan;
	list->xdp = port->xdp;
	list->filters = port->set_filters;
	list->max_macs = port->max_macs;
	return 0;
}

static int add_remotes(const struct builder *b, struct xv_config_network *to,
		       const struct xv_network *net)
{
	size_t i;

	for (i = 0; i < net->n_flood; i++) {
		const struct xv_flood_val *val = &net->flood[i].val;

		if (xv_flood_is_port(&net->flood[i]) ||
		    (b->config_only && !(xv_flood_origins(&net->flood[i]) & XV_ORIGIN_CONFIG)))
			continue;
		if (val->kind == XV_FDB_GROUP) {
			const struct xv_group *group = xv_group_by_id(b->model, val->id);

			to->has_group = true;
			to->group = val->remote;
			if (group)
				memcpy(to->group_dev, group->key.dev, sizeof(to->group_dev));
			continue;
		}
		if (xv_grow_packed(&to->flood, to->n_flood, sizeof(*to->flood)))
			return -ENOMEM;
		to->flood[to->n_flood++] = (struct xv_config_remote){.ip = val->remote};
	}
	return 0;
}

static int add_network(struct builder *b, const struct xv_network *net)
{
	struct xv_config *config = b->config;
	struct xv_config_network *to = &config->networks[config->n_networks++];

	to->vni = net->vni;
	memcpy(to->name, net->set.name, sizeof(to->name));
	to->learning = net->set.learning;
	to->inner_vlan = net->set.inner_vlan;
	to->ageing = net->set.ageing;
	to->max_macs = net->set.max_macs;
	to->learn_rate = net->set.learn_rate;
	to->loop_detect = net->set.loop_detect;
	to->link_local = net->set.link_local;
	b->by_bd[net->bd] = to;
	return add_remotes(b, to, net);
}

/*
 * Touches the memory, in the worker: the kernel provides pages at their first use, which takes
 * longer than the copying.
 */
static void make_room(void *arg)
{
	struct builder *b = arg;

	b->entries = malloc(b->room * sizeof(*b->entries));
	if (b->entries)
		memset(b->entries, 1, b->room * sizeof(*b->entries));
}

static int copy_entry(void *arg, const struct xv_fdb_entry *entry)
{
	struct builder *b = arg;

	if (xv_grow(&b->entries, b->n_entries, &b->room, sizeof(*b->entries))) {
		b->ret = -ENOMEM;
		return 1;
	}
	b->entries[b->n_entries++] = (struct copy){entry->key, entry->val};
	return 0;
}

static int add_fdb(const struct builder *b, const struct copy *entry)
{
	const struct xv_fdb_val *val = &entry->val;
	const struct xv_network *net = xv_network_of(b->model, entry->key.bd);
	struct xv_config_network *to = net ? b->by_bd[net->bd] : NULL;
	const struct xv_port *port = xv_port_of_entry(b->model, val);
	const struct xv_peer *peer = xv_peer_of_entry(b->model, val);
	struct xv_config_fdb one = {.is_port = val->kind == XV_FDB_PORT,
				    .sticky = val->flags & XV_FDB_STICKY};

	if (!to || !(port || peer) || !xv_mac_is_unicast(entry->key.mac) ||
	    (b->config_only && !(xv_fdb_origins(val) & XV_ORIGIN_CONFIG)))
		return 0;
	memcpy(one.mac, entry->key.mac, sizeof(one.mac));
	if (port) {
		memcpy(one.port.dev, port->key.dev, sizeof(one.port.dev));
		one.port.vlan = port->key.vlan;
	} else {
		one.remote = peer->ip;
	}
	if (xv_grow_packed(&to->fdb, to->n_fdb, sizeof(*to->fdb)))
		return -ENOMEM;
	to->fdb[to->n_fdb++] = one;
	return 0;
}

/* Copies everything but the networks. */
static int copy_head(struct xv_config *to, const struct xv_config *from)
{
	*to = *from;
	to->networks = NULL;
	to->n_networks = 0;
	to->devices = malloc((from->n_devices ?: 1) * sizeof(*to->devices));
	if (!to->devices)
		return -ENOMEM;
	memcpy(to->devices, from->devices, from->n_devices * sizeof(*to->devices));
	return 0;
}

static int build(struct builder *b, struct xv_err *err)
{
	struct xv_fdb_filter statics = {.statics = true};
	struct xv_model *model = b->model;
	struct xv_network *net, *next_net;
	struct xv_port *port, *next_port;
	size_t i;
	int ret = copy_head(b->config, model->config);

	b->config->networks = calloc(HASH_COUNT(model->networks) + 1, sizeof(*b->config->networks));
	if (ret || !b->config->networks)
		return -ENOMEM;
	HASH_ITER (hh, model->networks, net, next_net) {
		if (!b->config_only || net->origins & XV_ORIGIN_CONFIG)
			ret = ret ?: add_network(b, net);
	}
	HASH_ITER (hh, model->ports, port, next_port) {
		if (b->by_bd[port->net->bd] &&
		    (!b->config_only || port->origins & XV_ORIGIN_CONFIG))
			ret = ret ?: add_port(b->by_bd[port->net->bd], port);
	}
	b->room = xv_mac_table_count_static(model) + 1;
	xv_worker_run(make_room, b);
	if (!b->entries)
		return -ENOMEM;
	if (!ret && xv_fdb_walk(model, &statics, copy_entry, b, err) < 0)
		ret = -EIO;
	ret = ret ?: b->ret;
	for (i = 0; !ret && i < b->n_entries; i++) {
		ret = add_fdb(b, &b->entries[i]);
		if (i % A_LOOK == 0)
			xv_turn_give_way();
	}
	return ret;
}

int xv_running_config(struct xv_model *model, bool config_only, struct xv_config **config,
		      struct xv_err *err)
{
	struct builder b = {.model = model, .config_only = config_only};
	int ret;

	b.config = calloc(1, sizeof(*b.config));
	b.by_bd = calloc(XV_MAX_NETWORKS, sizeof(*b.by_bd));
	if (b.config && b.by_bd)
		ret = build(&b, err);
	else
		ret = -ENOMEM;
	free(b.by_bd);
	free(b.entries);
	if (ret) {
		xv_config_free(b.config);
		return ret == -ENOMEM ? xv_err_set(err, ret, "out of memory") : ret;
	}
	*config = b.config;
	return 0;
}
