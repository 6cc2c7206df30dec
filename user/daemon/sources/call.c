/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the objects that a command's arguments name: see call.h. */
#include <errno.h>
#include <string.h>

#include "addr.h"
#include "args.h"
#include "sources/call.h"

int xv_call_network(struct xv_call *call, struct xv_network **net)
{
	const char *word = xv_args_text(call->args, "network");
	char quote[XV_QUOTE_MAX];

	*net = xv_network_lookup(call->model, word);
	if (*net)
		return 0;
	return xv_err_set(&call->err, -ENOENT, "there is no network %s: see \"xvtep network show\"",
			  xv_quote(word, quote));
}

int xv_call_port(struct xv_call *call, struct xv_port **port)
{
	const char *dev = xv_args_text(call->args, "dev");
	char with_vlan[24] = "";
	uint32_t vlan = 0;

	xv_args_uint(call->args, "vlan", &vlan);
	*port = xv_port_find(call->model, dev, vlan);
	if (*port)
		return 0;
	if (vlan)
		snprintf(with_vlan, sizeof(with_vlan), " vlan %u", vlan);
	return xv_err_set(&call->err, -ENOENT, "%s%s is not a port: see \"xvtep port show\"", dev,
			  with_vlan);
}

int xv_call_remote(struct xv_call *call, bool group, struct xv_ip *ip)
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

int xv_call_peer(struct xv_call *call, struct xv_peer **peer)
{
	const char *word = xv_args_text(call->args, "remote");
	struct xv_ip ip;

	*peer = xv_ip_parse(word, &ip) ? NULL : xv_peer_find(call->model, &ip);
	if (*peer)
		return 0;
	return xv_err_set(&call->err, -ENOENT, "there is no peer %s: see \"xvtep peer show\"",
			  word);
}

static int select_port(struct xv_call *call)
{
	struct xv_selection *selection = &call->selection;
	const char *dev = xv_args_text(call->args, "dev");
	const struct xv_port *port;

	selection->has_vlan = xv_args_uint(call->args, "vlan", &selection->vlan);
	if (!dev)
		return 0;
	snprintf(selection->dev, sizeof(selection->dev), "%s", dev);
	for (port = call->model->ports; port; port = port->hh.next) {
		if (xv_selection_has_port(selection, port))
			return 0;
	}
	return xv_err_set(&call->err, -ENOENT,
			  "%s%s is not a port of any network: see \"xvtep port show\"", dev,
			  selection->has_vlan ? " with this VLAN" : "");
}

int xv_call_select(struct xv_call *call)
{
	struct xv_selection *selection = &call->selection;
	const char *mac = xv_args_text(call->args, "mac");
	struct xv_network *net;
	struct xv_peer *peer;
	int ret;

	if (xv_args_text(call->args, "network")) {
		ret = xv_call_network(call, &net);
		if (ret)
			return ret;
		selection->bd = net->bd;
	}
	if (xv_args_text(call->args, "remote")) {
		ret = xv_call_peer(call, &peer);
		if (ret)
			return ret;
		selection->peer = peer->id;
	}
	if (mac && !xv_mac_parse(mac, selection->mac))
		selection->has_mac = true;
	xv_args_bool(call->args, "learned", &selection->learned);
	xv_args_bool(call->args, "static", &selection->statics);
	return select_port(call);
}

int xv_call_answer_number(struct xv_call *call, const char *key, long number)
{
	call->data = json_pack("{s:I}", key, (json_int_t)number);
	return call->data ? 0 : -ENOMEM;
}

int xv_call_entry(struct xv_call *call, struct xv_entry_args *entry)
{
	bool remote_given = xv_args_text(call->args, "remote");
	struct xv_network *net;
	struct xv_port *port;
	int ret;

	entry->port = NULL;
	entry->sticky = false;
	xv_args_bool(call->args, "sticky", &entry->sticky);
	ret = xv_call_network(call, &entry->net);
	if (!ret)
		ret = remote_given ? xv_call_remote(call, false, &entry->remote)
				   : xv_call_port(call, &entry->port);
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
