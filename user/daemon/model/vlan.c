/* SPDX-License-Identifier: GPL-2.0-only */
/* VLAN devices: see vlan.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink_away.h"
#include "log.h"
#include "model/port.h"
#include "model/uplink.h"
#include "model/vlan.h"

struct xv_vlan_key {
	int32_t nsid; /* namespace of the VLAN device; negative: this one */
	uint32_t ifindex;
};

struct xv_vlan {
	struct xv_vlan_key at;
	uint32_t on;  /* ifindex of the device below it */
	uint32_t tag; /* struct xv_link.vlan_tag */
	uint32_t master;
	bool missing; /* during a dump of its namespace: not seen yet */
	UT_hash_handle hh;
};

enum {
	HERE = -1,
	MASTERS_DEEP = 4,   /* a bridge over a bond, and some more */
	AWAY_A_SECOND = 16, /* namespaces looked at in a second */
};

static struct xv_vlan *find(const struct xv_model *model, int32_t nsid, uint32_t ifindex)
{
	struct xv_vlan_key at = {.nsid = nsid, .ifindex = ifindex};
	struct xv_vlan *vlan;

	HASH_FIND(hh, model->vlans, &at, sizeof(at), vlan);
	return vlan;
}

/*
 * The key of xv_port for the VLAN device's frames. (The kernel strips a tag with VID 0 before it
 * looks for a VLAN device.)
 */
static struct xv_port_key key_of(const struct xv_vlan *vlan)
{
	uint32_t proto = vlan->tag >> 16;

	return (struct xv_port_key){
		.ifindex = vlan->on,
		.vlan = (uint16_t)vlan->tag,
		.proto = (uint16_t)(proto == ETH_P_8021Q ? 0 : proto),
	};
}

/*
 * Writes or deletes the entry of xv_port that leaves the VLAN device's frames to the kernel.
 * exists: the VLAN device exists. The entry is needed while the device below is an untagged port.
 * If the VLAN itself is a port, its entry stays.
 */
static void mark(struct xv_model *model, const struct xv_vlan *vlan, bool exists)
{
	struct xv_port_key key = key_of(vlan), below = {.ifindex = vlan->on};
	struct xv_port_val val = {.check = xv_port_key_check(&key)}, now;
	bool wanted, marked;

	if (!model->dp || !key.vlan)
		return;
	wanted = exists && !bpf_map_lookup_elem(model->dp->fd.port, &below, &now) && now.port;
	marked = !bpf_map_lookup_elem(model->dp->fd.port, &key, &now);
	if (wanted == marked || (marked && now.port))
		return;
	if (!wanted)
		bpf_map_delete_elem(model->dp->fd.port, &key);
	else if (bpf_map_update_elem(model->dp->fd.port, &key, &val, BPF_NOEXIST))
		xv_log(LOG_ERR,
		       "no room in xv_port for the VLAN device with index %u over a port: the port "
		       "gets its frames",
		       vlan->at.ifindex);
}

void xv_vlan_mark(struct xv_model *model, uint32_t ifindex)
{
	const struct xv_vlan *vlan;

	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		if (!ifindex || vlan->on == ifindex)
			mark(model, vlan, true);
}

bool xv_vlan_has(const struct xv_model *model, const struct xv_port_key *key)
{
	const struct xv_vlan *vlan;
	struct xv_port_key has;

	for (vlan = model->vlans; vlan; vlan = vlan->hh.next) {
		has = key_of(vlan);
		if (!memcmp(&has, key, sizeof(has)))
			return true;
	}
	return false;
}

static void forget(struct xv_model *model, struct xv_vlan *vlan)
{
	HASH_DEL(model->vlans, vlan);
	free(vlan);
}

void xv_vlan_free_all(struct xv_model *model)
{
	struct xv_vlan *vlan, *tmp;

	HASH_ITER (hh, model->vlans, vlan, tmp)
		forget(model, vlan);
}

/*
 * Forgets the VLAN device. Its entry stays if another device has the same VLAN by now: the device
 * may have been moved to another namespace.
 */
static void gone(struct xv_model *model, struct xv_vlan *vlan)
{
	struct xv_vlan was = *vlan;
	struct xv_port_key key = key_of(&was);

	forget(model, vlan);
	mark(model, &was, xv_vlan_has(model, &key));
}

