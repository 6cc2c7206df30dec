/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes and deletes ports: see tenancy.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attach.h"
#include "maps/stats.h"
#include "model/attachment.h"
#include "model/batch.h"
#include "model/flood.h"
#include "model/ids.h"
#include "model/queue.h"
#include "model/quota.h"
#include "model/tenancy.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "xv_wire.h"

static uint32_t free_id(struct xv_model *model)
{
	struct xv_port_dev_val val;
	uint32_t i, id;

	for (i = 1; i < XV_MAX_PORTS; i++) {
		id = 1 + (model->last_port + i - 1) % (XV_MAX_PORTS - 1);
		if (!model->port_by_id[id] && !model->batch->port[id] &&
		    !bpf_map_lookup_elem(model->dp->fd.port_dev, &id, &val) && !val.ifindex)
			return id;
	}
	return xv_batch_make_room(model) ? free_id(model) : 0;
}

static int check_new(struct xv_model *model, const char *dev, uint32_t vlan, struct xv_err *err)
{
	struct xv_port *port = xv_port_find(model, dev, vlan);
	char text[XV_PORT_STRLEN];

	if (strlen(dev) >= IFNAMSIZ || !dev[0])
		return xv_err_set(err, -EINVAL, "\"%s\" is not a device name", dev);
	if (port)
		return xv_err_set(err, -EBUSY,
				  "%s is in network \"%s\" already: delete it there "
				  "first (xvtep port del %s)",
				  xv_port_text(port, text), port->net->set.name, text);
	if (xv_uplink_find(model, dev))
		return xv_err_set(err, -EBUSY, "%s is an underlay device of this instance", dev);
	return 0;
}

int xv_tenancy_add(struct xv_model *model, struct xv_network *net, const struct xv_config_port *set,
		   enum xv_origin origin, enum xv_tenancy_how how, struct xv_err *err)
{
	int ret = check_new(model, set->dev, set->vlan, err);
	bool must_exist = how == XV_TENANCY_MUST_EXIST;
	struct xv_port *port;
	struct xv_link link;
	int attached = 0;
	uint32_t id;

	if (ret)
		return ret;
	ret = xv_netlink_get_link(model->nl, set->dev, 0, &link, err);
	if (ret == -ENODEV && must_exist)
		return xv_err_set(err, ret,
				  "there is no device \"%s\" here; name it in the "
				  "configuration file to have it attached when it appears",
				  set->dev);
	if (ret && ret != -ENODEV && (ret != -EEXIST || must_exist))
		return ret;
	id = free_id(model);
	if (!id)
		return xv_err_set(err, -ENOSPC, "there are %u ports already, which is the limit",
				  XV_MAX_PORTS - 1);
	port = xv_port_new(model, net, set->dev, set->vlan, id);
	if (!port)
		return xv_err_set(err, -ENOMEM, "out of memory");
	model->last_port = id;
	port->origins = origin;
	port->xdp = set->xdp;
	port->set_filters = set->filters;
	port->max_macs = set->max_macs;
	xv_stats_clear_port(model->dp, id);
	xv_port_write(model, port);
	snprintf(port->status, sizeof(port->status), "%.250s",
		 ret == -EEXIST ? err->text : "no such device yet");
	if (ret)
		attached = ret == -ENODEV ? 0 : ret;
	else if (how == XV_TENANCY_LATER)
		xv_queue_add(model, port);
	else
		attached = xv_attachment_make(model, port, &link, err);
	ret = must_exist ? attached : 0;
	ret = ret ?: xv_flood_add_port(model, net, id, err);
	if (ret) {
		xv_attachment_end(model, port, true);
		xv_port_free(model, port);
	}
	return ret ?: attached;
}

int xv_tenancy_take_over(struct xv_model *model, struct xv_port *port,
			 const struct xv_config_port *set)
{
	port->origins |= XV_ORIGIN_CONFIG;
	port->xdp = set->xdp;
	port->set_filters = set->filters;
	port->max_macs = set->max_macs;
	xv_quota_room(model);
	return xv_attachment_look_again(model, port);
}

int xv_tenancy_drop(struct xv_model *model, struct xv_port *port, struct xv_err *err)
{
	if (!(port->origins & XV_ORIGIN_HAND))
		return xv_tenancy_del(model, port, err);
	port->origins &= ~(uint32_t)XV_ORIGIN_CONFIG;
	return xv_port_write(model, port);
}

int xv_tenancy_del(struct xv_model *model, struct xv_port *port, struct xv_err *err)
{
	struct xv_port_dev_val none = {};
	int ret;

	xv_batch_begin(model);
	ret = xv_flood_del_port(model, port->net, port->id, err);
	xv_attachment_end(model, port, true);
	bpf_map_update_elem(model->dp->fd.port_dev, &port->id, &none, BPF_ANY);
	model->batch->port[port->id] = (uint16_t)port->net->bd;
	model->batch->entries = true;
	xv_port_free(model, port);
	return xv_batch_commit(model, err) ?: ret;
}

