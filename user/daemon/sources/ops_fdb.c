/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers: the FDB. */
#include <errno.h>

#include "addr.h"
#include "args.h"
#include "model/fdb.h"
#include "sources/load.h"
#include "sources/ops_fdb.h"
#include "sources/service.h"

static int add_static(struct xv_call *call, bool replace)
{
	struct xv_entry_args entry;
	int ret;

	ret = xv_call_entry(call, &entry);
	return ret ? ret
		   : xv_fdb_add_static(call->model, entry.net, entry.mac, entry.port,
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

/* The entries come behind the request: see control_load.h. */
int xv_ops_fdb_load(struct xv_call *call)
{
	bool replace = false;

	xv_args_bool(call->args, "replace", &replace);
	call->load = xv_load_new(call->model, &call->service->loads,
				 xv_args_text(call->args, "file"), replace);
	return call->load ? 0 : -ENOMEM;
}

int xv_ops_fdb_del(struct xv_call *call)
{
	struct xv_network *net;
	uint8_t mac[6];
	int ret;

	ret = xv_call_network(call, &net);
	if (ret)
		return ret;
	xv_mac_parse(xv_args_text(call->args, "mac"), mac);
	return xv_fdb_del(call->model, net, mac, &call->err);
}

/* A device without a VLAN means all ports of the device. */
static long flush_ports(struct xv_call *call, struct xv_fdb_filter *which)
{
	const struct xv_port *port;
	long n, total = 0;

	which->kind = XV_FDB_PORT;
	for (port = call->model->ports; port; port = port->hh.next) {
		if (!xv_selection_has_port(&call->selection, port))
			continue;
		which->dst = port->id;
		n = xv_fdb_flush(call->model, which, &call->err);
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

	ret = xv_call_select(call);
	if (ret)
		return ret;
	/* Static entries are deleted only if the command asks for them. */
	which.statics = call->selection.statics;
	which.learned = !which.statics;
	which.bd = call->selection.bd;
	if (*call->selection.dev) {
		n = flush_ports(call, &which);
	} else {
		which.dst = call->selection.peer;
		which.kind = which.dst ? XV_FDB_PEER : XV_FDB_NONE;
		n = xv_fdb_flush(call->model, &which, &call->err);
	}
	return n < 0 ? n : xv_call_answer_number(call, "flushed", n);
}
