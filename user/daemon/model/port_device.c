/* SPDX-License-Identifier: GPL-2.0-only */
/* The device of a port: what it can take, attached to it and let go. Followed: port_follow.c. */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>

#include "kernel/attach.h"
#include "model/local.h"
#include "log.h"
#include "model/peer.h"
#include "model/port_device.h"
#include "model/port_end.h"
#include "model/port_filters.h"
#include "model/port_xdp.h"
#include "model/unhook.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "model/slow.h"

static bool any_xdp(const struct xv_model *model)
{
	size_t i;

	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].flags & XV_UPLINK_XDP)
			return true;
	return false;
}

const char *xv_port_delivery(const struct xv_model *model, const struct xv_port *port)
{
	if (!port->ifindex)
		return "none";
	if (!any_xdp(model) || !(port->flags & XV_PORT_XDP_TX))
		return "tc";
	return "redirect";
}

const char *xv_port_encap(const struct xv_port *port)
{
	if (!port->ifindex)
		return "none";
	return port->xdp_on ? "xdp" : "tc";
}

/*
 * A frame from a veth underlay may lack its inner checksum, which the sender left to a NIC that
 * never came; an skb says so, an XDP frame cannot.
 */
static bool redirect_wanted(const struct xv_model *model, const struct xv_port *port)
{
	size_t i;

	/* A qdisc or filter is there to be used, and redirects go past it. */
	if (port->watched)
		return false;
	if (model->config->delivery != XV_DELIVERY_AUTO)
		return model->config->delivery == XV_DELIVERY_REDIRECT;
	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex && !strcmp(model->uplinks[i].link.kind, "veth"))
			return false;
	return true;
}

/* What an adopting daemon must know of the port, whether its device is there or not. */
static uint32_t setting_flags(const struct xv_port *port)
{
	return (port->from_config ? XV_PORT_CONFIG : 0) | (port->by_hand ? XV_PORT_HAND : 0) |
	       xv_port_xdp_flags(port->xdp) | xv_port_filters_flags(port->set_filters);
}

/*
 * What the device can take. Features unknown (before Linux 6.3): through TC, which every device
 * takes. Inner TCP goes that way even so, as GRO merges it there.
 */
static uint32_t flags_of(const struct xv_model *model, const struct xv_port *port)
{
	const struct xv_link *link = &port->link;
	uint32_t flags = setting_flags(port);

	if (xv_link_runs(link))
		flags |= XV_PORT_UP;
	if (link->xdp_features != XV_XDP_FEATURES_UNKNOWN &&
	    link->xdp_features & XV_XDP_ACT_NDO_XMIT) {
		if (redirect_wanted(model, port))
			flags |= XV_PORT_XDP_TX;
		if (model->config->delivery == XV_DELIVERY_AUTO)
			flags |= XV_PORT_TCP_STACK;
		if (link->xdp_features & XV_XDP_ACT_NDO_XMIT_SG)
			flags |= XV_PORT_XDP_SG;
	}
	if (!strcmp(link->kind, "veth"))
		flags |= XV_PORT_GSO_DECAP;
	if (port->direct)
		flags |= XV_PORT_DIRECT;
	if (port->loop.on)
		flags |= XV_PORT_LOOP;
	if (port->full)
		flags |= XV_PORT_FULL;
	return flags;
}

/* Writes the port's entry for delivery, and its device into xv_tx. */
int port_write_dev(struct xv_model *model, struct xv_port *port)
{
	struct xv_port_dev_val val = {
		.ifindex = port->ifindex,
		.flags = flags_of(model, port),
		.bd = port->net->bd,
		.vlan = port->key.vlan,
		.mtu = port->link.mtu,
		.max_macs = port->max_macs,
	};
	bool in_tx;
	int ret;

	memcpy(val.end_mac, port->end_mac, sizeof(val.end_mac));
	if (!port->ifindex)
		val.flags = setting_flags(port);
	port->flags = val.flags;
	/* The devmap first: a port that says XV_PORT_XDP_TX is in it, but for VLANs. */
	in_tx = val.flags & XV_PORT_XDP_TX && !val.vlan;
	if (in_tx)
		bpf_map_update_elem(model->dp->fd.tx, &port->id, &port->ifindex, BPF_ANY);
	ret = bpf_map_update_elem(model->dp->fd.port_dev, &port->id, &val, BPF_ANY);
	if (!in_tx)
		bpf_map_delete_elem(model->dp->fd.tx, &port->id);
	return ret;
}

