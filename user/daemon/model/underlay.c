/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches underlay devices: see underlay.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "kernel/attach.h"
#include "kernel/filters.h"
#include "kernel/nic.h"
#include "kernel/rcu.h"
#include "log.h"
#include "model/group.h"
#include "model/port.h"
#include "model/slow.h"
#include "model/underlay.h"

bool xv_underlay_wants_xdp(const struct xv_config *config, const struct xv_uplink *uplink,
			   const struct xv_link *link, bool *must)
{
	*must = false;
	if (uplink->behind)
		return false;
	*must = config->xdp == XV_XDP_NATIVE || config->xdp == XV_XDP_GENERIC;
	if (*must)
		return true;
	return config->xdp == XV_XDP_AUTO && strcmp(link->kind, "veth");
}

int xv_underlay_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err)
{
	const struct xv_port *port;
	int ret = xv_slow_check_other(model, link, err);

	if (ret)
		return ret;
	if (link->flags & IFF_LOOPBACK)
		return xv_err_set(err, -EINVAL, "%s is the loopback device", link->name);
	if (xv_slow_is(link))
		return xv_err_set(err, -EINVAL,
				  "%s is a vxlan device in external mode, as an instance's slow "
				  "path: tunnels come out of it, none goes over it",
				  link->name);
	port = xv_port_at(model, link->ifindex);
	if (port)
		return xv_err_set(err, -EBUSY,
				  "underlay device %s is a port of network \"%s\": take it "
				  "out there first",
				  link->name, port->net->set.name);
	return 0;
}

void xv_underlay_look_at_filters(const struct xv_model *model, const struct xv_config *config,
				 struct xv_uplink *uplink, const struct xv_link *link)
{
	size_t size = sizeof(uplink->filters), len = 0;
	char egress[XV_FILTERS_LEN];
	struct xv_filters ingress;

	xv_filters_look(model->dp->pin_dir, link, true, &ingress);
	uplink->behind = ingress.tc && !config->filters_ignore;
	uplink->watched = xv_filters_look_egress(link, true, egress) && !config->filters_ignore;
	uplink->filters[0] = '\0';
	if (uplink->behind)
		len = snprintf(uplink->filters, size, "at TC, behind what others have there: %.96s",
			       ingress.seen);
	else if (ingress.tc)
		len = snprintf(uplink->filters, size, "filters: ignore, not seeing frames: %.96s",
			       ingress.seen);
	else if (ingress.instances[0])
		len = snprintf(uplink->filters, size, "an underlay device of instance %s too",
			       ingress.instances);
	if (uplink->watched)
		snprintf(uplink->filters + len, size - len, "%sXDP does not send by it, past %.80s",
			 len ? "; " : "", egress);
}

int xv_underlay_attach(struct xv_model *model, const struct xv_config *config,
		       struct xv_uplink *uplink, const struct xv_link *link, bool strict,
		       struct xv_err *err)
{
	bool generic = config->xdp == XV_XDP_GENERIC, must, xdp;
	struct xv_uplink_val val = {.flags = XV_UPLINK_TC_DECAP,
				    .tx_slot = XV_MAX_PORTS + uplink->slot};
	struct xv_err why = {.text = ""};
	int ret = xv_underlay_check(model, link, err);

	if (ret)
		return ret;
	uplink->note[0] = '\0';
	xv_underlay_look_at_filters(model, config, uplink, link);
	xdp = xv_underlay_wants_xdp(config, uplink, link, &must);
	if (!xdp)
		xv_detach_xdp(model->dp->pin_dir, link->ifindex);
	ret = xv_datapath_attach_tc(model->dp, link, XV_PROG_DECAP_TC, uplink->behind, err);
	if (ret)
		return ret;
	if (xdp)
		ret = xv_datapath_attach_xdp(model->dp, model->nl, link,
					     generic ? XV_PROG_DECAP_SKB : XV_PROG_DECAP, &why);
	if (ret && must && strict)
		return xv_err_set(err, ret, "%s", why.text);
	if (ret)
		snprintf(uplink->note, sizeof(uplink->note), "%.240s; at TC", why.text);
	else if (xdp)
		val.flags |= generic ? XV_UPLINK_GENERIC : XV_UPLINK_XDP;
	bpf_map_update_elem(model->dp->fd.uplink, &link->ifindex, &val, BPF_ANY);
	bpf_map_update_elem(model->dp->fd.tx, &val.tx_slot, &link->ifindex, BPF_ANY);
	uplink->ifindex = link->ifindex;
	uplink->flags = val.flags;
	uplink->link = *link;
	return 0;
}