/* Notes a VLAN device. Returns whether it is new or has changed. */
static bool note(struct xv_model *model, int32_t nsid, const struct xv_link *link, uint32_t master)
{
	struct xv_vlan *vlan = find(model, nsid, link->ifindex);

	if (vlan)
		vlan->missing = false;
	if (vlan && vlan->on == link->end && vlan->tag == link->vlan_tag && vlan->master == master)
		return false;
	if (vlan && (vlan->on != link->end || vlan->tag != link->vlan_tag)) {
		gone(model, vlan);
		vlan = NULL;
	}
	if (!vlan) {
		vlan = calloc(1, sizeof(*vlan));
		if (!vlan)
			return false; /* the kernel handles its frames */
		vlan->at = (struct xv_vlan_key){.nsid = nsid, .ifindex = link->ifindex};
		HASH_ADD(hh, model->vlans, at, sizeof(vlan->at), vlan);
	}
	vlan->on = link->end;
	vlan->tag = link->vlan_tag;
	vlan->master = master;
	mark(model, vlan, true);
	return true;
}

/* Notes a VLAN device whose lower device is in this namespace, and forgets one that is not such. */
bool xv_vlan_link(struct xv_model *model, const struct xv_link *link)
{
	struct xv_vlan *vlan = find(model, HERE, link->ifindex);

	if (link->vlan_tag && link->end && link->end_netns < 0)
		return note(model, HERE, link, link->master);
	if (vlan)
		gone(model, vlan);
	return vlan != NULL;
}

/* ---- VLAN devices in other namespaces: the kernel delivers their frames ---- */

struct look {
	struct xv_model *model;
	int32_t nsid;
};

static void on_away(void *arg, const struct xv_link *link)
{
	struct look *look = arg;

	note(look->model, look->nsid, link, 0);
}

static void look_in(struct xv_model *model, int32_t nsid)
{
	struct look look = {.model = model, .nsid = nsid};
	struct xv_vlan *vlan, *tmp;

	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		vlan->missing = vlan->at.nsid == nsid;
	if (xv_netlink_each_vlan_in(model->nl, nsid, on_away, &look) == -EINTR)
		return; /* tried again the next time */
	HASH_ITER (hh, model->vlans, vlan, tmp)
		if (vlan->at.nsid == nsid && vlan->missing)
			gone(model, vlan);
}

static int compare_nsid(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static bool is_listed(int32_t nsid, const int32_t *list, size_t n)
{
	return n && bsearch(&nsid, list, n, sizeof(nsid), compare_nsid);
}

/* Looks for VLAN devices in the next namespaces, at most so many. */
static void look_away(struct xv_model *model, size_t most)
{
	struct xv_vlan *vlan, *tmp;
	int32_t *list = NULL;
	size_t n = 0, i;

	if (!model->nl || !xv_netlink_knows_vlans() ||
	    xv_netlink_list_namespaces(model->nl, &list, &n))
		return;
	HASH_ITER (hh, model->vlans, vlan, tmp)
		if (vlan->at.nsid >= 0 && !is_listed(vlan->at.nsid, list, n))
			gone(model, vlan);
	for (i = 0; i < n && i < most; i++)
		look_in(model, list[model->away_at++ % n]);
	free(list);
}

void xv_vlan_second(struct xv_model *model)
{
	if (model->ports)
		look_away(model, AWAY_A_SECOND);
}

bool xv_vlan_link_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_vlan *vlan = find(model, HERE, ifindex);

	if (!vlan)
		return false;
	look_away(model, SIZE_MAX); /* the device may have been moved to another namespace */
	gone(model, vlan);
	return true;
}

int xv_vlan_load(struct xv_model *model, struct xv_err *err)
{
	struct xv_link *links = NULL;
	struct xv_vlan *vlan, *tmp;
	size_t i, n = 0;
	int ret = xv_netlink_list_links(model->nl, &links, &n, err);

	if (ret)
		return ret;
	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		vlan->missing = vlan->at.nsid < 0;
	for (i = 0; i < n; i++)
		xv_vlan_link(model, &links[i]);
	HASH_ITER (hh, model->vlans, vlan, tmp)
		if (vlan->at.nsid < 0 && vlan->missing)
			gone(model, vlan);
	free(links);
	look_away(model, SIZE_MAX);
	return 0;
}

/*
 * Whether the device is an underlay device, or a bond or bridge over one. A VRF does not count: an
 * address on a VRF is a loopback address.
 */
static bool is_underlay(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link link;
	uint32_t up;
	size_t i;
	int deep;

	for (i = 0; ifindex && i < model->n_uplinks; i++) {
		up = model->uplinks[i].ifindex;
		if (up && up == ifindex)
			return true;
		up = up ? model->uplinks[i].link.master : 0;
		for (deep = 0; up && deep < MASTERS_DEEP; deep++) {
			if (xv_netlink_get_link(model->nl, NULL, up, &link, NULL) ||
			    !strcmp(link.kind, "vrf"))
				break;
			if (up == ifindex)
				return true;
			up = link.master;
		}
	}
	return false;
}

