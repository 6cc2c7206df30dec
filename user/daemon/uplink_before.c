/* SPDX-License-Identifier: GPL-2.0-only */
/* Underlay devices as an earlier daemon left them: see uplink_before.h. */
#include <bpf/bpf.h>
#include <errno.h>

#include "attach.h"
#include "uplink_before.h"

void xv_uplink_save(const struct xv_instance *inst, struct xv_uplink_before *before)
{
	uint32_t ifindex, *prev = NULL, slot, i;

	*before = (struct xv_uplink_before){};
	while (before->n < XV_MAX_UPLINKS &&
	       !bpf_map_get_next_key(inst->dp->fd.uplink, prev, &ifindex)) {
		before->ifindex[before->n] = ifindex;
		prev = &before->ifindex[before->n];
		if (!bpf_map_lookup_elem(inst->dp->fd.uplink, &ifindex, &before->val[before->n]))
			before->n++;
	}
	for (i = 0; i < XV_MAX_UPLINKS; i++) {
		slot = XV_MAX_PORTS + i;
		bpf_map_lookup_elem(inst->dp->fd.tx, &slot, &before->tx[i]);
	}
}

static bool was_there(const struct xv_uplink_before *before, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < before->n; i++)
		if (before->ifindex[i] == ifindex)
			return true;
	return false;
}

/* Devices that this start attached, or was about to. */
static void let_go(struct xv_instance *inst, const struct xv_uplink_before *before)
{
	struct xv_link link;
	size_t i;

	for (i = 0; i < inst->config->n_devices; i++) {
		if (xv_netlink_get_link(inst->nl, inst->config->devices[i], 0, &link, NULL) ||
		    was_there(before, link.ifindex))
			continue;
		bpf_map_delete_elem(inst->dp->fd.uplink, &link.ifindex);
		xv_detach_xdp(inst->dp->pin_dir, link.ifindex);
		xv_detach_tc(inst->dp->pin_dir, link.ifindex);
	}
}

static void restore_one(struct xv_instance *inst, uint32_t ifindex, const struct xv_uplink_val *val)
{
	struct xv_err ignored;
	struct xv_link link;

	if (xv_netlink_get_link(inst->nl, NULL, ifindex, &link, NULL))
		return;
	xv_attach_tc(inst->dp, &link, XV_PROG_DECAP_TC, &ignored);
	if (val->flags & (XV_UPLINK_XDP | XV_UPLINK_GENERIC))
		xv_attach_xdp(inst->dp, inst->nl, &link,
			      val->flags & XV_UPLINK_XDP ? XV_PROG_DECAP : XV_PROG_DECAP_SKB,
			      &ignored);
	else
		xv_detach_xdp(inst->dp->pin_dir, ifindex);
	bpf_map_update_elem(inst->dp->fd.uplink, &ifindex, val, BPF_ANY);
}

void xv_uplink_restore(struct xv_instance *inst, const struct xv_uplink_before *before)
{
	uint32_t slot;
	size_t i;

	let_go(inst, before);
	for (i = 0; i < before->n; i++)
		restore_one(inst, before->ifindex[i], &before->val[i]);
	for (i = 0; i < XV_MAX_UPLINKS; i++) {
		slot = XV_MAX_PORTS + i;
		if (before->tx[i])
			bpf_map_update_elem(inst->dp->fd.tx, &slot, &before->tx[i], BPF_ANY);
		else
			bpf_map_delete_elem(inst->dp->fd.tx, &slot);
	}
}
