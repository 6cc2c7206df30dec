/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers: networks and their flood lists. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "args.h"
#include "link_local.h"
#include "model/flood.h"
#include "model/uplink.h"
#include "sources/ops_network.h"

/* Overwrites the settings that the arguments give. */
static void take_settings(const json_t *args, struct xv_network_settings *set)
{
	const char *name = xv_args_text(args, "name");
	const char *inner_vlan = xv_args_text(args, "inner-vlan");
	const char *link_local = xv_args_text(args, "link-local");

	if (name)
		snprintf(set->name, sizeof(set->name), "%s", name);
	if (inner_vlan)
		set->inner_vlan = !strcmp(inner_vlan, "keep");
	if (link_local)
		xv_link_local_parse(link_local, &set->link_local);
	xv_args_bool(args, "learning", &set->learning);
	xv_args_bool(args, "loop-detect", &set->loop_detect);
	xv_args_uint(args, "ageing", &set->ageing);
	xv_args_uint(args, "max-macs", &set->max_macs);
	xv_args_uint(args, "learn-rate", &set->learn_rate);
}

int xv_ops_network_add(struct xv_call *call)
{
	struct xv_network_settings set;
	struct xv_network *net;
	uint32_t vni = 0;

	xv_network_defaults(&set);
	take_settings(call->args, &set);
	xv_args_uint(call->args, "vni", &vni);
	return xv_network_check_name(call->model, vni, &set, &call->err)
		       ?: xv_network_add(call->model, vni, &set, XV_ORIGIN_HAND, &net, &call->err);
}

int xv_ops_network_set(struct xv_call *call)
{
	struct xv_network_settings set;
	struct xv_network *net;
	int ret;

	ret = xv_call_network(call, &net);
	if (ret)
		return ret;
	set = net->set;
	take_settings(call->args, &set);
	ret = xv_network_check_name(call->model, net->vni, &set, &call->err);
	if (!ret)
		xv_network_set(call->model, net, &set);
	return ret;
}

int xv_ops_network_del(struct xv_call *call)
{
	struct xv_network *net;
	int ret;

	ret = xv_call_network(call, &net);
	return ret ? ret : xv_network_del(call->model, net, &call->err);
}

int xv_ops_flood_add(struct xv_call *call)
{
	const char *dev = xv_args_text(call->args, "dev");
	struct xv_network *net;
	struct xv_ip remote;
	int ret;

	ret = xv_call_network(call, &net);
	if (!ret)
		ret = xv_call_remote(call, true, &remote);
	if (!ret)
		ret = xv_flood_check(net, &remote, XV_ORIGIN_HAND, &call->err);
	if (!ret && dev && !xv_ip_is_multicast(&remote))
		ret = xv_err_set(&call->err, -EINVAL,
				 "\"dev\" is for a multicast group; leave it out");
	if (!ret && dev && !xv_uplink_find(call->model, dev))
		ret = xv_err_set(&call->err, -EINVAL, "dev \"%.15s\" is not in underlay.devices",
				 dev);
	return ret ? ret : xv_flood_add(call->model, net, &remote, dev, XV_ORIGIN_HAND, &call->err);
}

int xv_ops_flood_del(struct xv_call *call)
{
	struct xv_network *net;
	struct xv_ip remote;
	int ret;

	ret = xv_call_network(call, &net);
	if (!ret)
		ret = xv_call_remote(call, true, &remote);
	return ret ? ret : xv_flood_del(call->model, net, &remote, &call->err);
}

int xv_ops_flood_flush(struct xv_call *call)
{
	struct xv_network *net;
	long n;
	int ret;

	ret = xv_call_network(call, &net);
	if (ret)
		return ret;
	n = xv_flood_flush(call->model, net, &call->err);
	return n < 0 ? n : xv_call_answer_number(call, "flushed", n);
}
