/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow path device: see slow.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "attach.h"
#include "log.h"
#include "slow.h"

enum {
	MAX_NAMES = 64,
};

static int create(struct xv_instance *inst, struct xv_link *link, struct xv_err *err)
{
	bool ipv6 = !xv_ip_is_zero(&inst->config->address6);
	char name[IFNAMSIZ];
	int i, ret = -EEXIST;

	for (i = 0; ret == -EEXIST && i < MAX_NAMES; i++) {
		snprintf(name, sizeof(name), "xv%d", i);
		ret = xv_netlink_add_vxlan(inst->nl, name, inst->config->udp_port, ipv6, err);
	}
	if (ret)
		return xv_err_prefix(err, ret, "slow path device %s", name);
	return xv_netlink_get_link(inst->nl, name, 0, link, err);
}

static bool usable(const struct xv_instance *inst, const struct xv_link *link)
{
	return !strcmp(link->kind, "vxlan") && link->vxlan_external &&
	       link->vxlan_port == inst->config->udp_port && link->flags & IFF_UP;
}

int xv_slow_open(struct xv_instance *inst, uint32_t adopted_ifindex, struct xv_err *err)
{
	struct xv_link link;
	int ret = 0;

	if (adopted_ifindex && !xv_netlink_get_link(inst->nl, NULL, adopted_ifindex, &link, NULL)) {
		if (!usable(inst, &link) && !strcmp(link.kind, "vxlan") && link.vxlan_external)
			xv_netlink_del_link(inst->nl, link.ifindex, NULL);
	} else {
		adopted_ifindex = 0;
	}
	if (!adopted_ifindex || !usable(inst, &link))
		ret = create(inst, &link, err);
	ret = ret ?: xv_attach_tc(inst->dp, &link, XV_PROG_SLOW_RX, err);
	if (ret)
		return ret;
	inst->slow_ifindex = link.ifindex;
	memcpy(inst->slow_name, link.name, sizeof(inst->slow_name));
	return 0;
}

void xv_slow_check(struct xv_instance *inst)
{
	struct xv_err err = {.text = ""};
	struct xv_link link;

	if (!xv_netlink_get_link(inst->nl, NULL, inst->slow_ifindex, &link, NULL) &&
	    usable(inst, &link))
		return;
	xv_log(LOG_WARNING, "slow path device %s was taken away; making it again", inst->slow_name);
	if (xv_slow_open(inst, inst->slow_ifindex, &err) || xv_instance_write(inst))
		xv_log(LOG_ERR, "%s", err.text);
}
