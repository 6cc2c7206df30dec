/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches ports to their devices: see attachment.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>
#include <utlist.h>

#include "clock.h"
#include "kernel/attach.h"
#include "log.h"
#include "model/attachment.h"
#include "model/far_end.h"
#include "model/fdb.h"
#include "model/ingress.h"
#include "model/local.h"
#include "model/slow.h"
#include "model/unhook.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "turn.h"

enum {
	PORTS_A_SECOND = 256, /* takes half a millisecond */
	SECOND_US = 4000,     /* at most so long, when much has changed */
};

/*
 * A NIC must be promiscuous to receive frames to tenants' MACs. veth and tap receive all frames
 * anyway.
 */
static bool needs_promisc(const struct xv_link *link)
{
	return strcmp(link->kind, "veth") && strcmp(link->kind, "tun");
}

void xv_attachment_release_device(struct xv_netlink *nl, uint32_t ifindex)
{
	struct xv_link link;

	if (!xv_netlink_get_link(nl, NULL, ifindex, &link, NULL) && needs_promisc(&link))
		xv_netlink_set_promisc(nl, ifindex, false, NULL);
}

static void set_promisc(struct xv_model *model, const struct xv_link *link)
{
	struct xv_err err = {.text = ""};

	if (needs_promisc(link) && !(link->flags & IFF_PROMISC) &&
	    xv_netlink_set_promisc(model->nl, link->ifindex, true, &err))
		xv_log(LOG_WARNING,
		       "port %s: cannot make the device promiscuous, so it loses frames to tenants "
		       "behind it: %s",
		       link->name, err.text);
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

/* See attachment.h. Removes every map entry that has the device's index. */
void xv_attachment_end(struct xv_model *model, struct xv_port *port, bool device_exists)
{
	struct xv_port_key key = {.ifindex = port->ifindex, .vlan = port->key.vlan};
	bool promisc = needs_promisc(&port->link);

	if (!port->ifindex)
		return;
	xv_port_wait(model, port, false);
	port->by_filter = false;
	port->xdp_on = false;
	port->no_xdp[0] = '\0';
	port->no_tc[0] = '\0';
	port->refused.set = false;
	port->filters = (struct xv_filters){};
	port->direct = false;
	xv_port_write_key(model, &key, NULL);
	xv_vlan_mark(model, key.ifindex);
	xv_port_set_device(model, port, 0);
	memset(&port->link, 0, sizeof(port->link));
	xv_port_write(model, port);
	if (device_exists && promisc && !xv_port_has_device(model, key.ifindex))
		xv_netlink_set_promisc(model->nl, key.ifindex, false, NULL);
	xv_unhook_later(model, key.ifindex);
	if (model->vlans || key.vlan)
		xv_signal_send(&model->signals.refresh); /* its tag may be this host's again */
}

int xv_attachment_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err)
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
	/* Another instance sets the alias a moment after it makes its device. */
	return xv_slow_check_other(model, link, err)
		       ?: xv_err_set(err, -EINVAL,
				     "%s is a vxlan device in external mode, as an instance's slow "
				     "path: it sends nothing without a tunnel's metadata",
				     link->name);
}

/* Logs one line for a device of which n VLANs are ports. */
static void log_ports(const char *dev, size_t n, const char *what)
{
	if (n == 1)
		xv_log(LOG_NOTICE, "port %s: %s", dev, what);
	else if (n)
		xv_log(LOG_NOTICE, "port %s: %s (%zu of its VLANs)", dev, what, n);
}

/*
 * Lets go of ports whose device was renamed: their name no longer means this device. The ports
 * stay, but MACs that were learned at them are deleted, in one walk over the FDB for all ports of
 * the device: a trunk may have thousands.
 */
