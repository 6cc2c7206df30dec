/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices between the underlay devices and the host: see receiver.h. */
#include <stdio.h>
#include <string.h>

#include "kernel/filters.h"
#include "model/receiver.h"
#include "model/uplink.h"

static bool is_one_of(const char *kind, const char *const *kinds)
{
	for (; *kinds; kinds++)
		if (!strcmp(kind, *kinds))
			return true;
	return false;
}

/* Whether frames that come in by its members are received by the device itself. */
static bool is_master(const struct xv_link *link)
{
	static const char *const kinds[] = {"bridge", "bond", "team", NULL};

	return is_one_of(link->kind, kinds);
}

/* Whether the device receives frames of the device below it, link->end. */
static bool is_over(const struct xv_link *link)
{
	static const char *const kinds[] = {"vlan", "macvlan", "ipvlan", NULL};

	return is_one_of(link->kind, kinds) && link->end_netns == -1;
}

bool xv_receiver_is(const struct xv_model *model, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < model->n_receivers; i++)
		if (model->receivers[i].ifindex == ifindex)
			return true;
	return false;
}

static bool get(struct xv_model *model, uint32_t ifindex, struct xv_link *link)
{
	return ifindex && !xv_netlink_get_link(model->nl, NULL, ifindex, link, NULL);
}

static void add(struct xv_model *model, const struct xv_link *link)
{
	struct xv_receiver *receiver = &model->receivers[model->n_receivers];

	if (model->n_receivers == XV_MAX_RECEIVERS || xv_receiver_is(model, link->ifindex) ||
	    xv_uplink_by_index(model, link->ifindex))
		return;
	receiver->ifindex = link->ifindex;
	memcpy(receiver->dev, link->name, sizeof(receiver->dev));
	receiver->mark = xv_filters_mark(link->ifindex);
	model->n_receivers++;
}

/* Adds the bridge or bond that a device is a member of, and what that is a member of. */
static void add_masters(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link link;
	int deep;

	for (deep = 0; deep < XV_MAX_RECEIVERS && get(model, ifindex, &link); deep++) {
		if (!is_master(&link))
			return;
		model->bridged |= !strcmp(link.kind, "bridge");
		add(model, &link);
		ifindex = link.master;
	}
}

/*
 * Adds the device that has a VTEP address, and those below it, down to an underlay device or a
 * bridge or bond. Another device, as lo, receives no outer frames.
 */
static void add_address(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link way[XV_MAX_RECEIVERS];
	size_t n = 0, i;

	while (n < XV_MAX_RECEIVERS && !xv_uplink_by_index(model, ifindex)) {
		if (!get(model, ifindex, &way[n]) || !(is_master(&way[n]) || is_over(&way[n])))
			return;
		ifindex = way[n].end;
		if (is_master(&way[n++]))
			break;
	}
	for (i = 0; i < n; i++) {
		model->bridged |= !strcmp(way[i].kind, "bridge");
		add(model, &way[i]);
	}
}

static void name_filters(struct xv_model *model, const struct xv_receiver *receiver)
{
	size_t len = strlen(model->receiver_filters);
	struct xv_link link = {.ifindex = receiver->ifindex};
	struct xv_filters filters;

	memcpy(link.name, receiver->dev, sizeof(link.name));
	xv_filters_look(model->dp->pin_dir, &link, true, &filters);
	if (filters.tc)
		snprintf(model->receiver_filters + len, sizeof(model->receiver_filters) - len,
			 "%s%.80s at %s", len ? ", " : "", filters.seen, receiver->dev);
}

void xv_receiver_look(struct xv_model *model)
{
	size_t i;

	model->n_receivers = 0;
	model->bridged = false;
	for (i = 0; i < model->n_uplinks; i++) {
		const struct xv_uplink *uplink = &model->uplinks[i];

		if (!uplink->ifindex)
			continue;
		model->bridged |= !strcmp(uplink->link.kind, "bridge");
		add_masters(model, uplink->link.master);
	}
	for (i = 0; i < sizeof(model->local_dev) / sizeof(model->local_dev[0]); i++)
		if (model->local_dev[i])
			add_address(model, model->local_dev[i]);
	model->receiver_filters[0] = '\0';
	for (i = 0; i < model->n_receivers; i++)
		name_filters(model, &model->receivers[i]);
}

bool xv_receiver_has_changed(const struct xv_model *model)
{
	size_t i;

	for (i = 0; i < model->n_receivers; i++)
		if (xv_filters_mark(model->receivers[i].ifindex) != model->receivers[i].mark)
			return true;
	return false;
}
