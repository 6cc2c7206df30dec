/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports: see port.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "batch.h"
#include "fdb.h"
#include "flood.h"
#include "log.h"
#include "port.h"
#include "port_xdp.h"
#include "stats.h"
#include "unhook.h"
#include "uplink.h"

struct xv_port *xv_port_find(struct xv_instance *inst, const char *dev, uint32_t vlan)
{
	struct xv_port_name name = {.vlan = vlan};
	struct xv_port *port;

	if (strlen(dev) >= sizeof(name.dev))
		return NULL;
	memcpy(name.dev, dev, strlen(dev));
	HASH_FIND(hh, inst->ports, &name, sizeof(name), port);
	return port;
}

const char *xv_port_text(const struct xv_port *port, char text[XV_PORT_STRLEN])
{
	int len = snprintf(text, XV_PORT_STRLEN, "%s", port->key.dev);

	if (port->key.vlan)
		snprintf(text + len, XV_PORT_STRLEN - len, " vlan %u", port->key.vlan);
	return text;
}

static bool any_xdp(const struct xv_instance *inst)
{
	size_t i;

	for (i = 0; i < inst->n_uplinks; i++)
		if (inst->uplinks[i].flags & (XV_UPLINK_XDP | XV_UPLINK_GENERIC))
			return true;
	return false;
}

const char *xv_port_delivery(const struct xv_instance *inst, const struct xv_port *port)
{
	if (!port->ifindex)
		return "none";
	if (!any_xdp(inst))
		return "tc";
	return port->flags & XV_PORT_XDP_TX && !port->key.vlan ? "redirect" : "stack";
}

const char *xv_port_encap(const struct xv_port *port)
{
	if (!port->ifindex)
		return "none";
	return port->xdp_on ? "xdp" : "tc";
}

static uint32_t free_id(struct xv_instance *inst)
{
	struct xv_port_dev_val val;
	uint32_t i, id;

	for (i = 1; i < XV_MAX_PORTS; i++) {
		id = 1 + (inst->last_port + i - 1) % (XV_MAX_PORTS - 1);
		if (!inst->port_by_id[id] && !inst->batch->port[id] &&
		    !bpf_map_lookup_elem(inst->dp->fd.port_dev, &id, &val) && !val.ifindex)
			return id;
	}
	return xv_batch_make_room(inst) ? free_id(inst) : 0;
}

/*
 * A frame from a veth underlay may lack its inner checksum, which the sender left to a NIC that
 * never came; an skb says so, an XDP frame cannot.
 */
static bool redirect_wanted(const struct xv_instance *inst)
{
	size_t i;

	if (inst->config->delivery != XV_DELIVERY_AUTO)
		return inst->config->delivery == XV_DELIVERY_REDIRECT;
	for (i = 0; i < inst->n_uplinks; i++)
		if (inst->uplinks[i].ifindex && !strcmp(inst->uplinks[i].link.kind, "veth"))
			return false;
	return true;
}

/* What an adopting daemon must know of the port, whether its device is there or not. */
static uint32_t setting_flags(const struct xv_port *port)
{
	return (port->from_config ? XV_PORT_CONFIG : 0) | (port->by_hand ? XV_PORT_HAND : 0) |
	       xv_port_xdp_flags(port->xdp);
}

/*
 * What the device can take. Features unknown (before Linux 6.3): through the stack, which every
 * device takes. Inner TCP goes through the stack even so, where GRO merges it.
 */
static uint32_t flags_of(const struct xv_instance *inst, const struct xv_port *port)
{
	const struct xv_link *link = &port->link;
	uint32_t flags = setting_flags(port);

	if (link->flags & IFF_UP)
		flags |= XV_PORT_UP;
	if (link->xdp_features != XV_XDP_FEATURES_UNKNOWN &&
	    link->xdp_features & XV_XDP_ACT_NDO_XMIT) {
		if (redirect_wanted(inst))
			flags |= XV_PORT_XDP_TX;
		if (inst->config->delivery == XV_DELIVERY_AUTO)
			flags |= XV_PORT_TCP_STACK;
		if (link->xdp_features & XV_XDP_ACT_NDO_XMIT_SG)
			flags |= XV_PORT_XDP_SG;
	}
	if (!strcmp(link->kind, "veth"))
		flags |= XV_PORT_GSO_DECAP;
	return flags;
}

