/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks what no notification reports: see watch.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/attach.h"
#include "log.h"
#include "model/attachment.h"
#include "model/ingress.h"
#include "model/underlay.h"
#include "model/uplink.h"
#include "sources/follow.h"
#include "sources/other.h"
#include "sources/watch.h"
#include "turn.h"

enum {
	PORTS_A_SECOND = 256, /* a few system calls each, some under the RTNL lock */
};

struct xv_watch {
	struct xv_model *model;
	uint32_t at; /* the port that was looked at last */
	struct xv_other other;
};

/*
 * Attaches the TC ingress program again if it is missing. The kernel does not report that a link
 * was detached.
 */
static size_t check_tc(struct xv_model *model, uint32_t ifindex)
{
	struct xv_link link;

	if (!ifindex || xv_attach_has_tc(model->dp->pin_dir, ifindex, false) ||
	    xv_attach_has_tc(model->dp->pin_dir, ifindex, true) ||
	    xv_netlink_get_link(model->nl, NULL, ifindex, &link, NULL))
		return 0;
	return xv_follow_program(model, &link);
}

static size_t check_maps(struct xv_model *model)
{
	struct xv_err err = {.text = ""};
	int n = xv_datapath_pin_again(model->dp, &err);

	if (n < 0)
		xv_log_limited(LOG_ERR, 0, "%s", err.text);
	if (n > 0)
		xv_log(LOG_WARNING, "pins of %d maps in %s were taken away; made again", n,
		       model->dp->pin_dir);
	return n > 0 ? n : 0;
}

/* Checks the next ports, at most n. */
static size_t check_ports(struct xv_watch *watch, size_t n)
{
	struct xv_model *model = watch->model;
	size_t mended = 0, i;
	struct xv_port *port;

	for (i = 0; n && i < XV_MAX_PORTS; i++) {
		watch->at = (watch->at + 1) % XV_MAX_PORTS;
		port = model->port_by_id[watch->at];
		if (!port || !port->ifindex)
			continue;
		if (port->no_tc[0] && xv_attach_has_tc(model->dp->pin_dir, port->ifindex, false))
			xv_attachment_no_tc(model, port->ifindex, "");
		mended += check_tc(model, port->ifindex);
		mended += xv_ingress_xdp_mend(model, port);
		n--;
		xv_turn_give_way();
	}
	return mended;
}

static size_t check(struct xv_watch *watch, size_t ports)
{
	struct xv_model *model = watch->model;
	size_t mended = check_maps(model), i;

	for (i = 0; i < model->n_uplinks; i++) {
		mended += check_tc(model, model->uplinks[i].ifindex);
		mended += xv_underlay_mend(model, &model->uplinks[i]);
	}
	mended += check_tc(model, model->slow_ifindex);
	return mended + check_ports(watch, ports);
}

size_t xv_watch_all(struct xv_watch *watch)
{
	return check(watch, XV_MAX_PORTS);
}

void xv_watch_second(void *arg)
{
	struct xv_watch *watch = arg;

	check(watch, PORTS_A_SECOND);
	xv_log_second();
	xv_other_second(watch->model, &watch->other);
}

int xv_watch_start(struct xv_model *model, struct xv_watch **out, struct xv_err *err)
{
	struct xv_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return xv_err_set(err, -ENOMEM, "out of memory");
	watch->model = model;
	*out = watch;
	return 0;
}

void xv_watch_stop(struct xv_watch *watch)
{
	free(watch);
}
