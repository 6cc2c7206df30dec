/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of handlers, and what several of them need: see ops.h. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "log.h"
#include "sources/ops.h"

struct op {
	const char *object;
	const char *command;
	int (*run)(struct xv_call *call); /* NULL: show the tables, filtered by the arguments */
	enum xv_table_id tables[XV_OPS_TABLES];
	size_t n_tables;
};

static const struct op ops[] = {
	{"status", "show", NULL, {XV_TABLE_STATUS, XV_TABLE_UPLINK}, 2},
	{"network", "show", NULL, {XV_TABLE_NETWORK}, 1},
	{"network", "add", xv_ops_network_add, {}, 0},
	{"network", "set", xv_ops_network_set, {}, 0},
	{"network", "del", xv_ops_network_del, {}, 0},
	{"port", "show", NULL, {XV_TABLE_PORT}, 1},
	{"port", "add", xv_ops_port_add, {}, 0},
	{"port", "del", xv_ops_port_del, {}, 0},
	{"fdb", "show", NULL, {XV_TABLE_FDB}, 1},
	{"fdb", "add", xv_ops_fdb_add, {}, 0},
	{"fdb", "replace", xv_ops_fdb_replace, {}, 0},
	{"fdb", "load", xv_ops_fdb_load, {}, 0},
	{"fdb", "del", xv_ops_fdb_del, {}, 0},
	{"fdb", "flush", xv_ops_fdb_flush, {}, 0},
	{"flood", "show", NULL, {XV_TABLE_FLOOD}, 1},
	{"flood", "add", xv_ops_flood_add, {}, 0},
	{"flood", "del", xv_ops_flood_del, {}, 0},
	{"flood", "flush", xv_ops_flood_flush, {}, 0},
	{"peer", "show", NULL, {XV_TABLE_PEER}, 1},
	{"peer", "add", xv_ops_peer_add, {}, 0},
	{"peer", "del", xv_ops_peer_del, {}, 0},
	{"stats",
	 "show",
	 xv_ops_stats_show,
	 {XV_TABLE_NET_STATS, XV_TABLE_PORT_STATS, XV_TABLE_PEER_STATS, XV_TABLE_PATH_STATS},
	 4},
	{"drops", "show", NULL, {XV_TABLE_DROPS}, 1},
	{"apply", "", xv_ops_apply, {}, 0},
	{"check", "", xv_ops_check, {}, 0},
	{"reload", "", xv_ops_reload, {}, 0},
	{"save", "", xv_ops_save, {}, 0},
};

static const struct op *find_op(const struct xv_command *command)
{
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (!strcmp(ops[i].object, command->object) &&
		    !strcmp(ops[i].command, command->name))
			return &ops[i];
	}
	return NULL;
}

bool xv_ops_knows(const struct xv_command *command)
{
	return find_op(command);
}

int xv_ops_run(struct xv_instance *inst, const struct xv_request *request, struct xv_call *call)
{
	const struct op *op = find_op(request->command);
	int ret;

	*call = (struct xv_call){.inst = inst, .command = request->command, .args = request->args};
	if (!op)
		return xv_err_set(&call->err, -ENOSYS, "%s %s: no handler",
				  request->command->object, request->command->name);
	memcpy(call->tables, op->tables, sizeof(call->tables));
	call->n_tables = op->n_tables;
	ret = op->run ? op->run(call) : xv_ops_filter(call);
	if (ret && !*call->err.text)
		xv_err_set(&call->err, ret, "%s", strerror(-ret));
	return ret;
}

int xv_ops_network(struct xv_call *call, struct xv_network **net)
{
	const char *word = xv_args_text(call->args, "network");
	char quote[XV_QUOTE_MAX];

	*net = xv_network_lookup(call->inst, word);
	if (*net)
		return 0;
	return xv_err_set(&call->err, -ENOENT, "there is no network %s: see \"xvtep network show\"",
			  xv_quote(word, quote));
}

