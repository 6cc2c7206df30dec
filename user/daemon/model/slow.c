/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow path device: see slow.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attach.h"
#include "kernel/pinned.h"
#include "log.h"
#include "model/local.h"
#include "model/slow.h"
#include "model/unhook.h"

enum {
	MAX_NAMES = 64,
};

/* The alias that marks an instance's slow path device. */
#define MARK "xvtep instance "

static void make_mark(const char *instance, char mark[64])
{
	snprintf(mark, 64, MARK "%s", instance);
}

static int create(struct xv_model *model, struct xv_link *link, struct xv_err *err)
{
	char name[IFNAMSIZ], mark[64];
	int i, ret = -EEXIST;

	make_mark(model->name, mark);
	for (i = 0; ret == -EEXIST && i < MAX_NAMES; i++) {
		snprintf(name, sizeof(name), "xv%d", i);
		ret = xv_netlink_add_vxlan(model->nl, name, model->config->udp_port, mark, err);
	}
	if (ret)
		return xv_err_prefix(err, ret, "slow path device %s", name);
	return xv_netlink_get_link(model->nl, name, 0, link, err);
}

bool xv_slow_is(const struct xv_link *link)
{
	return !strcmp(link->kind, "vxlan") && link->vxlan_external;
}

struct slow_owner {
	uint32_t ifindex;
	char name[XV_PINNED_NAME];
};

static bool is_not_slow_of(void *arg, const struct xv_pinned *pinned)
{
	struct slow_owner *owner = arg;

	if (!xv_pinned_lives_here(pinned) || pinned->config.slow_ifindex != owner->ifindex)
		return true;
	memcpy(owner->name, pinned->name, sizeof(owner->name));
	return false;
}

int xv_slow_check_other(const struct xv_model *model, const struct xv_link *link,
			struct xv_err *err)
{
	struct slow_owner owner = {.ifindex = link->ifindex};
	size_t len = strlen(MARK);

	if (!xv_slow_is(link))
		return 0;
	xv_pinned_each(model->name, is_not_slow_of, &owner);
	/* Without pins, or with pins of another layout, only the alias says whose device it is. */
	if (!owner.name[0] && !strncmp(link->alias, MARK, len) &&
	    strcmp(link->alias + len, model->name))
		snprintf(owner.name, sizeof(owner.name), "%.*s", XV_PINNED_NAME - 1,
			 link->alias + len);
	if (!owner.name[0])
		return 0;
	return xv_err_set(err, -EBUSY, "%s is the slow path device of instance \"%s\"", link->name,
			  owner.name);
}

static bool usable(const struct xv_model *model, const struct xv_link *link)
{
	return xv_slow_is(link) && link->vxlan_port == model->config->udp_port &&
	       link->vxlan_zero_csum6 && link->flags & IFF_UP;
}

size_t xv_slow_remove_orphans(struct xv_netlink *nl, const char *instance, uint32_t but)
{
	struct xv_link *links = NULL;
	size_t i, n = 0, removed = 0;
	char mark[64];

	make_mark(instance, mark);
	if (xv_netlink_list_links(nl, &links, &n, NULL))
		return 0;
	for (i = 0; i < n; i++)
		if (xv_slow_is(&links[i]) && links[i].ifindex != but &&
		    !strcmp(links[i].alias, mark))
			removed += !xv_netlink_del_link(nl, links[i].ifindex, NULL);
	free(links);
	return removed;
}

/* Removes the pin of a device that is no longer the slow path. */
static void let_go(struct xv_model *model, uint32_t ifindex)
{
	if (ifindex && ifindex != model->slow_ifindex)
		xv_unhook_later(model, ifindex);
}

void xv_slow_adopt(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link link;

	if (!ifindex || xv_netlink_get_link(model->nl, NULL, ifindex, &link, NULL) ||
	    !xv_slow_is(&link))
		return;
	model->slow_ifindex = ifindex;
	memcpy(model->slow_name, link.name, sizeof(model->slow_name));
}

int xv_slow_open(struct xv_model *model, uint32_t adopted_ifindex, struct xv_err *err)
{
	struct xv_link link = {};
	bool keep;
	int ret = 0;

	keep = adopted_ifindex &&
	       !xv_netlink_get_link(model->nl, NULL, adopted_ifindex, &link, NULL) &&
	       usable(model, &link);
	if (!keep && xv_slow_is(&link)) {
		xv_log(LOG_NOTICE, "slow path device %s has wrong settings; making it again",
		       link.name);
		xv_netlink_del_link(model->nl, link.ifindex, NULL);
	}
	if (xv_slow_remove_orphans(model->nl, model->name, keep ? link.ifindex : 0))
		xv_log(LOG_NOTICE, "removed a slow path device that an earlier xvtepd left");
	if (!keep)
		ret = create(model, &link, err);
	ret = ret ?: xv_datapath_attach_tc(model->dp, &link, XV_PROG_SLOW_RX, false, err);
	if (ret)
		return ret;
	model->slow_ifindex = link.ifindex;
	memcpy(model->slow_name, link.name, sizeof(model->slow_name));
	let_go(model, adopted_ifindex);
	return 0;
}

void xv_slow_check(struct xv_model *model)
{
	uint32_t old = model->slow_ifindex;
	struct xv_err err = {.text = ""};
	struct xv_link link;

	if (model->slow_ifindex &&
	    !xv_netlink_get_link(model->nl, NULL, model->slow_ifindex, &link, NULL) &&
	    usable(model, &link)) {
		memcpy(model->slow_name, link.name, sizeof(model->slow_name)); /* may be renamed */
		return;
	}
	if (model->slow_ifindex)
		xv_log(LOG_WARNING, "slow path device %s was taken away; making it again",
		       model->slow_name);
	if (!xv_slow_open(model, model->slow_ifindex, &err)) {
		xv_local_write(model);
		return;
	}
	if (model->slow_ifindex)
		xv_log(LOG_ERR, "%s; trying again every second", err.text);
	model->slow_ifindex = 0;
	model->slow_name[0] = '\0';
	let_go(model, old);
	xv_local_write(model);
	xv_signal_send(&model->signals.again);
}