/* A tenant-facing NIC must hear frames to other hosts' MACs; veth and tap hear all. */
static bool needs_promisc(const struct xv_link *link)
{
	return strcmp(link->kind, "veth") && strcmp(link->kind, "tun");
}

void xv_port_release_device(struct xv_netlink *nl, uint32_t ifindex)
{
	struct xv_link link;

	if (!xv_netlink_get_link(nl, NULL, ifindex, &link, NULL) && needs_promisc(&link))
		xv_netlink_set_promisc(nl, ifindex, false, NULL);
}

void port_set_promisc(struct xv_model *model, const struct xv_link *link)
{
	struct xv_err err = {.text = ""};

	if (needs_promisc(link) && !(link->flags & IFF_PROMISC) &&
	    xv_netlink_set_promisc(model->nl, link->ifindex, true, &err))
		xv_log(LOG_WARNING, "port %s hears only its own address: %s", link->name, err.text);
}

bool xv_port_has_device(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_port *port;

	for (port = model->ports; port; port = port->hh.next)
		if (port->ifindex == ifindex)
			return true;
	return false;
}

static void set_status(struct xv_port *port)
{
	const struct xv_link *link = &port->link;

	port->status[0] = '\0';
	if (link->master)
		snprintf(port->status, sizeof(port->status),
			 "enslaved to another device (index %u), which will see no frames",
			 link->master);
	else if (!(link->flags & IFF_UP))
		snprintf(port->status, sizeof(port->status), "device is down");
	else if (port->no_tc[0])
		snprintf(port->status, sizeof(port->status),
			 "its program was taken away: %s; trying again every second", port->no_tc);
	else if (port->other[0])
		snprintf(port->status, sizeof(port->status),
			 "it is %s too, and only one of the two gets its frames", port->other);
	else if (port->loop.on)
		snprintf(port->status, sizeof(port->status),
			 "in a loop with port %s: frames to groups and unknown MACs are dropped",
			 port->loop.other);
	else if (!(link->flags & XV_IFF_LOWER_UP))
		snprintf(port->status, sizeof(port->status), "no carrier: %s",
			 !strcmp(link->kind, "veth")  ? "its other end is down"
			 : !strcmp(link->kind, "tun") ? "nobody has it open"
						      : "the other side is down, or not there");
}

/* The way in: from the device, and the VLAN, to the port. NULL: none any more. */
int port_write_key(struct xv_model *model, const struct xv_port_key *key,
		   const struct xv_port_val *val)
{
	uint32_t id = val ? val->port : 0;
	int ret = 0;

	if (val)
		ret = bpf_map_update_elem(model->dp->fd.port, key, val, BPF_ANY);
	else
		bpf_map_delete_elem(model->dp->fd.port, key);
	if (!ret && !key->vlan && key->ifindex < XV_PORT_INDEX)
		ret = bpf_map_update_elem(model->dp->fd.port_index, &key->ifindex, &id, BPF_ANY);
	return ret;
}

/* The device goes, or the port: everything that names its index. */
void port_detach(struct xv_model *model, struct xv_port *port, bool device_exists)
{
	struct xv_port_key key = {.ifindex = port->ifindex, .vlan = port->key.vlan};
	bool promisc = needs_promisc(&port->link);

	if (!port->ifindex)
		return;
	port->xdp_on = false;
	port->no_xdp[0] = '\0';
	port->no_tc[0] = '\0';
	port->refused.set = false;
	port->filters = (struct xv_filters){};
	port->direct = false;
	port_write_key(model, &key, NULL);
	xv_vlan_mark(model, key.ifindex);
	port->ifindex = 0;
	memset(&port->link, 0, sizeof(port->link));
	port_write_dev(model, port);
	if (device_exists && promisc && !xv_port_has_device(model, key.ifindex))
		xv_netlink_set_promisc(model->nl, key.ifindex, false, NULL);
	xv_unhook_later(model, key.ifindex);
	if (model->vlans || key.vlan)
		xv_signal_send(&model->signals.refresh); /* its tag may be this host's again */
}