int xv_ops_port(struct xv_call *call, struct xv_port **port)
{
	const char *dev = xv_args_text(call->args, "dev");
	char with_vlan[24] = "";
	uint32_t vlan = 0;

	xv_args_uint(call->args, "vlan", &vlan);
	*port = xv_port_find(call->inst, dev, vlan);
	if (*port)
		return 0;
	if (vlan)
		snprintf(with_vlan, sizeof(with_vlan), " vlan %u", vlan);
	return xv_err_set(&call->err, -ENOENT, "%s%s is not a port: see \"xvtep port show\"", dev,
			  with_vlan);
}

int xv_ops_remote(struct xv_call *call, bool group, struct xv_ip *ip)
{
	const char *word = xv_args_text(call->args, "remote");
	const char *what = strcmp(call->command->object, "peer") ? "remote" : "address";

	if (xv_ip_parse(word, ip))
		return xv_err_set(&call->err, -EINVAL, "bad %s %s", what, word);
	if (xv_ip_is_usable(ip) || (group && xv_ip_is_multicast(ip)))
		return 0;
	return xv_err_set(&call->err, -EINVAL, "bad %s %s: it is %s address", what, word,
			  xv_ip_is_multicast(ip) ? "a multicast, not a host's"
						 : "not a remote host's");
}

int xv_ops_peer(struct xv_call *call, struct xv_peer **peer)
{
	const char *word = xv_args_text(call->args, "remote");
	struct xv_ip ip;

	*peer = xv_ip_parse(word, &ip) ? NULL : xv_peer_find(call->inst, &ip);
	if (*peer)
		return 0;
	return xv_err_set(&call->err, -ENOENT, "there is no peer %s: see \"xvtep peer show\"",
			  word);
}

static int filter_port(struct xv_call *call)
{
	struct xv_view_filter *filter = &call->filter;
	const char *dev = xv_args_text(call->args, "dev");
	const struct xv_port *port;

	filter->has_vlan = xv_args_uint(call->args, "vlan", &filter->vlan);
	if (!dev)
		return 0;
	snprintf(filter->dev, sizeof(filter->dev), "%s", dev);
	for (port = call->inst->ports; port; port = port->hh.next) {
		if (xv_view_port_matches(filter, port))
			return 0;
	}
	return xv_err_set(&call->err, -ENOENT,
			  "%s%s is not a port of any network: see \"xvtep port show\"", dev,
			  filter->has_vlan ? " with this VLAN" : "");
}

int xv_ops_filter(struct xv_call *call)
{
	struct xv_view_filter *filter = &call->filter;
	const char *mac = xv_args_text(call->args, "mac");
	struct xv_network *net;
	struct xv_peer *peer;
	int ret;

	if (xv_args_text(call->args, "network")) {
		ret = xv_ops_network(call, &net);
		if (ret)
			return ret;
		filter->bd = net->bd;
	}
	if (xv_args_text(call->args, "remote")) {
		ret = xv_ops_peer(call, &peer);
		if (ret)
			return ret;
		filter->peer = peer->id;
	}
	if (mac && !xv_mac_parse(mac, filter->mac))
		filter->has_mac = true;
	xv_args_bool(call->args, "learned", &filter->learned);
	xv_args_bool(call->args, "static", &filter->statics);
	return filter_port(call);
}

int xv_ops_answer_number(struct xv_call *call, const char *key, long number)
{
	call->data = json_pack("{s:I}", key, (json_int_t)number);
	return call->data ? 0 : -ENOMEM;
}

int xv_ops_stats_show(struct xv_call *call)
{
	static const struct {
		const char *word;
		enum xv_table_id table;
	} sections[] = {
		{"network", XV_TABLE_NET_STATS},
		{"port", XV_TABLE_PORT_STATS},
		{"peer", XV_TABLE_PEER_STATS},
		{"path", XV_TABLE_PATH_STATS},
	};
	const char *word = xv_args_text(call->args, "section");
	size_t i;

	for (i = 0; word && i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(word, sections[i].word))
			continue;
		call->tables[0] = sections[i].table;
		call->n_tables = 1;
	}
	return 0;
}