/* The tags of tenants' frames on the underlay, sorted. They are never the host's own. */
struct tags {
	uint32_t *tag;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool has_tag(const struct tags *tags, uint32_t tag)
{
	return tags->n && bsearch(&tag, tags->tag, tags->n, sizeof(tag), compare);
}

static void add(struct xv_config_val *val, const struct tags *tenants, uint32_t tag)
{
	size_t i;

	if (has_tag(tenants, tag))
		return;
	for (i = 0; i < XV_MAX_TAGS && val->tag[i]; i++)
		if (val->tag[i] == tag)
			return;
	if (i < XV_MAX_TAGS)
		val->tag[i] = tag;
	else if (!tenants->n) /* with tenants' tags, the kernel handles further VLANs, as it knows
				 whose they are */
		val->flags |= XV_CONFIG_ANY_TAG;
}

/* Whether the device, or a bridge or bond above it, is a port's. */
static bool leads_to_port(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link link;
	int deep;

	for (deep = 0; ifindex && deep < MASTERS_DEEP; deep++) {
		if (xv_port_has_device(model, ifindex))
			return true;
		if (xv_netlink_get_link(model->nl, NULL, ifindex, &link, NULL))
			return false;
		ifindex = link.master;
	}
	return false;
}

/*
 * Finds the tags of ports' frames on the underlay: those of VLAN devices that are ports or are
 * below a port's bridge or bond, and those of ports that are a VLAN of an underlay device or of a
 * bond or bridge over one.
 */
static int find_tenants(struct xv_model *model, struct tags *tags)
{
	size_t most = HASH_COUNT(model->vlans) + HASH_COUNT(model->ports);
	const struct xv_port *port;
	struct xv_vlan *vlan;

	tags->n = 0;
	tags->tag = calloc(most ?: 1, sizeof(*tags->tag));
	if (!tags->tag)
		return -ENOMEM;
	for (port = model->ports; port; port = port->hh.next) {
		vlan = find(model, HERE, port->ifindex);
		if (vlan)
			tags->tag[tags->n++] = vlan->tag;
		else if (port->key.vlan && is_underlay(model, port->ifindex))
			tags->tag[tags->n++] = (uint32_t)ETH_P_8021Q << 16 | port->key.vlan;
	}
	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		if (vlan->master && tags->n < most && leads_to_port(model, vlan->master))
			tags->tag[tags->n++] = vlan->tag;
	qsort(tags->tag, tags->n, sizeof(*tags->tag), compare);
	return 0;
}

static void add_all(struct xv_model *model, const struct tags *tenants, struct xv_config_val *val)
{
	uint32_t on = 0; /* device of the last entry: many VLANs are on one device */
	struct xv_vlan *vlan;
	bool ours = false;

	for (vlan = model->vlans; vlan && !(val->flags & XV_CONFIG_ANY_TAG); vlan = vlan->hh.next) {
		if (vlan->at.nsid >= 0)
			continue;
		if (vlan->on != on)
			ours = is_underlay(model, vlan->on);
		on = vlan->on;
		if (ours)
			add(val, tenants, vlan->tag);
	}
}

void xv_vlan_write(struct xv_model *model, struct xv_config_val *val)
{
	struct xv_vlan *vlan;
	struct tags tenants;
	uint32_t dev;
	size_t i;

	if (find_tenants(model, &tenants))
		return; /* the kernel then handles all tagged frames */
	for (i = 0; i < sizeof(model->local_dev) / sizeof(model->local_dev[0]); i++) {
		dev = model->local_dev[i];
		vlan = find(model, HERE, dev);
		if (vlan && is_underlay(model, vlan->on))
			add(val, &tenants, vlan->tag);
		else if (dev && !is_underlay(model, dev))
			add_all(model, &tenants, val);
	}
	free(tenants.tag);
}

/* Whether programs take frames with the tag as the host's own now. */
static bool is_own_now(struct xv_model *model, uint32_t tag)
{
	struct xv_config_val val;
	__u32 zero = 0;
	size_t i;

	if (bpf_map_lookup_elem(model->dp->fd.config, &zero, &val) || val.flags & XV_CONFIG_ANY_TAG)
		return true;
	for (i = 0; i < XV_MAX_TAGS; i++)
		if (val.tag[i] == tag)
			return true;
	return false;
}

bool xv_vlan_port(struct xv_model *model, uint32_t ifindex, uint32_t id)
{
	struct xv_vlan *vlan;

	vlan = find(model, HERE, ifindex);
	if (vlan)
		return is_own_now(model, vlan->tag);
	if (id)
		return is_own_now(model, (uint32_t)ETH_P_8021Q << 16 | id) &&
		       is_underlay(model, ifindex);
	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		if (vlan->master && is_own_now(model, vlan->tag))
			return true;
	return false;
}

bool xv_vlan_has_others(struct xv_model *model, uint32_t ifindex)
{
	struct xv_vlan *vlan;

	for (vlan = model->vlans; vlan; vlan = vlan->hh.next)
		if (vlan->on == ifindex && !is_own_now(model, vlan->tag))
			return true;
	return false;
}