static void check_renamed(struct xv_model *model, const struct xv_link *link)
{
	struct xv_port *port, *tmp;
	const char *dev = NULL;
	char what[64];
	size_t lost = 0;

	DL_FOREACH_SAFE2 (xv_port_at(model, link->ifindex), port, tmp, next_at) {
		if (!strcmp(port->key.dev, link->name))
			continue;
		dev = port->key.dev;
		xv_attachment_end(model, port, true);
		snprintf(port->status, sizeof(port->status), "renamed to %s", link->name);
		lost++;
	}
	if (lost)
		xv_fdb_flush_lost(model);
	snprintf(what, sizeof(what), "renamed to %s, let go", link->name);
	log_ports(dev, lost, what);
}

/* Finds another port (a VLAN) of the same device for which this daemon has attached the program. */
static const struct xv_port *find_attached(const struct xv_model *model, const struct xv_port *port)
{
	const struct xv_port *other;

	DL_FOREACH2(xv_port_at(model, port->ifindex), other, next_at)
	if (other != port && !other->waiting && !other->no_tc[0])
		return other;
	return NULL;
}

/*
 * Attaches xv_encap to the device, once for all VLANs of it. While ports wait in the queue,
 * attaches a filter, which is quicker than a link.
 */
static int attach_tc(struct xv_model *model, struct xv_port *port, struct xv_err *err)
{
	bool behind = xv_ingress_is_behind(model, port->ifindex);
	const struct xv_port *other;

	port->by_filter = false;
	if (!port->waiting || behind)
		return xv_datapath_attach_tc(model->dp, &port->link, XV_PROG_ENCAP, behind, err);
	other = find_attached(model, port);
	if (other) {
		port->by_filter = other->by_filter;
		return 0;
	}
	return xv_datapath_attach_tc_soon(model->dp, &port->link, XV_PROG_ENCAP, &port->by_filter,
					  err);
}

/*
 * Attaches the port to its device: first delivery to the port, then frames from it. On failure the
 * port has no device.
 */
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
	int ret = xv_attachment_check(model, link, err);

	if (ret)
		return ret;
	/* The device was renamed, and the netlink notification has not arrived yet. */
	if (!bpf_map_lookup_elem(model->dp->fd.port, &key, &now) && now.port &&
	    now.port != port->id)
		check_renamed(model, link);
	if (xv_port_set_device(model, port, link->ifindex))
		return xv_err_set(err, -ENOMEM, "out of memory");
	port->link = *link;
	set_status(port);
	xv_far_end_update(model, port);
	xv_local_port(model, link->ifindex, port->key.vlan);
	ret = xv_port_write(model, port);
	ret = ret ?: xv_port_write_key(model, &key, &val);
	xv_vlan_mark(model, key.ifindex);
	if (ret)
		xv_err_set(err, ret, "cannot write port %s: %s", port->key.dev, strerror(-ret));
	ret = ret ?: attach_tc(model, port, err);
	if (ret) {
		xv_attachment_end(model, port, true);
		return ret;
	}
	set_promisc(model, link);
	xv_ingress_filters_update(model, port);
	xv_ingress_xdp_update(model, port);
	return 0;
}

/* attach(); a failure is put into the status, and attaching is tried again until it works. */
int xv_attachment_make(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		       struct xv_err *err)
{
	char before[sizeof(port->status)];
	int ret;

	memcpy(before, port->status, sizeof(before));
	ret = attach(model, port, link, err);
	xv_port_wait(model, port, false);
	port->retry = ret;
	if (!ret)
		return 0;
	snprintf(port->status, sizeof(port->status), "%.250s", err->text);
	if (strcmp(before, port->status))
		xv_log(LOG_ERR, "port %s: %s", port->key.dev, err->text);
	xv_signal_send(&model->signals.again);
	return ret;
}

/* See attachment.h. */
int xv_attachment_look_again(struct xv_model *model, struct xv_port *port)
{
	if (port->ifindex) {
		set_status(port);
		xv_far_end_update(model, port);
		xv_ingress_place(model, port);
		xv_ingress_filters_update(model, port);
		xv_ingress_xdp_update(model, port);
	}
	return xv_port_write(model, port);
}

void xv_attachment_look_all(struct xv_model *model)
{
	struct xv_port *port;
	uint32_t id;

	for (id = 1; id < XV_MAX_PORTS; id++) {
		port = model->port_by_id[id];
		if (!port || !port->ifindex)
			continue;
		xv_attachment_look_again(model, port);
		xv_turn_give_way();
	}
}

