/* SPDX-License-Identifier: GPL-2.0-only */
/* Underlay devices: see uplink.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "attach.h"
#include "group.h"
#include "log.h"
#include "nic.h"
#include "peer.h"
#include "port.h"
#include "uplink.h"

const char *xv_uplink_mode(const struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return "waiting";
	if (uplink->flags & XV_UPLINK_XDP)
		return "xdp-native";
	return uplink->flags & XV_UPLINK_GENERIC ? "xdp-generic" : "tc";
}

const char *xv_uplink_tcp(const struct xv_instance *inst, const struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return "waiting";
	if (!(uplink->flags & XV_UPLINK_XDP))
		return "tc";
	return inst->config->delivery == XV_DELIVERY_REDIRECT ? "redirect" : "tc";
}

struct xv_uplink *xv_uplink_find(struct xv_instance *inst, const char *dev)
{
	size_t i;

	for (i = 0; i < inst->n_uplinks; i++)
		if (!strcmp(inst->uplinks[i].dev, dev))
			return &inst->uplinks[i];
	return NULL;
}

static struct xv_uplink *find_index(const struct xv_instance *inst, uint32_t ifindex)
{
	size_t i;

	for (i = 0; ifindex && i < inst->n_uplinks; i++)
		if (inst->uplinks[i].ifindex == ifindex)
			return &inst->uplinks[i];
	return NULL;
}

uint32_t xv_uplink_tx_slot(const struct xv_instance *inst, uint32_t ifindex)
{
	const struct xv_uplink *uplink = find_index(inst, ifindex);

	return uplink ? XV_MAX_PORTS + uplink->slot : 0;
}

/*
 * XDP first or TC: auto takes native XDP but on veth, which copies every frame for it and takes TSO
 * from its peer. *must: the configuration asked for this very mode.
 */
static bool wants_xdp(const struct xv_config *config, const struct xv_link *link, bool *must)
{
	*must = config->xdp == XV_XDP_NATIVE || config->xdp == XV_XDP_GENERIC;
	if (*must)
		return true;
	return config->xdp == XV_XDP_AUTO && strcmp(link->kind, "veth");
}

static int check_link(struct xv_instance *inst, const struct xv_link *link, struct xv_err *err)
{
	const struct xv_port *port;

	if (link->flags & IFF_LOOPBACK)
		return xv_err_set(err, -EINVAL, "%s is the loopback device", link->name);
	for (port = inst->ports; port; port = port->hh.next)
		if (port->ifindex == link->ifindex)
			return xv_err_set(err, -EBUSY,
					  "underlay device %s is a port of network \"%s\": take it "
					  "out there first",
					  link->name, port->net->set.name);
	return 0;
}

/*
 * TC is there before XDP, which leaves to it what it does not redirect, and goes after it. strict:
 * an explicit XDP mode that the device refuses is an error; else it works at TC.
 */
static int attach(struct xv_instance *inst, const struct xv_config *config,
		  struct xv_uplink *uplink, const struct xv_link *link, bool strict,
		  struct xv_err *err)
{
	bool generic = config->xdp == XV_XDP_GENERIC, must, xdp = wants_xdp(config, link, &must);
	struct xv_uplink_val val = {.flags = XV_UPLINK_TC_DECAP,
				    .tx_slot = XV_MAX_PORTS + uplink->slot};
	struct xv_err why = {.text = ""};
	int ret = check_link(inst, link, err);

	if (ret)
		return ret;
	uplink->note[0] = '\0';
	if (!xdp)
		xv_detach_xdp(inst->dp->pin_dir, link->ifindex);
	ret = xv_attach_tc(inst->dp, link, XV_PROG_DECAP_TC, err);
	if (ret)
		return ret;
	if (xdp)
		ret = xv_attach_xdp(inst->dp, inst->nl, link,
				    generic ? XV_PROG_DECAP_SKB : XV_PROG_DECAP, &why);
	if (ret && must && strict)
		return xv_err_set(err, ret, "%s", why.text);
	if (ret)
		snprintf(uplink->note, sizeof(uplink->note), "%.240s; at TC", why.text);
	else if (xdp)
		val.flags |= generic ? XV_UPLINK_GENERIC : XV_UPLINK_XDP;
	bpf_map_update_elem(inst->dp->fd.uplink, &link->ifindex, &val, BPF_ANY);
	bpf_map_update_elem(inst->dp->fd.tx, &val.tx_slot, &link->ifindex, BPF_ANY);
	uplink->ifindex = link->ifindex;
	uplink->flags = val.flags;
	uplink->link = *link;
	return 0;
}