void xv_underlay_attach_again(struct xv_model *model, const struct xv_uplink *uplink,
			      const struct xv_link *link)
{
	struct xv_uplink_val val = {.flags = uplink->flags, .tx_slot = XV_MAX_PORTS + uplink->slot};
	struct xv_err ignored;

	xv_datapath_attach_tc(model->dp, link, XV_PROG_DECAP_TC, uplink->behind, &ignored);
	if (val.flags & XV_UPLINK_XDP)
		xv_datapath_attach_xdp(model->dp, model->nl, link, XV_PROG_DECAP, &ignored);
	else if (val.flags & XV_UPLINK_GENERIC)
		xv_datapath_attach_xdp(model->dp, model->nl, link, XV_PROG_DECAP_SKB, &ignored);
	else
		xv_detach_xdp(model->dp->pin_dir, link->ifindex);
	bpf_map_update_elem(model->dp->fd.uplink, &link->ifindex, &val, BPF_ANY);
}

void xv_underlay_forget(struct xv_model *model, struct xv_uplink *uplink)
{
	uint32_t slot = XV_MAX_PORTS + uplink->slot, ifindex = 0;

	xv_group_uplink_gone(model, uplink->ifindex);
	bpf_map_delete_elem(model->dp->fd.uplink, &uplink->ifindex);
	/* Another device of the list may have the slot by now. */
	bpf_map_lookup_elem(model->dp->fd.tx, &slot, &ifindex);
	if (ifindex == uplink->ifindex)
		bpf_map_delete_elem(model->dp->fd.tx, &slot);
	uplink->ifindex = 0;
	uplink->flags = 0;
}

void xv_underlay_detach(struct xv_model *model, struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return;
	xv_detach_xdp(model->dp->pin_dir, uplink->ifindex);
	xv_rcu_synchronize();
	xv_detach_tc(model->dp->pin_dir, uplink->ifindex);
	xv_underlay_forget(model, uplink);
}

/* Sets the status of the device. True if it has changed. */
static bool set_status(const struct xv_config *config, struct xv_uplink *uplink)
{
	bool v6 = !xv_ip_is_zero(&config->address6);
	char text[sizeof(uplink->status)];

	if (uplink->ifindex && !(uplink->link.flags & IFF_UP))
		snprintf(text, sizeof(text), "device is down");
	else if (uplink->ifindex && !(uplink->link.flags & XV_IFF_LOWER_UP))
		snprintf(text, sizeof(text), "no carrier");
	else if (uplink->note[0] || !uplink->ifindex)
		snprintf(text, sizeof(text), "%s", uplink->note);
	else if (uplink->filters[0] && uplink->above[0])
		snprintf(text, sizeof(text), "%.120s; %.120s", uplink->filters, uplink->above);
	else if (uplink->filters[0] || uplink->above[0])
		snprintf(text, sizeof(text), "%s",
			 uplink->filters[0] ? uplink->filters : uplink->above);
	else
		xv_nic_check(&uplink->link, !v6, v6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN,
			     !v6 && config->df == XV_DF_UNSET, text, sizeof(text));
	if (!text[0])
		snprintf(text, sizeof(text), "%s", uplink->groups);
	if (!strcmp(uplink->status, text))
		return false;
	memcpy(uplink->status, text, sizeof(text));
	return true;
}

void xv_underlay_join_groups(struct xv_model *model, struct xv_uplink *uplink)
{
	xv_group_refresh(model);
	snprintf(uplink->groups, sizeof(uplink->groups), "%s",
		 xv_group_trouble(model, uplink->ifindex));
}

void xv_underlay_tell(const struct xv_config *config, struct xv_uplink *uplink)
{
	uplink->untold = false;
	if (!set_status(config, uplink))
		return;
	if (uplink->status[0])
		xv_log(LOG_WARNING, "underlay %s: %s", uplink->dev, uplink->status);
	else
		xv_log(LOG_NOTICE, "underlay %s: as it should be again", uplink->dev);
}

/*
 * Looks at the filters of others at the device, and attaches the programs anew if their place has
 * to change.
 */
static void look_again(struct xv_model *model, struct xv_uplink *uplink, const struct xv_link *link)
{
	struct xv_uplink before = *uplink;
	struct xv_err err = {.text = ""};

	xv_underlay_look_at_filters(model, model->config, uplink, link);
	if (before.behind != uplink->behind) {
		if (xv_underlay_attach(model, model->config, uplink, link, false, &err))
			xv_log(LOG_ERR, "underlay %s: %s", uplink->dev, err.text);
		xv_underlay_join_groups(model, uplink);
		xv_port_write_all(model);
	}
	if (before.behind == uplink->behind && before.watched == uplink->watched &&
	    !strcmp(before.filters, uplink->filters))
		return;
	xv_underlay_tell(model->config, uplink);
	xv_signal_send(&model->signals.refresh);
}

