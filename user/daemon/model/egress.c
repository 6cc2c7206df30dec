/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that may lead to peers: see egress.h. */
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "addr.h"
#include "model/egress.h"
#include "model/port.h"
#include "model/uplink.h"

/* What an adjacency or its status takes from the device. */
struct facts {
	char name[IFNAMSIZ];
	uint8_t mac[6];
	uint16_t type;
	uint32_t mtu, mtu6;
	uint32_t flags;
};

struct xv_egress {
	uint32_t ifindex;
	bool used; /* and in model->egresses_used */
	struct facts facts;
	struct xv_egress *next;
	UT_hash_handle hh;
};

static struct facts facts_of(const struct xv_link *link)
{
	const uint32_t flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT;
	struct facts facts;

	memset(&facts, 0, sizeof(facts)); /* padding too, as the struct is compared with memcmp() */
	snprintf(facts.name, sizeof(facts.name), "%s", link->name);
	memcpy(facts.mac, link->mac, sizeof(facts.mac));
	facts.type = link->type;
	facts.mtu = link->mtu;
	facts.mtu6 = link->mtu6;
	facts.flags = link->flags & flags;
	return facts;
}

static struct xv_egress *find(struct xv_model *model, uint32_t ifindex)
{
	struct xv_egress *egress;

	HASH_FIND(hh, model->egresses, &ifindex, sizeof(ifindex), egress);
	return egress;
}

/*
 * Finds or makes the device's object. *changed: its facts differ from those before. NULL: out of
 * memory.
 */
static struct xv_egress *note(struct xv_model *model, const struct xv_link *link, bool *changed)
{
	struct xv_egress *egress = find(model, link->ifindex);
	struct facts facts = facts_of(link);

	if (!egress) {
		egress = calloc(1, sizeof(*egress));
		if (!egress)
			return NULL;
		egress->ifindex = link->ifindex;
		HASH_ADD(hh, model->egresses, ifindex, sizeof(egress->ifindex), egress);
	}
	*changed = memcmp(&egress->facts, &facts, sizeof(facts));
	egress->facts = facts;
	return egress;
}

void xv_egress_use(struct xv_model *model, const struct xv_link *link)
{
	struct xv_egress *egress;
	bool changed;

	egress = note(model, link, &changed);
	if (!egress || egress->used)
		return;
	egress->used = true;
	LL_PREPEND(model->egresses_used, egress);
}

/*
 * Whether adjacencies may depend on the device. A tenant's device counts only if a route to a peer
 * uses it: tenants' devices come and go by the thousand.
 */
static bool concerns(struct xv_model *model, const struct xv_egress *egress)
{
	return egress->used || !xv_port_has_device(model, egress->ifindex);
}

void xv_egress_link(struct xv_model *model, const struct xv_link *link)
{
	struct xv_egress *egress;
	bool changed = true;

	egress = note(model, link, &changed);
	if (changed && (!egress || concerns(model, egress)))
		xv_signal_send(&model->signals.refresh);
}

void xv_egress_link_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_egress *egress = find(model, ifindex);

	if (!egress)
		return;
	if (concerns(model, egress))
		xv_signal_send(&model->signals.refresh);
	HASH_DEL(model->egresses, egress);
	if (egress->used)
		LL_DELETE(model->egresses_used, egress);
	free(egress);
}

/* Whether the last known MTU for IPv6 is another one; an uplink has its own note of it. */
static bool has_new_mtu6(const struct xv_model *model, const struct xv_egress *egress,
			 const struct xv_link *link)
{
	const struct xv_uplink *uplink = xv_uplink_by_index(model, egress->ifindex);

	return link->mtu6 != egress->facts.mtu6 || (uplink && link->mtu6 != uplink->link.mtu6);
}

void xv_egress_second(struct xv_model *model,
		      void (*changed)(void *arg, const struct xv_link *link), void *arg)
{
	struct xv_egress *egress, *next;
	struct xv_link link;

	if (xv_ip_is_zero(&model->config->address6))
		return;
	LL_FOREACH_SAFE(model->egresses_used, egress, next)
	{
		if (!xv_netlink_get_link(model->nl, NULL, egress->ifindex, &link, NULL) &&
		    has_new_mtu6(model, egress, &link))
			changed(arg, &link);
	}
}

void xv_egress_free_all(struct xv_model *model)
{
	struct xv_egress *egress, *tmp;

	model->egresses_used = NULL;
	HASH_ITER (hh, model->egresses, egress, tmp) {
		HASH_DEL(model->egresses, egress);
		free(egress);
	}
}
