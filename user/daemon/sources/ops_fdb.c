/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers: the FDB. */
#include <errno.h>

#include "addr.h"
#include "sources/ops.h"

int xv_ops_entry(struct xv_call *call, struct xv_ops_entry *entry)
{
	bool remote_given = xv_args_text(call->args, "remote");
	struct xv_network *net;
	struct xv_port *port;
	int ret;

	entry->port = NULL;
	entry->sticky = false;
	xv_args_bool(call->args, "sticky", &entry->sticky);
	ret = xv_ops_network(call, &entry->net);
	if (!ret)
		ret = remote_given ? xv_ops_remote(call, false, &entry->remote)
				   : xv_ops_port(call, &entry->port);
	if (ret)
		return ret;
	net = entry->net;
	port = entry->port;
	if (port && port->net != net)
		return xv_err_set(&call->err, -EINVAL, "%s is a port of network %s, not of %s",
				  port->key.dev, port->net->set.name, net->set.name);
	xv_mac_parse(xv_args_text(call->args, "mac"), entry->mac);
	return 0;
}

static int add_static(struct xv_call *call, bool replace)
{
	struct xv_ops_entry entry;
	int ret;

	ret = xv_ops_entry(call, &entry);
	return ret ? ret
		   : xv_fdb_add_static(call->inst, entry.net, entry.mac, entry.port,
				       entry.port ? NULL : &entry.remote, entry.sticky, replace,
				       &call->err);
}

int xv_ops_fdb_add(struct xv_call *call)
{
	return add_static(call, false);
}

int xv_ops_fdb_replace(struct xv_call *call)
{
	return add_static(call, true);
}

/* The entries come behind the request: see control_load.c. */
int xv_ops_fdb_load(struct xv_call *call)
{
	bool replace = false;

	xv_args_bool(call->args, "replace", &replace);
	call->load = xv_load_new(call->inst, xv_args_text(call->args, "file"), replace);
	return call->load ? 0 : -ENOMEM;
}

int xv_ops_fdb_del(struct xv_call *call)
{
	struct xv_network *net;
	uint8_t mac[6];
	int ret;

	ret = xv_ops_network(call, &net);
	if (ret)
		return ret;
	xv_mac_parse(xv_args_text(call->args, "mac"), mac);
	return xv_fdb_del(call->inst, net, mac, &call->err);
}

/* A device without a VLAN means all its ports: flush each. */
static long flush_ports(struct xv_call *call, struct xv_fdb_filter *which)
{
	const struct xv_port *port;
	long n, total = 0;

	which->kind = XV_FDB_PORT;
	for (port = call->inst->ports; port; port = port->hh.next) {
		if (!xv_view_port_matches(&call->filter, port))
			continue;
		which->dst = port->id;
		n = xv_fdb_flush(call->inst, which, &call->err);
		if (n < 0)
			return n;
		total += n;
	}
	return total;
}

int xv_ops_fdb_flush(struct xv_call *call)
{
	struct xv_fdb_filter which = {};
	long n;
	int ret;

	ret = xv_ops_filter(call);
	if (ret)
		return ret;
	/* Static entries are somebody's decision: they go only when asked for. */
	which.statics = call->filter.statics;
	which.learned = !which.statics;
	which.bd = call->filter.bd;
	if (*call->filter.dev) {
		n = flush_ports(call, &which);
	} else {
		which.dst = call->filter.peer;
		which.kind = which.dst ? XV_FDB_PEER : XV_FDB_NONE;
		n = xv_fdb_flush(call->inst, &which, &call->err);
	}
	return n < 0 ? n : xv_ops_answer_number(call, "flushed", n);
}