static void forget(struct xv_instance *inst, struct xv_uplink *uplink)
{
	uint32_t slot = XV_MAX_PORTS + uplink->slot, ifindex = 0;

	xv_group_uplink_gone(inst, uplink->ifindex);
	bpf_map_delete_elem(inst->dp->fd.uplink, &uplink->ifindex);
	/* The slot may be another device's by now, or still, that takes its place in the list. */
	bpf_map_lookup_elem(inst->dp->fd.tx, &slot, &ifindex);
	if (ifindex == uplink->ifindex)
		bpf_map_delete_elem(inst->dp->fd.tx, &slot);
	uplink->ifindex = 0;
	uplink->flags = 0;
}

static void detach(struct xv_instance *inst, struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return;
	xv_detach_xdp(inst->dp->pin_dir, uplink->ifindex);
	xv_datapath_synchronize();
	xv_detach_tc(inst->dp->pin_dir, uplink->ifindex);
	forget(inst, uplink);
}

/* What there is to say of the device as it is now. True if that is not what was said last. */
static bool set_status(const struct xv_config *config, struct xv_uplink *uplink)
{
	bool v6 = !xv_ip_is_zero(&config->address6);
	char text[sizeof(uplink->status)];

	if (uplink->ifindex && !(uplink->link.flags & IFF_UP))
		snprintf(text, sizeof(text), "device is down");
	else if (uplink->note[0] || !uplink->ifindex)
		snprintf(text, sizeof(text), "%s", uplink->note);
	else
		xv_nic_check(&uplink->link, v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN,
			     !v6 && config->df == XV_DF_UNSET, text, sizeof(text));
	if (!strcmp(uplink->status, text))
		return false;
	memcpy(uplink->status, text, sizeof(text));
	return true;
}

/* What cannot be joined is added to the note. */
static void join_groups(struct xv_instance *inst, struct xv_uplink *uplink)
{
	size_t len = strlen(uplink->note);
	struct xv_err err;

	if (xv_group_uplink(inst, uplink->ifindex, &err))
		snprintf(uplink->note + len, sizeof(uplink->note) - len, "%s%.200s",
			 len ? "; " : "", err.text);
}

static void log_status(const struct xv_uplink *uplink)
{
	if (uplink->status[0])
		xv_log(LOG_WARNING, "underlay %s: %s", uplink->dev, uplink->status);
	else
		xv_log(LOG_NOTICE, "underlay %s: as it should be again", uplink->dev);
}

static bool has_slot(const struct xv_uplink *uplinks, size_t n, uint32_t slot)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (uplinks[i].dev[0] && uplinks[i].slot == slot)
			return true;
	return false;
}

/*
 * Not one of the devices that are attached now: adjacencies name their slots until the new list
 * holds, which it may not. Only where all are taken is it one of a device that goes.
 */
static uint32_t free_slot(const struct xv_instance *inst, const struct xv_uplink *list, size_t n)
{
	uint32_t slot, going = 0;

	for (slot = 0; slot < XV_MAX_UPLINKS; slot++) {
		if (has_slot(list, n, slot))
			continue;
		if (!has_slot(inst->uplinks, inst->n_uplinks, slot))
			return slot;
		going = slot;
	}
	return going;
}

/* The new list: devices that stay keep their slot and state. */
static struct xv_uplink *make_list(struct xv_instance *inst, const struct xv_config *config)
{
	struct xv_uplink *list = calloc(config->n_devices ?: 1, sizeof(*list)), *old;
	size_t i;

	for (i = 0; list && i < config->n_devices; i++) {
		old = xv_uplink_find(inst, config->devices[i]);
		if (old)
			list[i] = *old;
	}
	for (i = 0; list && i < config->n_devices; i++) {
		if (list[i].dev[0])
			continue;
		list[i].slot = free_slot(inst, list, config->n_devices);
		memcpy(list[i].dev, config->devices[i], sizeof(list[i].dev));
	}
	return list;
}

static bool listed(const struct xv_config *config, const char *dev)
{
	size_t i;

	for (i = 0; i < config->n_devices; i++)
		if (!strcmp(config->devices[i], dev))
			return true;
	return false;
}

/*
 * Attaches what is there. On failure devices that were attached before are so again as they were,
 * the others let go; at a start, where none of them is ours yet, that is the caller's.
 */
static int attach_list(struct xv_instance *inst, const struct xv_config *config,
		       struct xv_uplink *list, struct xv_err *err)
{
	struct xv_link link;
	size_t i, k;
	int ret = 0;

