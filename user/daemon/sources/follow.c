/* SPDX-License-Identifier: GPL-2.0-only */
/* Following the kernel: see follow.h. */
#include <errno.h>

#include "model/adjacency.h"
#include "kernel/attach.h"
#include "model/egress.h"
#include "sources/follow.h"
#include "model/local.h"
#include "log.h"
#include "model/port.h"
#include "model/port_filters.h"
#include "model/slow.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "kernel/xfrm.h"

enum {
	REFRESH_DELAY_US = 20000, /* a burst of route changes is one look */
	RETRY_DELAY_S = 1,
};

bool xv_follow_program(struct xv_instance *inst, const struct xv_link *link)
{
	const struct xv_uplink *uplink = xv_uplink_find(inst, link->name);
	struct xv_err err = {.text = ""};
	bool behind = false;
	enum xv_prog prog;
	int ret;

	if (uplink && uplink->ifindex == link->ifindex) {
		prog = XV_PROG_DECAP_TC;
		behind = uplink->behind;
	} else if (link->ifindex == inst->slow_ifindex) {
		prog = XV_PROG_SLOW_RX;
	} else if (xv_port_has_device(inst, link->ifindex)) {
		prog = XV_PROG_ENCAP;
		behind = xv_port_filters_behind(inst, link->ifindex);
	} else {
		return false;
	}
	if (xv_attach_has_tc(inst->dp->pin_dir, link->ifindex, behind)) {
		xv_port_no_tc(inst, link->ifindex, "");
		return false;
	}
	ret = xv_attach_tc(inst->dp, link, prog, behind, &err);
	if (ret == -ENODEV)
		return false; /* it is on its way out */
	/* A port has it in its status. */
	if (xv_port_no_tc(inst, link->ifindex, ret ? err.text : "") && ret)
		xv_log(LOG_ERR, "%s: its program was taken away: %s; trying again every second",
		       link->name, err.text);
	else if (ret && prog != XV_PROG_ENCAP)
		xv_log_limited(LOG_ERR, 0, "%s: its program was taken away: %s", link->name,
			       err.text);
	else if (ret)
		return false;
	else
		xv_log(LOG_WARNING, "%s: its program was taken away, and is attached again",
		       link->name);
	return !ret;
}

static void on_link(void *arg, const struct xv_link *link)
{
	struct xv_instance *inst = arg;

	xv_uplink_link(inst, link);
	xv_port_link(inst, link);
	xv_local_link(inst, link);
	xv_egress_link(inst, link);
	if (link->ifindex == inst->slow_ifindex)
		xv_slow_check(inst);
	/* Before TCX anybody may delete the qdisc that it hangs on, which netlink tells. */
	xv_follow_program(inst, link);
}

static void on_link_gone(void *arg, uint32_t ifindex, const char *name)
{
	struct xv_instance *inst = arg;

	(void)name;
	xv_uplink_link_gone(inst, ifindex);
	xv_egress_link_gone(inst, ifindex);
	xv_port_link_gone(inst, ifindex);
	xv_local_link_gone(inst, ifindex);
	if (ifindex == inst->slow_ifindex)
		xv_slow_check(inst);
}

static void on_features(void *arg, uint32_t ifindex, uint64_t features)
{
	xv_uplink_features(arg, ifindex, features);
	xv_port_features(arg, ifindex, features);
}

static void on_change(void *arg)
{
	xv_peer_refresh_soon(arg);
}

static void on_neigh(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		     bool kept)
{
	xv_adjacency_neigh(arg, ifindex, ip, mac, kept);
}