void xv_tenancy_end_all(struct xv_model *model, struct xv_network *net)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->net == net)
			xv_tenancy_del(model, port, NULL);
}

/* Adopts an entry of xv_port. Deletes it if the device is gone or was renamed. */
static int adopt_one(struct xv_model *model, const struct xv_port_key *key,
		     const struct xv_port_val *val, struct xv_err *err)
{
	struct xv_network *net = xv_network_of(model, val->bd);
	struct xv_port_dev_val dev;
	struct xv_port *port;
	struct xv_link link;

	if (!val->port && xv_vlan_has(model, key))
		return 0;
	if (!net || key->proto || key->vlan >= XV_VLAN_VID_MASK || !val->port ||
	    val->port >= XV_MAX_PORTS || model->port_by_id[val->port] ||
	    bpf_map_lookup_elem(model->dp->fd.port_dev, &val->port, &dev) ||
	    dev.ifindex != key->ifindex ||
	    xv_netlink_get_link(model->nl, NULL, key->ifindex, &link, NULL)) {
		xv_port_write_key(model, key, NULL);
		return 0;
	}
	if (xv_attachment_check(model, &link, NULL)) {
		xv_detach_tc(model->dp->pin_dir, key->ifindex);
		xv_port_write_key(model, key, NULL);
		return 0;
	}
	port = xv_port_new(model, net, link.name, key->vlan, val->port);
	if (!port)
		return xv_err_set(err, -ENOMEM, "out of memory");
	port->origins = dev.flags & XV_PORT_CONFIG ? XV_ORIGIN_CONFIG : XV_ORIGIN_HAND;
	port->origins |= dev.flags & XV_PORT_HAND ? XV_ORIGIN_HAND : 0;
	port->xdp = xv_port_xdp_mode(dev.flags);
	port->set_filters = xv_port_filters_mode(dev.flags);
	port->max_macs = dev.max_macs;
	model->last_port = port->id > model->last_port ? port->id : model->last_port;
	port->adopted = link.ifindex;
	port->flags = dev.flags;
	port->direct = dev.flags & XV_PORT_DIRECT;
	memcpy(port->end_mac, dev.end_mac, sizeof(port->end_mac));
	return 0;
}

/* Frees the ids in xv_port_dev that no port has. */
static void free_ids(struct xv_model *model)
{
	struct xv_port_dev_val val, none = {};
	uint32_t id;

	for (id = 1; id < XV_MAX_PORTS; id++) {
		if (model->port_by_id[id] ||
		    bpf_map_lookup_elem(model->dp->fd.port_dev, &id, &val) || !val.ifindex)
			continue;
		if (xv_network_of(model, val.bd))
			xv_stats_keep_port(model->dp, id, val.bd);
		bpf_map_update_elem(model->dp->fd.port_dev, &id, &none, BPF_ANY);
		bpf_map_delete_elem(model->dp->fd.tx, &id);
	}
}

int xv_tenancy_adopt(struct xv_model *model, struct xv_err *err)
{
	struct xv_port_key *keys = calloc(XV_MAX_PORT_KEYS, sizeof(*keys)), *prev = NULL;
	struct xv_port_val val;
	uint32_t n = 0, i;
	int fd = model->dp->fd.port, ret = 0;

	if (!keys)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (n < XV_MAX_PORT_KEYS && !bpf_map_get_next_key(fd, prev, &keys[n]))
		prev = &keys[n++];
	for (i = 0; !ret && i < n; i++)
		if (!bpf_map_lookup_elem(fd, &keys[i], &val))
			ret = adopt_one(model, &keys[i], &val, err);
	free(keys);
	if (!ret && model->dp->adopted)
		free_ids(model);
	return ret;
}

/*
 * Attaches an adopted port, unless its device may not be a port any more, as when it became an
 * underlay device. later: by the queue, as the earlier daemon's program still serves the port.
 */
static void attach_adopted(struct xv_model *model, struct xv_port *port, bool later)
{
	struct xv_port_key key = {.ifindex = port->adopted, .vlan = port->key.vlan};
	struct xv_err err = {.text = ""};
	struct xv_link link;

	port->adopted = 0;
	if (!xv_netlink_get_link(model->nl, NULL, key.ifindex, &link, NULL) &&
	    !strcmp(link.name, port->key.dev) && !xv_attachment_check(model, &link, &err)) {
		port->link = link;
		if (later && !xv_port_set_device(model, port, link.ifindex))
			xv_queue_add(model, port);
		else
			xv_attachment_make(model, port, &link, &err);
		return;
	}
	snprintf(port->status, sizeof(port->status), "%.250s",
		 err.text[0] ? err.text : "no such device yet");
	xv_port_write_key(model, &key, NULL);
	xv_port_write(model, port);
}

void xv_tenancy_adopted(struct xv_model *model)
{
	bool many = HASH_COUNT(model->ports) > XV_QUEUE_FEW;
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->adopted)
			attach_adopted(model, port, many);
	xv_vlan_mark(model, 0);
}
