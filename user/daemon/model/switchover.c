/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes the underlay devices to those of another configuration: see switchover.h. All attachments
 * that can fail are tried first: new devices, and devices that need another XDP mode which the
 * configuration requires. The rest is done at the commit, and cannot fail.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attach.h"
#include "model/switchover.h"
#include "model/underlay.h"

struct place {
	struct xv_link link; /* ifindex 0: there is no such device now */
	bool touched;	     /* attached or tried by this change */
	bool later;	     /* attach at the commit */
};

struct xv_switchover {
	size_t n;
	struct xv_uplink *list;
	struct place *places;
};

/*
 * A free slot of xv_tx. Slots of devices that are attached now are avoided, even if these will be
 * detached: adjacencies use them until the commit. If there is no other, takes the slot of a device
 * that will be detached.
 */
static uint32_t free_slot(const struct xv_model *model, const struct xv_uplink *list, size_t n)
{
	uint32_t slot, going = 0;

	for (slot = 0; slot < XV_MAX_UPLINKS; slot++) {
		if (xv_uplink_has_slot(list, n, slot))
			continue;
		if (!xv_uplink_has_slot(model->uplinks, model->n_uplinks, slot))
			return slot;
		going = slot;
	}
	return going;
}

/* Makes the new list. Devices that stay keep their slot and state. */
static void fill_list(struct xv_model *model, const struct xv_config *config,
		      struct xv_uplink *list)
{
	struct xv_uplink *old;
	size_t i;

	for (i = 0; i < config->n_devices; i++) {
		old = xv_uplink_find(model, config->devices[i]);
		if (old)
			list[i] = *old;
	}
	for (i = 0; i < config->n_devices; i++) {
		if (list[i].dev[0])
			continue;
		list[i].slot = free_slot(model, list, config->n_devices);
		memcpy(list[i].dev, config->devices[i], sizeof(list[i].dev));
	}
}

/*
 * The name is another name (altname) of a device. If that device cannot be an underlay device, says
 * so instead.
 */
static int check_altname(struct xv_model *model, const char *dev, struct xv_err *err)
{
	struct xv_link link;

	if (xv_netlink_get_link(model->nl, NULL, if_nametoindex(dev), &link, NULL))
		return 0;
	return xv_underlay_check(model, &link, err);
}

static int look_at(struct xv_model *model, const struct xv_config *config, struct xv_uplink *uplink,
		   struct place *place, struct xv_err *err)
{
	struct xv_err why = {.text = ""};
	int ret = xv_netlink_get_link(model->nl, uplink->dev, 0, &place->link, &why);

	if (!ret) {
		xv_underlay_look_at_filters(model, config, uplink, &place->link);
		return xv_underlay_check(model, &place->link, err);
	}
	if (ret != -ENODEV && ret != -EEXIST)
		return xv_err_set(err, ret, "%s", why.text);
	if (!uplink->ifindex)
		snprintf(uplink->note, sizeof(uplink->note), "%.250s",
			 ret == -EEXIST ? why.text
					: "no such device yet; attached when it appears");
	return ret == -EEXIST ? check_altname(model, uplink->dev, err) : 0;
}

/* Whether the device is attached as the configuration requires. */
static bool is_as_wished(const struct xv_model *model, const struct xv_config *config,
			 const struct xv_uplink *uplink, const struct xv_link *link)
{
	uint32_t have = uplink->flags & (XV_UPLINK_XDP | XV_UPLINK_GENERIC), want = 0;
	bool must;

	if (xv_underlay_wants_xdp(config, uplink, link, &must))
		want = config->xdp == XV_XDP_GENERIC ? XV_UPLINK_GENERIC : XV_UPLINK_XDP;
	return have == want && (!want || xv_attach_has_xdp(model->dp->pin_dir, link->ifindex)) &&
	       xv_attach_is_behind(model->dp->pin_dir, link->ifindex) == uplink->behind &&
	       xv_attach_has_tc(model->dp->pin_dir, link->ifindex, uplink->behind);
}

/*
 * Refuses native XDP if the device's features say that it has none, before its current mode is
 * taken off.
 */
static int check_native(const struct xv_config *config, const struct xv_link *link,
			struct xv_err *err)
{
	if (config->xdp != XV_XDP_NATIVE || link->xdp_features == XV_XDP_FEATURES_UNKNOWN ||
	    link->xdp_features & XV_XDP_ACT_BASIC)
		return 0;
	return xv_err_set(err, -EOPNOTSUPP, "%s does not take native XDP: its driver has none",
			  link->name);
}

static int try_new(struct xv_model *model, const struct xv_config *config, struct xv_uplink *uplink,
		   struct place *place, struct xv_err *err)
{
	if (!place->link.ifindex || uplink->ifindex)
		return 0;
	/*
	 * The device was a tenant's port until now, which happens only at a start. The port stays
	 * until everything is checked.
	 */
	if (xv_attach_is_pinned(model->dp->pin_dir, place->link.ifindex)) {
		place->later = true;
		return 0;
	}
	place->touched = true;
	return xv_underlay_attach(model, config, uplink, &place->link, true, err);
}

