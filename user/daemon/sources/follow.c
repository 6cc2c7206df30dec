/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows changes in the kernel: see follow.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/attach.h"
#include "kernel/xfrm.h"
#include "log.h"
#include "model/adjacency.h"
#include "model/attachment.h"
#include "model/egress.h"
#include "model/ingress.h"
#include "model/local.h"
#include "model/port.h"
#include "model/slow.h"
#include "model/underlay.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "sources/follow.h"

enum {
	REFRESH_DELAY_US = 20000, /* gathers a burst of route changes */
	RETRY_DELAY_S = 1,
};

struct xv_follow {
	struct xv_model *model;
	struct event *nl_events[2];
	struct event *refresh; /* timer: adjacencies that the routes in `changed` concern are looked
				  up again */
	struct xv_routes changed; /* route changes since the last refresh */
	struct event *retry;	  /* timer: all adjacencies are looked up again */
	struct event *again;	  /* timer: failed attachments are tried again */
};

bool xv_follow_program(struct xv_model *model, const struct xv_link *link)
{
	const struct xv_uplink *uplink = xv_uplink_find(model, link->name);
	struct xv_err err = {.text = ""};
	bool behind = false;
	enum xv_prog prog;
	int ret;

	if (uplink && uplink->ifindex == link->ifindex) {
		prog = XV_PROG_DECAP_TC;
		behind = uplink->behind;
	} else if (link->ifindex == model->slow_ifindex) {
		prog = XV_PROG_SLOW_RX;
	} else if (xv_port_has_device(model, link->ifindex)) {
		prog = XV_PROG_ENCAP;
		behind = xv_ingress_is_behind(model, link->ifindex);
	} else {
		return false;
	}
	if (xv_attach_has_tc(model->dp->pin_dir, link->ifindex, behind)) {
		xv_attachment_no_tc(model, link->ifindex, "");
		return false;
	}
	ret = xv_datapath_attach_tc(model->dp, link, prog, behind, &err);
	if (ret == -ENODEV)
		return false; /* the device is being deleted */
	/* A port shows the error in its status. */
	if (xv_attachment_no_tc(model, link->ifindex, ret ? err.text : "") && ret)
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
	struct xv_model *model = ((struct xv_follow *)arg)->model;

	xv_underlay_link(model, link);
	xv_attachment_link(model, link);
	xv_local_link(model, link);
	xv_egress_link(model, link);
	if (link->ifindex == model->slow_ifindex)
		xv_slow_check(model);
	/*
	 * Before TCX the program hangs on a qdisc, which anybody may delete. Netlink reports that
	 * as a change of the link.
	 */
	xv_follow_program(model, link);
}

void xv_follow_second(void *arg)
{
	xv_egress_second(((struct xv_follow *)arg)->model, on_link, arg);
}

static void on_link_gone(void *arg, uint32_t ifindex, const char *name)
{
	struct xv_model *model = ((struct xv_follow *)arg)->model;

	(void)name;
	xv_underlay_link_gone(model, ifindex);
	xv_egress_link_gone(model, ifindex);
	xv_attachment_link_gone(model, ifindex);
	xv_local_link_gone(model, ifindex);
	if (ifindex == model->slow_ifindex)
		xv_slow_check(model);
}

static void on_features(void *arg, uint32_t ifindex, uint64_t features)
{
	const struct xv_follow *follow = arg;

	xv_underlay_features(follow->model, ifindex, features);
	xv_attachment_features(follow->model, ifindex, features);
}

/*
 * Starts the timer unless it runs already. Does nothing before xv_follow_start(), which makes the
 * timers.
 */
static void plan(struct event *timer, const struct timeval *delay)
{
	if (timer && !evtimer_pending(timer, NULL))
		evtimer_add(timer, delay);
}

static void on_address(void *arg)
{
	xv_follow_refresh_soon(arg);
}

static const struct timeval refresh_delay = {.tv_usec = REFRESH_DELAY_US};

static void on_route(void *arg, const struct xv_routes *changed)
{
	struct xv_follow *follow = arg;

	xv_routes_merge(&follow->changed, changed);
	plan(follow->refresh, &refresh_delay);
}

static void on_neigh(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		     bool kept)
{
	const struct xv_follow *follow = arg;

	xv_adjacency_neigh(follow->model, ifindex, ip, mac, kept);
}

