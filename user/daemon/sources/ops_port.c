/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers: ports and peers. */
#include <errno.h>
#include <stdio.h>

#include "args.h"
#include "config/config_words.h"
#include "model/tenancy.h"
#include "sources/ops_port.h"

int xv_ops_port_add(struct xv_call *call)
{
	const char *dev = xv_args_text(call->args, "dev");
	const char *xdp = xv_args_text(call->args, "xdp");
	const char *filters = xv_args_text(call->args, "filters");
	struct xv_config_port set = {};
	struct xv_network *net;
	uint32_t vlan = 0;
	int ret;

	ret = xv_call_network(call, &net);
	if (ret)
		return ret;
	xv_args_uint(call->args, "vlan", &vlan);
	xv_args_uint(call->args, "max-macs", &set.max_macs);
	set.vlan = vlan;
	snprintf(set.dev, sizeof(set.dev), "%s", dev);
	if (xdp)
		set.xdp = xv_port_xdp_of_name(xdp);
	if (filters)
		set.filters = xv_port_filters_of_name(filters);
	if (set.xdp == XV_PORT_XDP_NATIVE && vlan)
		return xv_err_set(&call->err, -EINVAL, "a VLAN of a device has no \"xdp native\"");
	if (set.xdp == XV_PORT_XDP_NATIVE && set.filters == XV_FILTERS_BEFORE)
		return xv_err_set(&call->err, -EINVAL,
				  "\"xdp native\" gets frames before any filter, so it excludes "
				  "\"filters before\"");
	/*
	 * On the command line a missing device is more likely a mistyped name than a device to wait
	 * for.
	 */
	return xv_tenancy_add(call->model, net, &set, XV_ORIGIN_HAND, XV_TENANCY_MUST_EXIST,
			      &call->err);
}

int xv_ops_port_del(struct xv_call *call)
{
	struct xv_port *port;
	int ret;

	ret = xv_call_port(call, &port);
	return ret ? ret : xv_tenancy_del(call->model, port, &call->err);
}

int xv_ops_peer_add(struct xv_call *call)
{
	struct xv_ip ip;
	int ret;

	ret = xv_call_remote(call, false, &ip);
	return ret ? ret : xv_peer_add(call->model, &ip, &call->err);
}

int xv_ops_peer_del(struct xv_call *call)
{
	struct xv_peer *peer;
	int ret;

	ret = xv_call_peer(call, &peer);
	return ret ? ret : xv_peer_del(call->model, peer, &call->err);
}