/* Devices that we hold and that are gone from the kernel's list. */
static void forget_missing(struct xv_instance *inst)
{
	struct xv_port *port, *tmp;
	struct xv_link link;
	size_t i;

	HASH_ITER (hh, inst->ports, port, tmp)
		if (port->ifindex &&
		    xv_netlink_get_link(inst->nl, NULL, port->ifindex, &link, NULL) == -ENODEV)
			xv_port_link_gone(inst, port->ifindex);
	for (i = 0; i < inst->n_uplinks; i++)
		if (inst->uplinks[i].ifindex &&
		    xv_netlink_get_link(inst->nl, NULL, inst->uplinks[i].ifindex, &link, NULL) ==
			    -ENODEV)
			xv_uplink_link_gone(inst, inst->uplinks[i].ifindex);
}

static void on_resync(void *arg)
{
	struct xv_instance *inst = arg;
	struct xv_err err;

	xv_log(LOG_NOTICE, "netlink notifications were lost; looking at everything again");
	forget_missing(inst);
	xv_egress_free_all(inst);
	if (xv_vlan_load(inst, &err))
		xv_log(LOG_ERR, "%s", err.text);
	xv_netlink_dump_links(inst->nl, NULL);
	xv_slow_check(inst);
	xv_xfrm_look_again(inst);
	xv_peer_refresh_soon(inst);
}

static const struct xv_netlink_ops netlink_ops = {
	.link = on_link,
	.link_gone = on_link_gone,
	.features = on_features,
	.address = on_change,
	.route = on_change,
	.neigh = on_neigh,
	.resync = on_resync,
};

int xv_follow_open(struct xv_instance *inst, struct xv_err *err)
{
	return xv_netlink_open(&inst->nl, &netlink_ops, inst, err);
}

static void on_netlink(evutil_socket_t fd, short what, void *arg)
{
	struct xv_instance *inst = arg;

	(void)fd;
	(void)what;
	xv_netlink_dispatch(inst->nl);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	xv_slow_check(arg);
	xv_port_retry(arg);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	on_again(fd, what, arg);
	xv_local_write(arg);
	xv_uplink_groups(arg);
	xv_adjacency_refresh_begin(arg);
}

void xv_follow_again_later(struct xv_instance *inst)
{
	struct timeval delay = {.tv_sec = RETRY_DELAY_S};

	if (inst->again && !evtimer_pending(inst->again, NULL))
		evtimer_add(inst->again, &delay);
}

void xv_peer_refresh_soon(struct xv_instance *inst)
{
	struct timeval delay = {.tv_usec = REFRESH_DELAY_US};

	if (inst->refresh && !evtimer_pending(inst->refresh, NULL))
		evtimer_add(inst->refresh, &delay);
}

void xv_peer_retry_later(struct xv_instance *inst)
{
	struct timeval delay = {.tv_sec = RETRY_DELAY_S};

	if (inst->retry && !evtimer_pending(inst->retry, NULL))
		evtimer_add(inst->retry, &delay);
}

int xv_follow_start(struct xv_instance *inst, struct xv_err *err)
{
	int fds[2], i;

	inst->refresh = evtimer_new(inst->base, on_refresh, inst);
	inst->retry = evtimer_new(inst->base, on_refresh, inst);
	inst->again = evtimer_new(inst->base, on_again, inst);
	if (!inst->refresh || !inst->retry || !inst->again)
		return xv_err_set(err, -ENOMEM, "out of memory");
	xv_netlink_fds(inst->nl, fds);
	for (i = 0; i < 2; i++) {
		if (fds[i] < 0)
			continue;
		inst->nl_events[i] = event_new(inst->base, fds[i], EV_READ | EV_PERSIST, on_netlink,
					       inst);
		if (!inst->nl_events[i])
			return xv_err_set(err, -ENOMEM, "out of memory");
		event_add(inst->nl_events[i], NULL);
	}
	return 0;
}

void xv_follow_stop(struct xv_instance *inst)
{
	int i;

	for (i = 0; i < 2; i++)
		if (inst->nl_events[i])
			event_free(inst->nl_events[i]);
	if (inst->refresh)
		event_free(inst->refresh);
	if (inst->retry)
		event_free(inst->retry);
	if (inst->again)
		event_free(inst->again);
}