static int try_kept(struct xv_model *model, const struct xv_config *config,
		    struct xv_uplink *uplink, struct place *place, struct xv_err *err)
{
	bool must;
	int ret;

	if (!place->link.ifindex || !uplink->ifindex || place->touched)
		return 0;
	/* The note may be out of date too. */
	place->later = uplink->adopted || uplink->note[0] ||
		       uplink->ifindex != place->link.ifindex ||
		       !is_as_wished(model, config, uplink, &place->link);
	if (uplink->ifindex != place->link.ifindex ||
	    is_as_wished(model, config, uplink, &place->link) ||
	    !xv_underlay_wants_xdp(config, uplink, &place->link, &must) || !must)
		return 0;
	ret = check_native(config, &place->link, err);
	if (ret)
		return ret;
	place->touched = true;
	return xv_underlay_attach(model, config, uplink, &place->link, true, err);
}

static int try_all(struct xv_model *model, const struct xv_config *config,
		   struct xv_switchover *change, struct xv_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < change->n; i++)
		ret = look_at(model, config, &change->list[i], &change->places[i], err);
	for (i = 0; !ret && i < change->n; i++)
		ret = try_new(model, config, &change->list[i], &change->places[i], err);
	for (i = 0; !ret && i < change->n; i++)
		ret = try_kept(model, config, &change->list[i], &change->places[i], err);
	return ret;
}

static void free_change(struct xv_switchover *change)
{
	if (!change)
		return;
	free(change->list);
	free(change->places);
	free(change);
}

int xv_switchover_prepare(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover **out, struct xv_err *err)
{
	struct xv_switchover *change = calloc(1, sizeof(*change));
	size_t n = config->n_devices;
	int ret;

	if (change) {
		change->n = n;
		change->list = calloc(n ?: 1, sizeof(*change->list));
		change->places = calloc(n ?: 1, sizeof(*change->places));
	}
	if (!change || !change->list || !change->places) {
		free_change(change);
		return xv_err_set(err, -ENOMEM, "out of memory");
	}
	fill_list(model, config, change->list);
	ret = try_all(model, config, change, err);
	if (ret)
		xv_switchover_cancel(model, change);
	else
		*out = change;
	return ret;
}

static void put_back(struct xv_model *model, struct xv_uplink *uplink, const struct place *place)
{
	const struct xv_uplink *old = xv_uplink_find(model, uplink->dev);

	if (!place->touched)
		return;
	if (old && old->ifindex) {
		xv_underlay_attach_again(model, old, &place->link);
		return;
	}
	uplink->ifindex = place->link.ifindex;
	xv_underlay_detach(model, uplink);
}

void xv_switchover_cancel(struct xv_model *model, struct xv_switchover *change)
{
	uint32_t slot;
	size_t i;

	if (!change)
		return;
	for (i = 0; i < change->n; i++)
		put_back(model, &change->list[i], &change->places[i]);
	/* A device of the change may have used a slot of one that was to be detached. */
	for (i = 0; i < model->n_uplinks; i++) {
		slot = XV_MAX_PORTS + model->uplinks[i].slot;
		if (model->uplinks[i].ifindex)
			bpf_map_update_elem(model->dp->fd.tx, &slot, &model->uplinks[i].ifindex,
					    BPF_ANY);
	}
	free_change(change);
}

static bool listed(const struct xv_switchover *change, const char *dev)
{
	size_t i;

	for (i = 0; i < change->n; i++)
		if (!strcmp(change->list[i].dev, dev))
			return true;
	return false;
}

static void finish(struct xv_model *model, const struct xv_config *config, struct xv_uplink *uplink,
		   const struct place *place)
{
	struct xv_err err = {.text = ""};

	uplink->adopted = false;
	if (place->later && !place->touched) {
		if (uplink->ifindex && uplink->ifindex != place->link.ifindex)
			xv_underlay_forget(model, uplink);
		if (xv_underlay_attach(model, config, uplink, &place->link, false, &err))
			snprintf(uplink->note, sizeof(uplink->note), "%.255s", err.text);
	}
	if (uplink->ifindex)
		xv_underlay_join_groups(model, uplink);
	xv_underlay_tell(config, uplink);
}

void xv_switchover_commit(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover *change)
{
	struct xv_uplink *old = model->uplinks;
	size_t i, n_old = model->n_uplinks;

	model->uplinks = change->list;
	model->n_uplinks = change->n;
	for (i = 0; i < n_old; i++)
		if (!listed(change, old[i].dev))
			xv_underlay_detach(model, &old[i]);
	for (i = 0; i < change->n; i++)
		finish(model, config, &model->uplinks[i], &change->places[i]);
	change->list = NULL;
	free_change(change);
	free(old);
}