/* Writes the port's entry for delivery, and its device into xv_tx. */
static int write_dev(struct xv_instance *inst, struct xv_port *port)
{
	struct xv_port_dev_val val = {
		.ifindex = port->ifindex,
		.flags = flags_of(inst, port),
		.bd = port->net->bd,
		.vlan = port->key.vlan,
		.mtu = port->link.mtu,
	};
	int ret;

	if (!port->ifindex)
		val.flags = setting_flags(port);
	port->flags = val.flags;
	/* The devmap first: a port that says XV_PORT_XDP_TX is in it. */
	if (val.flags & XV_PORT_XDP_TX)
		bpf_map_update_elem(inst->dp->fd.tx, &port->id, &port->ifindex, BPF_ANY);
	ret = bpf_map_update_elem(inst->dp->fd.port_dev, &port->id, &val, BPF_ANY);
	if (!(val.flags & XV_PORT_XDP_TX))
		bpf_map_delete_elem(inst->dp->fd.tx, &port->id);
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

static bool device_used(const struct xv_instance *inst, uint32_t ifindex)
{
	const struct xv_port *port;

	for (port = inst->ports; port; port = port->hh.next)
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
}

/* The way in: from the device, and the VLAN, to the port. NULL: none any more. */
static int write_key(struct xv_instance *inst, const struct xv_port_key *key,
		     const struct xv_port_val *val)
{
	uint32_t id = val ? val->port : 0;
	int ret = 0;

	if (val)
		ret = bpf_map_update_elem(inst->dp->fd.port, key, val, BPF_ANY);
	else
		bpf_map_delete_elem(inst->dp->fd.port, key);
	if (!ret && !key->vlan && key->ifindex < XV_PORT_INDEX)
		ret = bpf_map_update_elem(inst->dp->fd.port_index, &key->ifindex, &id, BPF_ANY);
	return ret;
}

/* The device goes, or the port: everything that names its index. */
static void detach(struct xv_instance *inst, struct xv_port *port, bool device_exists)
{
	struct xv_port_key key = {.ifindex = port->ifindex, .vlan = port->key.vlan};
	bool promisc = needs_promisc(&port->link);

	if (!port->ifindex)
		return;
	port->xdp_on = false;
	port->no_xdp[0] = '\0';
	port->refused.set = false;
	write_key(inst, &key, NULL);
	port->ifindex = 0;
	memset(&port->link, 0, sizeof(port->link));
	write_dev(inst, port);
	if (device_exists && promisc && !device_used(inst, key.ifindex))
		xv_netlink_set_promisc(inst->nl, key.ifindex, false, NULL);
	xv_unhook_later(inst, key.ifindex);
}

/* The port stays, without its device. Learned MACs go with it. */
static void lose_device(struct xv_instance *inst, struct xv_port *port, bool device_exists)
{
	struct xv_fdb_filter filter = {.kind = XV_FDB_PORT, .dst = port->id, .learned = true};

	detach(inst, port, device_exists);
	xv_fdb_flush(inst, &filter, NULL);
}

/* Renamed away: to us the old name is gone. */
static void check_renamed(struct xv_instance *inst, const struct xv_link *link)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, inst->ports, port, tmp)
		if (port->ifindex == link->ifindex && strcmp(port->key.dev, link->name)) {
			xv_log(LOG_NOTICE, "port %s: renamed to %s, let go", port->key.dev,
			       link->name);
			lose_device(inst, port, true);
			snprintf(port->status, sizeof(port->status), "renamed to %s", link->name);
		}
}

/* Devices that no tenant may have, whatever their name is when they appear. */
static int check_link(struct xv_instance *inst, const struct xv_link *link, struct xv_err *err)
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
	if (link->ifindex == inst->slow_ifindex)
		return xv_err_set(err, -EBUSY, "%s is the slow path device of this instance",
				  link->name);
	if (xv_uplink_find(inst, link->name))
		return xv_err_set(err, -EBUSY, "%s is an underlay device of this instance",
				  link->name);
	return 0;
}

/* The device is there: delivery first, then the way in. On failure the port is without it. */
static int attach(struct xv_instance *inst, struct xv_port *port, const struct xv_link *link,
		  struct xv_err *err)
{
	struct xv_port_key key = {.ifindex = link->ifindex, .vlan = port->key.vlan};
	struct xv_port_val val = {.port = port->id, .bd = port->net->bd}, now;
	int ret = check_link(inst, link, err);

	if (ret)
		return ret;
	/* A new name is known here before netlink tells of it. */
	if (!bpf_map_lookup_elem(inst->dp->fd.port, &key, &now) && now.port != port->id)
		check_renamed(inst, link);
	port->ifindex = link->ifindex;
	port->link = *link;
	set_status(port);
	ret = write_dev(inst, port);
	ret = ret ?: write_key(inst, &key, &val);
	if (ret)
		xv_err_set(err, ret, "cannot write port %s: %s", port->key.dev, strerror(-ret));
	ret = ret ?: xv_attach_tc(inst->dp, link, XV_PROG_ENCAP, err);
	if (ret) {
		detach(inst, port, true);
		return ret;
	}
	if (needs_promisc(link) && !(link->flags & IFF_PROMISC))
		xv_netlink_set_promisc(inst->nl, link->ifindex, true, NULL);
	xv_port_xdp_update(inst, port);
	return 0;
}