/* Devices that no tenant may have, whatever their name is when they appear. */
int port_check_link(struct xv_model *model, const struct xv_link *link, struct xv_err *err)
{
	if (link->flags & IFF_LOOPBACK)
		return xv_err_set(err, -EINVAL,
				  "%s is the loopback device: the host's own traffic to itself "
				  "would go to the tenants",
				  link->name);
	if (link->type != ARPHRD_ETHER)
		return xv_err_set(err, -EINVAL,
				  "%s is not an Ethernet device (link type %u): a tenant's frames "
				  "need one, such as a veth or a tap",
				  link->name, link->type);
	if (link->ifindex == model->slow_ifindex)
		return xv_err_set(err, -EBUSY, "%s is the slow path device of this instance",
				  link->name);
	if (xv_uplink_find(model, link->name))
		return xv_err_set(err, -EBUSY, "%s is an underlay device of this instance",
				  link->name);
	if (!xv_slow_is(link))
		return 0;
	/* Its maker marks it a moment after it appears. */
	return xv_slow_check_other(model, link, err)
		       ?: xv_err_set(err, -EINVAL,
				     "%s is a vxlan device in external mode, as an instance's slow "
				     "path: it sends nothing without a tunnel's metadata",
				     link->name);
}

/* The device is there: delivery first, then the way in. On failure the port is without it. */
static int attach(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		  struct xv_err *err)
{
	struct xv_port_key key = {.ifindex = link->ifindex, .vlan = port->key.vlan};
	struct xv_port_val val =
				   {
					   .port = port->id,
					   .bd = port->net->bd,
					   .check = xv_port_key_check(&key),
				   },
			   now;
	int ret = port_check_link(model, link, err);

	if (ret)
		return ret;
	/* A new name is known here before netlink tells of it. */
	if (!bpf_map_lookup_elem(model->dp->fd.port, &key, &now) && now.port &&
	    now.port != port->id)
		port_check_renamed(model, link);
	port->ifindex = link->ifindex;
	port->link = *link;
	set_status(port);
	xv_port_end_update(model, port);
	xv_local_port(model, link->ifindex, port->key.vlan);
	ret = port_write_dev(model, port);
	ret = ret ?: port_write_key(model, &key, &val);
	xv_vlan_mark(model, key.ifindex);
	if (ret)
		xv_err_set(err, ret, "cannot write port %s: %s", port->key.dev, strerror(-ret));
	ret = ret
		      ?: xv_datapath_attach_tc(model->dp, link, XV_PROG_ENCAP,
					       xv_port_filters_behind(model, link->ifindex), err);
	if (ret) {
		port_detach(model, port, true);
		return ret;
	}
	port_set_promisc(model, link);
	xv_port_filters_update(model, port);
	xv_port_xdp_update(model, port);
	return 0;
}

/* attach(), again and again until it works; meanwhile the status says why not. */
int port_attach(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		struct xv_err *err)
{
	char before[sizeof(port->status)];
	int ret;

	memcpy(before, port->status, sizeof(before));
	ret = attach(model, port, link, err);
	port->retry = ret;
	if (!ret)
		return 0;
	snprintf(port->status, sizeof(port->status), "%.250s", err->text);
	if (strcmp(before, port->status))
		xv_log(LOG_ERR, "port %s: %s", port->key.dev, err->text);
	xv_signal_send(&model->signals.again);
	return ret;
}

/* The device or the setting is changed; what is written of them follows. */
int port_look_again(struct xv_model *model, struct xv_port *port)
{
	if (port->ifindex) {
		set_status(port);
		xv_port_end_update(model, port);
		xv_port_filters_place(model, port);
		xv_port_filters_update(model, port);
		xv_port_xdp_update(model, port);
	}
	return port_write_dev(model, port);
}

void xv_port_look_all(struct xv_model *model)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->ifindex)
			port_look_again(model, port);
}

void xv_port_rewrite_all(struct xv_model *model)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->ifindex)
			port_write_dev(model, port);
}
