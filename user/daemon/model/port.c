/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports: see port.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/port.h"
#include "model/uplink.h"

struct xv_port *xv_port_find(struct xv_model *model, const char *dev, uint32_t vlan)
{
	struct xv_port_name name = {.vlan = vlan};
	struct xv_port *port;

	if (strlen(dev) >= sizeof(name.dev))
		return NULL;
	memcpy(name.dev, dev, strlen(dev));
	HASH_FIND(hh, model->ports, &name, sizeof(name), port);
	return port;
}

const char *xv_port_text(const struct xv_port *port, char text[XV_PORT_STRLEN])
{
	int len = snprintf(text, XV_PORT_STRLEN, "%s", port->key.dev);

	if (port->key.vlan)
		snprintf(text + len, XV_PORT_STRLEN - len, " vlan %u", port->key.vlan);
	return text;
}

struct xv_port *xv_port_named(const struct xv_model *model, const char *dev)
{
	char name[IFNAMSIZ] = "";
	struct xv_port_device *device;

	memcpy(name, dev, strnlen(dev, sizeof(name) - 1));
	HASH_FIND(hh, model->devices, name, sizeof(name), device);
	return device ? device->first : NULL;
}

static struct xv_port_device *device_at(const struct xv_model *model, uint32_t ifindex)
{
	struct xv_port_device *device;

	HASH_FIND(hh, model->devices_by_index, &ifindex, sizeof(ifindex), device);
	return device;
}

struct xv_port *xv_port_at(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_port_device *device = device_at(model, ifindex);

	return device ? device->first : NULL;
}

static void leave_device(struct xv_model *model, struct xv_port *port)
{
	struct xv_port_device *device = device_at(model, port->ifindex);

	if (!port->ifindex || !device)
		return;
	DL_DELETE2(device->first, port, prev_at, next_at);
	port->ifindex = 0;
	if (device->first)
		return;
	HASH_DELETE(hh, model->devices_by_index, device);
	free(device);
}

int xv_port_set_device(struct xv_model *model, struct xv_port *port, uint32_t ifindex)
{
	struct xv_port_device *device = device_at(model, ifindex);

	if (port->ifindex == ifindex)
		return 0;
	if (ifindex && !device) {
		device = calloc(1, sizeof(*device));
		if (!device)
			return -ENOMEM;
		device->ifindex = ifindex;
		HASH_ADD(hh, model->devices_by_index, ifindex, sizeof(device->ifindex), device);
	}
	leave_device(model, port);
	if (!ifindex)
		return 0;
	port->ifindex = ifindex;
	DL_APPEND2(device->first, port, prev_at, next_at);
	return 0;
}

/* Links the port with the ports of the same device name. */
static int join_name(struct xv_model *model, struct xv_port *port)
{
	struct xv_port_device *device;

	HASH_FIND(hh, model->devices, port->key.dev, sizeof(port->key.dev), device);
	if (!device) {
		device = calloc(1, sizeof(*device));
		if (!device)
			return -ENOMEM;
		memcpy(device->name, port->key.dev, sizeof(device->name));
		HASH_ADD(hh, model->devices, name, sizeof(device->name), device);
	}
	DL_APPEND2(device->first, port, prev_named, next_named);
	return 0;
}

static void leave_name(struct xv_model *model, struct xv_port *port)
{
	struct xv_port_device *device;

	HASH_FIND(hh, model->devices, port->key.dev, sizeof(port->key.dev), device);
	if (!device)
		return;
	DL_DELETE2(device->first, port, prev_named, next_named);
	if (device->first)
		return;
	HASH_DELETE(hh, model->devices, device);
	free(device);
}

struct xv_port *xv_port_new(struct xv_model *model, struct xv_network *net, const char *dev,
			    uint32_t vlan, uint32_t id)
{
	struct xv_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	memcpy(port->key.dev, dev, strnlen(dev, sizeof(port->key.dev) - 1));
	port->key.vlan = vlan;
	port->id = id;
	port->net = net;
	if (join_name(model, port)) {
		free(port);
		return NULL;
	}
	model->port_by_id[id] = port;
	HASH_ADD(hh, model->ports, key, sizeof(port->key), port);
	return port;
}