/* ---- notifications of devices ---- */

void xv_attachment_link(struct xv_model *model, const struct xv_link *link)
{
	struct xv_err err = {.text = ""};
	struct xv_port *port;
	size_t attached = 0;
	bool lost = false;

	check_renamed(model, link);
	if (xv_port_has_device(model, link->ifindex))
		set_promisc(model, link); /* somebody else may have cleared it */
	for (port = xv_port_named(model, link->name); port; port = port->next_named) {
		if (port->ifindex == link->ifindex) {
			port->link = *link;
			xv_attachment_look_again(model, port);
		} else if (port->ifindex) {
			xv_attachment_end(model, port, false);
			lost = true;
		}
	}
	if (lost)
		xv_fdb_flush_lost(model);
	for (port = xv_port_named(model, link->name); port; port = port->next_named)
		if (!port->ifindex)
			attached += !xv_attachment_make(model, port, link, &err);
	log_ports(link->name, attached, "attached");
}

void xv_attachment_retry(struct xv_model *model)
{
	struct xv_err err = {.text = ""};
	struct xv_port *port, *tmp;
	const char *dev = ""; /* asked for last: a trunk's VLANs follow each other */
	struct xv_link link;
	int ret = 0;

	HASH_ITER (hh, model->ports, port, tmp) {
		if (!port->retry)
			continue;
		if (strcmp(dev, port->key.dev))
			ret = xv_netlink_get_link(model->nl, port->key.dev, 0, &link, NULL);
		dev = port->key.dev;
		port->retry = ret != -ENODEV; /* netlink reports when it comes back */
		if (!ret)
			log_ports(link.name, !xv_attachment_make(model, port, &link, &err),
				  "attached");
		else if (port->retry)
			xv_signal_send(&model->signals.again);
		else
			snprintf(port->status, sizeof(port->status), "no such device");
	}
}

bool xv_attachment_no_tc(struct xv_model *model, uint32_t ifindex, const char *text)
{
	char now[sizeof(((struct xv_port *)0)->no_tc)];
	struct xv_port *port;
	bool changed = false;

	snprintf(now, sizeof(now), "%s", text);
	for (port = xv_port_at(model, ifindex); port; port = port->next_at) {
		if (!strcmp(port->no_tc, now))
			continue;
		memcpy(port->no_tc, now, sizeof(now));
		xv_attachment_look_again(model, port);
		changed = true;
	}
	return changed;
}

void xv_attachment_link_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_port *port, *tmp;
	const char *dev = NULL;
	size_t lost = 0;

	DL_FOREACH_SAFE2 (xv_port_at(model, ifindex), port, tmp, next_at) {
		dev = port->key.dev;
		xv_attachment_end(model, port, false);
		snprintf(port->status, sizeof(port->status),
			 "device is gone; attached again when it comes back");
		lost++;
	}
	if (lost)
		xv_fdb_flush_lost(model);
	log_ports(dev, lost, "device is gone");
}

void xv_attachment_features(struct xv_model *model, uint32_t ifindex, uint64_t features)
{
	struct xv_port *port;

	for (port = xv_port_at(model, ifindex); port; port = port->next_at) {
		port->link.xdp_features = features;
		xv_attachment_look_again(model, port);
	}
}

void xv_attachment_second(struct xv_model *model)
{
	uint32_t id = model->filters_next, left = PORTS_A_SECOND, n, mark;
	uint64_t end = xv_clock_us() + SECOND_US;
	struct xv_port *port;

	for (n = 0; n < XV_MAX_PORTS && left && xv_clock_us() < end; n++) {
		id = (id + 1) % XV_MAX_PORTS;
		port = model->port_by_id[id];
		if (!port || !port->ifindex || port->key.vlan)
			continue;
		left--;
		mark = xv_filters_mark(port->ifindex);
		if (mark != port->filters_mark)
			xv_attachment_look_again(model, port);
		port->filters_mark = mark;
	}
	model->filters_next = id;
}
