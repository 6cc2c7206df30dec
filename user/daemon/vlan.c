/* SPDX-License-Identifier: GPL-2.0-only */
/* VLANs of the underlay: see vlan.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vlan.h"

struct xv_vlan {
	uint32_t ifindex;
	uint32_t on;  /* ifindex of the device below */
	uint32_t tag; /* struct xv_link.vlan_tag */
	UT_hash_handle hh;
};

enum {
	MASTERS_DEEP = 4, /* a bridge over a bond, and room */
};

static void forget(struct xv_instance *inst, struct xv_vlan *vlan)
{
	HASH_DEL(inst->vlans, vlan);
	free(vlan);
}

void xv_vlan_free_all(struct xv_instance *inst)
{
	struct xv_vlan *vlan, *tmp;

	HASH_ITER (hh, inst->vlans, vlan, tmp)
		forget(inst, vlan);
}

/* One that has its lower device in another namespace is not of our underlay. */
bool xv_vlan_link(struct xv_instance *inst, const struct xv_link *link)
{
	bool is_vlan = link->vlan_tag && link->end && link->end_netns < 0;
	struct xv_vlan *vlan;

	HASH_FIND(hh, inst->vlans, &link->ifindex, sizeof(link->ifindex), vlan);
	if (!is_vlan && vlan)
		forget(inst, vlan);
	if (!is_vlan)
		return vlan != NULL;
	if (vlan && vlan->on == link->end && vlan->tag == link->vlan_tag)
		return false;
	if (!vlan) {
		vlan = calloc(1, sizeof(*vlan));
		if (!vlan)
			return false; /* its frames go by the kernel */
		vlan->ifindex = link->ifindex;
		HASH_ADD(hh, inst->vlans, ifindex, sizeof(vlan->ifindex), vlan);
	}
	vlan->on = link->end;
	vlan->tag = link->vlan_tag;
	return true;
}

bool xv_vlan_link_gone(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_vlan *vlan;

	HASH_FIND(hh, inst->vlans, &ifindex, sizeof(ifindex), vlan);
	if (vlan)
		forget(inst, vlan);
	return vlan != NULL;
}

int xv_vlan_load(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_link *links = NULL;
	size_t i, n = 0;
	int ret = xv_netlink_list_links(inst->nl, &links, &n, err);

	if (ret)
		return ret;
	xv_vlan_free_all(inst);
	for (i = 0; i < n; i++)
		xv_vlan_link(inst, &links[i]);
	free(links);
	return 0;
}

/* Whether the device is an underlay device, or a bond or bridge that has one. (A VRF has it too,
 * but an address on that is a loopback address.) */
static bool is_underlay(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_link link;
	uint32_t up;
	size_t i;
	int deep;

	for (i = 0; ifindex && i < inst->n_uplinks; i++) {
		up = inst->uplinks[i].ifindex;
		if (up && up == ifindex)
			return true;
		up = up ? inst->uplinks[i].link.master : 0;
		for (deep = 0; up && deep < MASTERS_DEEP; deep++) {
			if (xv_netlink_get_link(inst->nl, NULL, up, &link, NULL) ||
			    !strcmp(link.kind, "vrf"))
				break;
			if (up == ifindex)
				return true;
			up = link.master;
		}
	}
	return false;
}

static void add(struct xv_config_val *val, uint32_t tag)
{
	size_t i;

	for (i = 0; i < XV_MAX_TAGS && val->tag[i]; i++)
		if (val->tag[i] == tag)
			return;
	if (i == XV_MAX_TAGS)
		val->flags |= XV_CONFIG_ANY_TAG;
	else
		val->tag[i] = tag;
}

static void add_all(struct xv_instance *inst, struct xv_config_val *val)
{
	uint32_t on = 0; /* seen last: many VLANs are on one device */
	struct xv_vlan *vlan;
	bool ours = false;

	for (vlan = inst->vlans; vlan && !(val->flags & XV_CONFIG_ANY_TAG); vlan = vlan->hh.next) {
		if (vlan->on != on)
			ours = is_underlay(inst, vlan->on);
		on = vlan->on;
		if (ours)
			add(val, vlan->tag);
	}
}

void xv_vlan_write(struct xv_instance *inst, struct xv_config_val *val)
{
	struct xv_vlan *vlan;
	uint32_t dev;
	size_t i;

	for (i = 0; i < sizeof(inst->local_dev) / sizeof(inst->local_dev[0]); i++) {
		dev = inst->local_dev[i];
		HASH_FIND(hh, inst->vlans, &dev, sizeof(dev), vlan);
		if (vlan && is_underlay(inst, vlan->on))
			add(val, vlan->tag);
		else if (dev && !is_underlay(inst, dev))
			add_all(inst, val);
	}
}