void xv_port_wait(struct xv_model *model, struct xv_port *port, bool waiting)
{
	model->n_waiting += waiting - port->waiting;
	port->waiting = waiting;
}

void xv_port_free(struct xv_model *model, struct xv_port *port)
{
	model->n_short -= port->short_of_room;
	xv_port_wait(model, port, false);
	leave_device(model, port);
	leave_name(model, port);
	HASH_DEL(model->ports, port);
	model->port_by_id[port->id] = NULL;
	free(port);
}

void xv_port_free_all(struct xv_model *model)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		xv_port_free(model, port);
}

static uint32_t xdp_flags(enum xv_port_xdp mode)
{
	switch (mode) {
	case XV_PORT_XDP_NATIVE:
		return XV_PORT_ENCAP_NATIVE;
	case XV_PORT_XDP_OFF:
		return XV_PORT_ENCAP_OFF;
	case XV_PORT_XDP_AUTO:
		break;
	}
	return 0;
}

enum xv_port_xdp xv_port_xdp_mode(uint32_t flags)
{
	if (flags & XV_PORT_ENCAP_OFF)
		return XV_PORT_XDP_OFF;
	return flags & XV_PORT_ENCAP_NATIVE ? XV_PORT_XDP_NATIVE : XV_PORT_XDP_AUTO;
}

static uint32_t filters_flags(enum xv_port_filters set)
{
	switch (set) {
	case XV_FILTERS_BEFORE:
		return XV_PORT_FILTERS_BEFORE;
	case XV_FILTERS_IGNORE:
		return XV_PORT_FILTERS_IGNORE;
	case XV_FILTERS_AUTO:
		break;
	}
	return 0;
}

enum xv_port_filters xv_port_filters_mode(uint32_t flags)
{
	if (flags & XV_PORT_FILTERS_BEFORE)
		return XV_FILTERS_BEFORE;
	return flags & XV_PORT_FILTERS_IGNORE ? XV_FILTERS_IGNORE : XV_FILTERS_AUTO;
}

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
 * Whether frames may be redirected to the port in XDP. With a veth underlay they may not: the
 * sender's stack leaves inner checksums to a NIC, which veth is not. An skb says that its checksum
 * is open; an XDP frame cannot.
 */
static bool redirect_wanted(const struct xv_model *model, const struct xv_port *port)
{
	size_t i;

	/* Redirects would bypass the qdisc or filters that others have at the device's egress. */
	if (port->watched)
		return false;
	if (model->config->delivery != XV_DELIVERY_AUTO)
		return model->config->delivery == XV_DELIVERY_REDIRECT;
	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex && !strcmp(model->uplinks[i].link.kind, "veth"))
			return false;
	return true;
}

/* Flags from which an adopting daemon restores the port's settings, even without its device. */
static uint32_t setting_flags(const struct xv_port *port)
{
	return (port->origins & XV_ORIGIN_CONFIG ? XV_PORT_CONFIG : 0) |
	       (port->origins & XV_ORIGIN_HAND ? XV_PORT_HAND : 0) | xdp_flags(port->xdp) |
	       filters_flags(port->set_filters);
}

/*
 * How frames may be delivered to the device. If its XDP features are unknown (before Linux 6.3), by
 * TC, which works for every device. Inner TCP is delivered by TC in any case, because GRO merges it
 * there.
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

/* See port.h. */
int xv_port_write(struct xv_model *model, struct xv_port *port)
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
	/* xv_tx comes first: a port with XV_PORT_XDP_TX must be in it, unless it is a VLAN. */
	in_tx = val.flags & XV_PORT_XDP_TX && !val.vlan;
	if (in_tx)
		bpf_map_update_elem(model->dp->fd.tx, &port->id, &port->ifindex, BPF_ANY);
	ret = bpf_map_update_elem(model->dp->fd.port_dev, &port->id, &val, BPF_ANY);
	if (!in_tx)
		bpf_map_delete_elem(model->dp->fd.tx, &port->id);
	return ret;
}

/* See port.h. */
int xv_port_write_key(struct xv_model *model, const struct xv_port_key *key,
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

bool xv_port_has_device(const struct xv_model *model, uint32_t ifindex)
{
	return xv_port_at(model, ifindex);
}

void xv_port_write_all(struct xv_model *model)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->ifindex)
			xv_port_write(model, port);
}