void xv_underlay_look_all(struct xv_model *model)
{
	size_t i;

	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex)
			look_again(model, &model->uplinks[i], &model->uplinks[i].link);
}

void xv_underlay_second(struct xv_model *model)
{
	uint32_t mark;
	size_t i;

	for (i = 0; i < model->n_uplinks; i++) {
		struct xv_uplink *uplink = &model->uplinks[i];

		if (uplink->untold)
			xv_underlay_tell(model->config, uplink);
		if (!uplink->ifindex)
			continue;
		mark = xv_filters_mark(uplink->ifindex);
		if (uplink->filters_mark != mark)
			look_again(model, uplink, &uplink->link);
		uplink->filters_mark = mark;
	}
}

void xv_underlay_groups(struct xv_model *model)
{
	size_t i;

	for (i = 0; i < model->n_uplinks; i++) {
		xv_underlay_join_groups(model, &model->uplinks[i]);
		xv_underlay_tell(model->config, &model->uplinks[i]);
	}
}

void xv_underlay_link(struct xv_model *model, const struct xv_link *link)
{
	struct xv_uplink *uplink = xv_uplink_by_index(model, link->ifindex);
	struct xv_err err = {.text = ""};

	if (uplink && strcmp(uplink->dev, link->name)) {
		xv_underlay_detach(model, uplink);
		snprintf(uplink->note, sizeof(uplink->note),
			 "renamed to %s; attached when there is a %s again", link->name,
			 uplink->dev);
		xv_underlay_tell(model->config, uplink);
		xv_signal_send(&model->signals.refresh);
	}
	uplink = xv_uplink_find(model, link->name);
	if (!uplink)
		return;
	if (uplink->ifindex && uplink->ifindex != link->ifindex)
		xv_underlay_forget(model, uplink);
	if (!uplink->ifindex) {
		if (xv_underlay_attach(model, model->config, uplink, link, false, &err)) {
			snprintf(uplink->note, sizeof(uplink->note), "%.255s", err.text);
			xv_underlay_tell(model->config, uplink);
			return;
		}
		xv_underlay_join_groups(model, uplink);
		xv_port_write_all(model);
		set_status(model->config, uplink);
		xv_log(LOG_NOTICE, "underlay %s: attached (%s) %s", uplink->dev,
		       xv_uplink_mode(uplink), uplink->status);
	}
	look_again(model, uplink, link);
	if (memcmp(&uplink->link, link, sizeof(*link))) {
		uplink->link = *link;
		xv_underlay_tell(model->config, uplink);
		xv_signal_send(&model->signals.refresh);
	}
}

void xv_underlay_link_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_uplink *uplink = xv_uplink_by_index(model, ifindex);

	if (!uplink)
		return;
	xv_underlay_detach(model, uplink);
	snprintf(uplink->note, sizeof(uplink->note),
		 "device is gone; attached again when it comes back");
	xv_underlay_tell(model->config, uplink);
	xv_signal_send(&model->signals.refresh);
}

/* The device's XDP features have changed; adjacencies depend on them. */
void xv_underlay_features(struct xv_model *model, uint32_t ifindex, uint64_t features)
{
	struct xv_uplink *uplink = xv_uplink_by_index(model, ifindex);

	if (!uplink || uplink->link.xdp_features == features)
		return;
	uplink->link.xdp_features = features;
	xv_signal_send(&model->signals.refresh);
}

bool xv_underlay_mend(struct xv_model *model, struct xv_uplink *uplink)
{
	struct xv_err err = {.text = ""};
	struct xv_link link;

	if (!uplink->ifindex || !(uplink->flags & (XV_UPLINK_XDP | XV_UPLINK_GENERIC)) ||
	    xv_attach_has_xdp(model->dp->pin_dir, uplink->ifindex) ||
	    xv_netlink_get_link(model->nl, NULL, uplink->ifindex, &link, NULL))
		return false;
	if (xv_underlay_attach(model, model->config, uplink, &link, false, &err))
		snprintf(uplink->note, sizeof(uplink->note), "%.255s", err.text);
	xv_log(LOG_WARNING, "%s: its XDP program was taken away; attached again (%s)", uplink->dev,
	       xv_uplink_mode(uplink));
	xv_underlay_join_groups(model, uplink);
	xv_underlay_tell(model->config, uplink);
	xv_port_write_all(model);
	xv_signal_send(&model->signals.refresh);
	return true;
}