/* attach(), again and again until it works; meanwhile the status says why not. */
static int keep_attaching(struct xv_instance *inst, struct xv_port *port,
			  const struct xv_link *link, struct xv_err *err)
{
	char before[sizeof(port->status)];
	int ret;

	memcpy(before, port->status, sizeof(before));
	ret = attach(inst, port, link, err);
	port->retry = ret;
	if (!ret)
		return 0;
	snprintf(port->status, sizeof(port->status), "%.250s", err->text);
	if (strcmp(before, port->status))
		xv_log(LOG_ERR, "port %s: %s", port->key.dev, err->text);
	xv_peer_retry_later(inst);
	return ret;
}

static struct xv_port *new_port(struct xv_instance *inst, struct xv_network *net, const char *dev,
				uint32_t vlan, uint32_t id)
{
	struct xv_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	memcpy(port->key.dev, dev, strnlen(dev, sizeof(port->key.dev) - 1));
	port->key.vlan = vlan;
	port->id = id;
	port->net = net;
	inst->port_by_id[id] = port;
	HASH_ADD(hh, inst->ports, key, sizeof(port->key), port);
	return port;
}

static void free_port(struct xv_instance *inst, struct xv_port *port)
{
	HASH_DEL(inst->ports, port);
	inst->port_by_id[port->id] = NULL;
	free(port);
}

static int check_new(struct xv_instance *inst, const char *dev, uint32_t vlan, struct xv_err *err)
{
	struct xv_port *port = xv_port_find(inst, dev, vlan);
	char text[XV_PORT_STRLEN];

	if (strlen(dev) >= IFNAMSIZ || !dev[0])
		return xv_err_set(err, -EINVAL, "\"%s\" is not a device name", dev);
	if (port)
		return xv_err_set(err, -EBUSY,
				  "%s is in network \"%s\" already: delete it there "
				  "first (xvtep port del %s)",
				  xv_port_text(port, text), port->net->set.name, text);
	if (xv_uplink_find(inst, dev))
		return xv_err_set(err, -EBUSY, "%s is an underlay device of this instance", dev);
	return 0;
}

int xv_port_add(struct xv_instance *inst, struct xv_network *net, const struct xv_config_port *set,
		bool from_config, bool must_exist, struct xv_err *err)
{
	int ret = check_new(inst, set->dev, set->vlan, err);
	struct xv_port *port;
	struct xv_link link;
	int attached;
	uint32_t id;

	if (ret)
		return ret;
	ret = xv_netlink_get_link(inst->nl, set->dev, 0, &link, err);
	if (ret == -ENODEV && must_exist)
		return xv_err_set(err, ret,
				  "there is no device \"%s\" here; name it in the "
				  "configuration file to have it attached when it appears",
				  set->dev);
	if (ret && ret != -ENODEV)
		return ret;
	id = free_id(inst);
	if (!id)
		return xv_err_set(err, -ENOSPC, "there are %u ports already, which is the limit",
				  XV_MAX_PORTS - 1);
	port = new_port(inst, net, set->dev, set->vlan, id);
	if (!port)
		return xv_err_set(err, -ENOMEM, "out of memory");
	inst->last_port = id;
	port->from_config = from_config;
	port->xdp = set->xdp;
	port->by_hand = !from_config;
	xv_stats_clear_port(inst, id);
	write_dev(inst, port);
	snprintf(port->status, sizeof(port->status), "no such device yet");
	attached = ret ? 0 : keep_attaching(inst, port, &link, err);
	ret = must_exist ? attached : 0;
	ret = ret ?: xv_flood_add_port(inst, net, id, err);
	if (ret) {
		detach(inst, port, true);
		free_port(inst, port);
	}
	return ret ?: attached;
}

/* The device or the setting is changed; what is written of them follows. */
static int look_again(struct xv_instance *inst, struct xv_port *port)
{
	if (port->ifindex) {
		set_status(port);
		xv_port_xdp_update(inst, port);
	}
	return write_dev(inst, port);
}

int xv_port_take_over(struct xv_instance *inst, struct xv_port *port,
		      const struct xv_config_port *set)
{
	port->from_config = true;
	port->xdp = set->xdp;
	return look_again(inst, port);
}

int xv_port_drop(struct xv_instance *inst, struct xv_port *port, struct xv_err *err)
{
	if (!port->by_hand)
		return xv_port_del(inst, port, err);
	port->from_config = false;
	return write_dev(inst, port);
}