	for (i = 0; i < config->n_devices; i++)
		if (!xv_netlink_get_link(inst->nl, list[i].dev, 0, &link, NULL) &&
		    (ret = check_link(inst, &link, err)))
			return ret;
	for (i = 0; !ret && i < config->n_devices; i++) {
		ret = xv_netlink_get_link(inst->nl, list[i].dev, 0, &link, err);
		if (ret == -ENODEV || ret == -EEXIST) {
			snprintf(list[i].note, sizeof(list[i].note), "%.250s",
				 ret == -EEXIST ? err->text
						: "no such device yet; attached when it appears");
			ret = 0;
			continue;
		}
		ret = ret ?: attach(inst, config, &list[i], &link, true, err);
		if (ret)
			break;
	}
	for (k = 0; ret && inst->uplinks && k <= i && k < config->n_devices; k++) {
		struct xv_uplink *old = xv_uplink_find(inst, list[k].dev);

		if (old && old->ifindex) {
			if (!xv_netlink_get_link(inst->nl, old->dev, 0, &link, NULL))
				attach(inst, inst->config, old, &link, false, NULL);
			continue;
		}
		if (!list[k].ifindex && !xv_netlink_get_link(inst->nl, list[k].dev, 0, &link, NULL))
			list[k].ifindex = link.ifindex;
		detach(inst, &list[k]);
	}
	return ret;
}

int xv_uplink_apply(struct xv_instance *inst, const struct xv_config *config, struct xv_err *err)
{
	struct xv_uplink *list = make_list(inst, config), *old = inst->uplinks;
	size_t i, n_old = inst->n_uplinks;
	int ret;

	if (!list)
		return xv_err_set(err, -ENOMEM, "out of memory");
	ret = attach_list(inst, config, list, err);
	if (ret) {
		free(list);
		return ret;
	}
	inst->uplinks = list;
	inst->n_uplinks = config->n_devices;
	for (i = 0; i < n_old; i++)
		if (!listed(config, old[i].dev))
			detach(inst, &old[i]);
	for (i = 0; i < inst->n_uplinks; i++) {
		if (inst->uplinks[i].ifindex)
			join_groups(inst, &inst->uplinks[i]);
		if (set_status(config, &inst->uplinks[i]))
			log_status(&inst->uplinks[i]);
	}
	free(old);
	return 0;
}

void xv_uplink_link(struct xv_instance *inst, const struct xv_link *link)
{
	struct xv_uplink *uplink = find_index(inst, link->ifindex);
	struct xv_err err = {.text = ""};

	if (uplink && strcmp(uplink->dev, link->name)) {
		detach(inst, uplink);
		snprintf(uplink->note, sizeof(uplink->note),
			 "renamed to %s; attached when there is a %s again", link->name,
			 uplink->dev);
		if (set_status(inst->config, uplink))
			log_status(uplink);
		xv_peer_refresh_soon(inst);
	}
	uplink = xv_uplink_find(inst, link->name);
	if (!uplink)
		return;
	if (uplink->ifindex && uplink->ifindex != link->ifindex)
		forget(inst, uplink);
	if (!uplink->ifindex) {
		if (attach(inst, inst->config, uplink, link, false, &err)) {
			snprintf(uplink->note, sizeof(uplink->note), "%.255s", err.text);
			if (set_status(inst->config, uplink))
				log_status(uplink);
			return;
		}
		join_groups(inst, uplink);
		xv_port_rewrite_all(inst);
		set_status(inst->config, uplink);
		xv_log(LOG_NOTICE, "underlay %s: attached (%s) %s", uplink->dev,
		       xv_uplink_mode(uplink), uplink->status);
	}
	if (memcmp(&uplink->link, link, sizeof(*link))) {
		uplink->link = *link;
		if (set_status(inst->config, uplink))
			log_status(uplink);
		xv_peer_refresh_soon(inst);
	}
}

void xv_uplink_link_gone(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_uplink *uplink = find_index(inst, ifindex);

	if (!uplink)
		return;
	detach(inst, uplink);
	snprintf(uplink->note, sizeof(uplink->note),
		 "device is gone; attached again when it comes back");
	if (set_status(inst->config, uplink))
		log_status(uplink);
	xv_peer_refresh_soon(inst);
}

/* Whether it takes XDP frames, which adjacencies say. */
void xv_uplink_features(struct xv_instance *inst, uint32_t ifindex, uint64_t features)
{
	struct xv_uplink *uplink = find_index(inst, ifindex);

	if (!uplink || uplink->link.xdp_features == features)
		return;
	uplink->link.xdp_features = features;
	xv_peer_refresh_soon(inst);
}
