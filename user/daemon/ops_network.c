/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers: networks and their flood lists. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "flood.h"
#include "ops.h"

/* Overwrites what the arguments give. */
static void take_settings(const json_t *args, struct xv_network_settings *set)
{
	const char *name = xv_args_text(args, "name");
	const char *inner_vlan = xv_args_text(args, "inner-vlan");

	if (name)
		snprintf(set->name, sizeof(set->name), "%s", name);
	if (inner_vlan)
		set->inner_vlan = !strcmp(inner_vlan, "keep");
	xv_args_bool(args, "learning", &set->learning);
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
	return xv_network_add(call->inst, vni, &set, false, &net, &call->err);
}

int xv_ops_network_set(struct xv_call *call)
{
	struct xv_network_settings set;
	struct xv_network *net;
	int ret;

	ret = xv_ops_network(call, &net);
	if (ret)
		return ret;
	set = net->set;
	take_settings(call->args, &set);
	return xv_network_set(call->inst, net, &set, &call->err);
}

int xv_ops_network_del(struct xv_call *call)
{
	struct xv_network *net;
	int ret;

	ret = xv_ops_network(call, &net);
	return ret ? ret : xv_network_del(call->inst, net, &call->err);
}

/* As in the configuration: a network floods to peers, or to one multicast group. */
static int check_mix(struct xv_call *call, const struct xv_network *net, const struct xv_ip *remote)
{
	const struct xv_flood_val *val;
	char text[XV_IP_STRLEN];
	size_t i;

	for (i = 0; i < net->n_flood; i++) {
		val = &net->flood[i].val;
		if (xv_flood_is_port(&net->flood[i]) || xv_ip_equal(&val->remote, remote))
			continue;
		if (!xv_ip_is_multicast(remote) && !xv_ip_is_multicast(&val->remote))
			continue;
		return xv_err_set(
			&call->err, -EBUSY,
			"network %s floods to %s already; a network floods either to peers "
			"or to one multicast group: delete that first",
			net->set.name, xv_ip_format(&val->remote, text));
	}
	return 0;
}

int xv_ops_flood_add(struct xv_call *call)
{
	struct xv_network *net;
	struct xv_ip remote;
	int ret;

	ret = xv_ops_network(call, &net);
	if (!ret)
		ret = xv_ops_remote(call, true, &remote);
	if (!ret)
		ret = check_mix(call, net, &remote);
	return ret ? ret : xv_flood_add(call->inst, net, &remote, false, &call->err);
}

int xv_ops_flood_del(struct xv_call *call)
{
	struct xv_network *net;
	struct xv_ip remote;
	int ret;

	ret = xv_ops_network(call, &net);
	if (!ret)
		ret = xv_ops_remote(call, true, &remote);
	return ret ? ret : xv_flood_del(call->inst, net, &remote, &call->err);
}

int xv_ops_flood_flush(struct xv_call *call)
{
	struct xv_network *net;
	long n;
	int ret;

	ret = xv_ops_network(call, &net);
	if (ret)
		return ret;
	n = xv_flood_flush(call->inst, net, &call->err);
	return n < 0 ? n : xv_ops_answer_number(call, "flushed", n);
}