int xv_port_del(struct xv_instance *inst, struct xv_port *port, struct xv_err *err)
{
	struct xv_port_dev_val none = {};
	int ret;

	xv_batch_begin(inst);
	ret = xv_flood_del_port(inst, port->net, port->id, err);
	detach(inst, port, true);
	bpf_map_update_elem(inst->dp->fd.port_dev, &port->id, &none, BPF_ANY);
	inst->batch->port[port->id] = true;
	inst->batch->entries = true;
	free_port(inst, port);
	return xv_batch_commit(inst, err) ?: ret;
}

/* One adopted entry of xv_port; a device that is gone or was renamed is forgotten. */
static int adopt_one(struct xv_instance *inst, const struct xv_port_key *key,
		     const struct xv_port_val *val, struct xv_err *err)
{
	struct xv_network *net = val->bd < XV_MAX_NETWORKS ? inst->by_bd[val->bd] : NULL;
	struct xv_port_dev_val dev;
	struct xv_port *port;
	struct xv_link link;

	if (!net || !val->port || val->port >= XV_MAX_PORTS || inst->port_by_id[val->port] ||
	    bpf_map_lookup_elem(inst->dp->fd.port_dev, &val->port, &dev) ||
	    dev.ifindex != key->ifindex ||
	    xv_netlink_get_link(inst->nl, NULL, key->ifindex, &link, NULL)) {
		write_key(inst, key, NULL);
		return 0;
	}
	if (check_link(inst, &link, NULL)) {
		if (!xv_uplink_find(inst, link.name)) /* has its own program by now */
			xv_detach_tc(inst->dp->pin_dir, key->ifindex);
		write_key(inst, key, NULL);
		return 0;
	}
	port = new_port(inst, net, link.name, key->vlan, val->port);
	if (!port)
		return xv_err_set(err, -ENOMEM, "out of memory");
	port->from_config = dev.flags & XV_PORT_CONFIG;
	port->xdp = xv_port_xdp_mode(dev.flags);
	port->by_hand = !port->from_config || dev.flags & XV_PORT_HAND;
	inst->last_port = port->id > inst->last_port ? port->id : inst->last_port;
	keep_attaching(inst, port, &link, err);
	return 0;
}

int xv_port_adopt(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_port_key *keys = calloc(XV_MAX_PORTS, sizeof(*keys)), *prev = NULL;
	struct xv_port_val val;
	uint32_t n = 0, i;
	int fd = inst->dp->fd.port, ret = 0;

	if (!keys)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (n < XV_MAX_PORTS && !bpf_map_get_next_key(fd, prev, &keys[n]))
		prev = &keys[n++];
	for (i = 0; !ret && i < n; i++)
		if (!bpf_map_lookup_elem(fd, &keys[i], &val))
			ret = adopt_one(inst, &keys[i], &val, err);
	free(keys);
	return ret;
}

void xv_port_rewrite_all(struct xv_instance *inst)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, inst->ports, port, tmp)
		if (port->ifindex)
			write_dev(inst, port);
}

void xv_port_free_all(struct xv_instance *inst)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, inst->ports, port, tmp)
		free_port(inst, port);
}

void xv_port_link(struct xv_instance *inst, const struct xv_link *link)
{
	struct xv_err err = {.text = ""};
	struct xv_port *port, *tmp;

	check_renamed(inst, link);
	HASH_ITER (hh, inst->ports, port, tmp) {
		if (strcmp(port->key.dev, link->name))
			continue;
		if (port->ifindex == link->ifindex) {
			port->link = *link;
			look_again(inst, port);
			continue;
		}
		if (port->ifindex)
			lose_device(inst, port, false);
		if (!keep_attaching(inst, port, link, &err))
			xv_log(LOG_NOTICE, "port %s: attached", port->key.dev);
	}
}

void xv_port_retry(struct xv_instance *inst)
{
	struct xv_port *port, *tmp;
	struct xv_link link;
	int ret;

	HASH_ITER (hh, inst->ports, port, tmp) {
		if (!port->retry)
			continue;
		ret = xv_netlink_get_link(inst->nl, port->key.dev, 0, &link, NULL);
		port->retry = ret != -ENODEV; /* netlink tells when it comes back */
		if (!ret)
			xv_port_link(inst, &link);
		else if (port->retry)
			xv_peer_retry_later(inst);
		else
			snprintf(port->status, sizeof(port->status), "no such device");
	}
}

void xv_port_link_gone(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, inst->ports, port, tmp) {
		if (port->ifindex != ifindex)
			continue;
		xv_log(LOG_NOTICE, "port %s: device is gone", port->key.dev);
		lose_device(inst, port, false);
		snprintf(port->status, sizeof(port->status),
			 "device is gone; attached again when it comes back");
	}
}

void xv_port_features(struct xv_instance *inst, uint32_t ifindex, uint64_t features)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, inst->ports, port, tmp) {
		if (port->ifindex != ifindex)
			continue;
		port->link.xdp_features = features;
		look_again(inst, port);
	}
}
