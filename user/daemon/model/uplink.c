/* SPDX-License-Identifier: GPL-2.0-only */
/* Uplinks: see uplink.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attach.h"
#include "model/uplink.h"

const char *xv_uplink_mode(const struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return "waiting";
	if (uplink->flags & XV_UPLINK_XDP)
		return "xdp-native";
	return uplink->flags & XV_UPLINK_GENERIC ? "xdp-generic" : "tc";
}

const char *xv_uplink_why(const struct xv_model *model, const struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return "no-device";
	if (uplink->flags & (XV_UPLINK_XDP | XV_UPLINK_GENERIC))
		return model->config->xdp == XV_XDP_AUTO ? "auto" : "set";
	if (model->config->xdp == XV_XDP_OFF)
		return "off";
	if (model->config->xdp == XV_XDP_AUTO && !strcmp(uplink->link.kind, "veth"))
		return "veth";
	return uplink->behind ? "filters" : "refused";
}

const char *xv_uplink_tcp(const struct xv_model *model, const struct xv_uplink *uplink)
{
	if (!uplink->ifindex)
		return "waiting";
	if (!(uplink->flags & XV_UPLINK_XDP))
		return "tc";
	return model->config->delivery == XV_DELIVERY_REDIRECT ? "redirect" : "tc";
}

struct xv_uplink *xv_uplink_find(struct xv_model *model, const char *dev)
{
	size_t i;

	for (i = 0; i < model->n_uplinks; i++)
		if (!strcmp(model->uplinks[i].dev, dev))
			return &model->uplinks[i];
	return NULL;
}

struct xv_uplink *xv_uplink_by_index(const struct xv_model *model, uint32_t ifindex)
{
	size_t i;

	for (i = 0; ifindex && i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex == ifindex)
			return &model->uplinks[i];
	return NULL;
}

uint32_t xv_uplink_tx_slot(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_uplink *uplink = xv_uplink_by_index(model, ifindex);

	return uplink && !uplink->watched ? XV_MAX_PORTS + uplink->slot : 0;
}

bool xv_uplink_has_slot(const struct xv_uplink *uplinks, size_t n, uint32_t slot)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (uplinks[i].dev[0] && uplinks[i].slot == slot)
			return true;
	return false;
}

/* Adopts an entry of xv_uplink. A device that is gone gets a name that no device can have. */
static void adopt_one(struct xv_model *model, uint32_t ifindex, const struct xv_uplink_val *val)
{
	struct xv_uplink *uplink = &model->uplinks[model->n_uplinks];
	uint32_t slot = val->tx_slot - XV_MAX_PORTS;

	if (slot >= XV_MAX_UPLINKS || xv_uplink_has_slot(model->uplinks, model->n_uplinks, slot))
		return;
	*uplink = (struct xv_uplink){
		.slot = slot,
		.ifindex = ifindex,
		.flags = val->flags,
		.adopted = true,
		.behind = xv_attach_is_behind(model->dp->pin_dir, ifindex),
	};
	if (xv_netlink_get_link(model->nl, NULL, ifindex, &uplink->link, NULL))
		snprintf(uplink->dev, sizeof(uplink->dev), "/%u", ifindex);
	else
		memcpy(uplink->dev, uplink->link.name, sizeof(uplink->dev));
	model->n_uplinks++;
}

int xv_uplink_adopt(struct xv_model *model, struct xv_err *err)
{
	uint32_t ifindex, *prev = NULL;
	struct xv_uplink_val val;
	int fd = model->dp->fd.uplink;

	model->uplinks = calloc(XV_MAX_UPLINKS, sizeof(*model->uplinks));
	if (!model->uplinks)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (model->n_uplinks < XV_MAX_UPLINKS && !bpf_map_get_next_key(fd, prev, &ifindex)) {
		prev = &ifindex;
		if (!bpf_map_lookup_elem(fd, &ifindex, &val))
			adopt_one(model, ifindex, &val);
	}
	return 0;
}