/* Treats our devices that the kernel no longer has as deleted. */
static void forget_missing(struct xv_model *model)
{
	struct xv_port *port, *tmp;
	struct xv_link link;
	size_t i;

	HASH_ITER (hh, model->ports, port, tmp)
		if (port->ifindex &&
		    xv_netlink_get_link(model->nl, NULL, port->ifindex, &link, NULL) == -ENODEV)
			xv_attachment_link_gone(model, port->ifindex);
	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex &&
		    xv_netlink_get_link(model->nl, NULL, model->uplinks[i].ifindex, &link, NULL) ==
			    -ENODEV)
			xv_underlay_link_gone(model, model->uplinks[i].ifindex);
}

static void on_resync(void *arg)
{
	struct xv_follow *follow = arg;
	struct xv_model *model = follow->model;
	struct xv_err err;

	xv_log(LOG_NOTICE, "netlink notifications were lost; reading everything again");
	forget_missing(model);
	xv_egress_free_all(model);
	if (xv_vlan_load(model, &err))
		xv_log(LOG_ERR, "%s", err.text);
	xv_netlink_dump_links(model->nl, NULL);
	xv_slow_check(model);
	xv_xfrm_look_again(model->xfrm);
	xv_follow_refresh_soon(follow);
}

static const struct xv_netlink_ops netlink_ops = {
	.link = on_link,
	.link_gone = on_link_gone,
	.features = on_features,
	.address = on_address,
	.route = on_route,
	.neigh = on_neigh,
	.resync = on_resync,
};

int xv_follow_open(struct xv_model *model, struct xv_follow **out, struct xv_err *err)
{
	struct xv_follow *follow = calloc(1, sizeof(*follow));

	if (!follow)
		return xv_err_set(err, -ENOMEM, "out of memory");
	follow->model = model;
	*out = follow;
	return xv_netlink_open(&model->nl, &netlink_ops, follow, err);
}

static void on_netlink(evutil_socket_t fd, short what, void *arg)
{
	const struct xv_follow *follow = arg;

	(void)fd;
	(void)what;
	xv_netlink_dispatch(follow->model->nl);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	const struct xv_follow *follow = arg;

	(void)fd;
	(void)what;
	xv_slow_check(follow->model);
	xv_attachment_retry(follow->model);
}

static void on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct xv_follow *follow = arg;
	struct xv_routes changed = follow->changed;

	follow->changed = (struct xv_routes){};
	on_again(fd, what, arg);
	xv_local_write(follow->model);
	xv_underlay_groups(follow->model);
	xv_adjacency_refresh_routes(follow->model, &changed);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct xv_follow *follow = arg;

	follow->changed.all = true;
	on_refresh(fd, what, follow);
}

void xv_follow_again_later(struct xv_follow *follow)
{
	static const struct timeval delay = {.tv_sec = RETRY_DELAY_S};

	plan(follow->again, &delay);
}

void xv_follow_refresh_soon(struct xv_follow *follow)
{
	follow->changed.all = true;
	plan(follow->refresh, &refresh_delay);
}

void xv_follow_refresh_later(struct xv_follow *follow)
{
	static const struct timeval delay = {.tv_sec = RETRY_DELAY_S};

	plan(follow->retry, &delay);
}

int xv_follow_start(struct xv_follow *follow, struct xv_err *err)
{
	struct event_base *base = follow->model->base;
	int fds[2], i;

	follow->refresh = evtimer_new(base, on_refresh, follow);
	follow->retry = evtimer_new(base, on_retry, follow);
	follow->again = evtimer_new(base, on_again, follow);
	if (!follow->refresh || !follow->retry || !follow->again)
		return xv_err_set(err, -ENOMEM, "out of memory");
	xv_netlink_fds(follow->model->nl, fds);
	for (i = 0; i < 2; i++) {
		if (fds[i] < 0)
			continue;
		follow->nl_events[i] = event_new(base, fds[i], EV_READ | EV_PERSIST, on_netlink,
						 follow);
		if (!follow->nl_events[i])
			return xv_err_set(err, -ENOMEM, "out of memory");
		event_add(follow->nl_events[i], NULL);
	}
	return 0;
}

void xv_follow_stop(struct xv_follow *follow)
{
	int i;

	if (!follow)
		return;
	for (i = 0; i < 2; i++)
		if (follow->nl_events[i])
			event_free(follow->nl_events[i]);
	if (follow->refresh)
		event_free(follow->refresh);
	if (follow->retry)
		event_free(follow->retry);
	if (follow->again)
		event_free(follow->again);
	free(follow);
}
