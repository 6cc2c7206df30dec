/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: see watch.h. */
#include <errno.h>

#include "kernel/attach.h"
#include "model/flood.h"
#include "sources/follow.h"
#include "log.h"
#include "sources/other.h"
#include "model/pmtu.h"
#include "model/port_filters.h"
#include "model/port_xdp.h"
#include "model/uplink.h"
#include "sources/watch.h"

enum {
	PORTS_A_SECOND = 256, /* each is a few system calls, some under the kernel's RTNL lock */
};

/* A program that was taken off TC ingress: nothing tells of a link that is detached. */
static size_t check_tc(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_link link;

	if (!ifindex || xv_attach_has_tc(inst->dp->pin_dir, ifindex, false) ||
	    xv_attach_has_tc(inst->dp->pin_dir, ifindex, true) ||
	    xv_netlink_get_link(inst->nl, NULL, ifindex, &link, NULL))
		return 0;
	return xv_follow_program(inst, &link);
}

static size_t check_maps(struct xv_instance *inst)
{
	struct xv_err err = {.text = ""};
	int n = xv_datapath_pin_again(inst->dp, &err);

	if (n < 0)
		xv_log_limited(LOG_ERR, 0, "%s", err.text);
	if (n > 0)
		xv_log(LOG_WARNING, "pins of %d maps in %s were taken away; made again", n,
		       inst->dp->pin_dir);
	return n > 0 ? n : 0;
}

/* Ports in turns, at most n of them. */
static size_t check_ports(struct xv_instance *inst, size_t n)
{
	size_t mended = 0, i;
	struct xv_port *port;

	for (i = 0; n && i < XV_MAX_PORTS; i++) {
		inst->watch_at = (inst->watch_at + 1) % XV_MAX_PORTS;
		port = inst->port_by_id[inst->watch_at];
		if (!port || !port->ifindex)
			continue;
		if (port->no_tc[0] && xv_attach_has_tc(inst->dp->pin_dir, port->ifindex, false))
			xv_port_no_tc(inst, port->ifindex, "");
		mended += check_tc(inst, port->ifindex);
		mended += xv_port_xdp_mend(inst, port);
		n--;
	}
	return mended;
}

static size_t check(struct xv_instance *inst, size_t ports)
{
	size_t mended = check_maps(inst), i;

	for (i = 0; i < inst->n_uplinks; i++) {
		mended += check_tc(inst, inst->uplinks[i].ifindex);
		mended += xv_uplink_mend(inst, &inst->uplinks[i]);
	}
	mended += check_tc(inst, inst->slow_ifindex);
	return mended + check_ports(inst, ports);
}

size_t xv_watch_all(struct xv_instance *inst)
{
	return check(inst, XV_MAX_PORTS);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check(arg, PORTS_A_SECOND);
	xv_flood_retry(arg);
	xv_log_second();
	xv_pmtu_second(arg);
	xv_uplink_second(arg);
	xv_port_filters_second(arg);
	xv_other_second(arg);
}

int xv_watch_start(struct xv_instance *inst, struct xv_err *err)
{
	struct timeval second = {.tv_sec = 1};

	inst->second = event_new(inst->base, -1, EV_PERSIST, on_second, inst);
	if (!inst->second)
		return xv_err_set(err, -ENOMEM, "out of memory");
	event_add(inst->second, &second);
	return 0;
}

void xv_watch_stop(struct xv_instance *inst)
{
	if (inst->second)
		event_free(inst->second);
	inst->second = NULL;
}
