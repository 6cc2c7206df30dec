/* SPDX-License-Identifier: GPL-2.0-only */
/* Detaches programs from former ports' devices: see unhook.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/attach.h"
#include "maps/links.h"
#include "model/port.h"
#include "model/unhook.h"
#include "model/uplink.h"
#include "grow.h"

enum {
	PAUSE_US = 1000, /* between two devices, for other events */
};

struct xv_unhook {
	struct event *timer;
	uint32_t *devices;
	size_t n, room;
};

/*
 * Whether something uses the device. untagged: VLANs of the device do not count, whose frames only
 * the TC program handles.
 */
static bool is_used(const struct xv_model *model, uint32_t ifindex, bool untagged)
{
	const struct xv_port *port;
	size_t i;

	for (port = xv_port_at(model, ifindex); port; port = port->next_at)
		if (!(untagged && port->key.vlan))
			return true;
	for (i = 0; i < model->n_uplinks; i++)
		if (model->uplinks[i].ifindex == ifindex)
			return true;
	return ifindex == model->slow_ifindex;
}

static void let_go(const struct xv_model *model, uint32_t ifindex)
{
	if (!is_used(model, ifindex, true))
		xv_detach_xdp(model->dp->pin_dir, ifindex);
	if (!is_used(model, ifindex, false))
		xv_detach_tc(model->dp->pin_dir, ifindex);
}

static void run_soon(struct xv_unhook *unhook)
{
	struct timeval pause = {.tv_usec = PAUSE_US};

	if (unhook->n && !evtimer_pending(unhook->timer, NULL))
		evtimer_add(unhook->timer, &pause);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct xv_model *model = arg;
	struct xv_unhook *unhook = model->unhook;

	(void)fd;
	(void)what;
	let_go(model, unhook->devices[--unhook->n]);
	run_soon(unhook);
}

int xv_unhook_start(struct xv_model *model, struct xv_err *err)
{
	model->unhook = calloc(1, sizeof(*model->unhook));
	if (model->unhook)
		model->unhook->timer = evtimer_new(model->base, on_timer, model);
	if (!model->unhook || !model->unhook->timer)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

void xv_unhook_stop(struct xv_model *model)
{
	if (!model->unhook)
		return;
	if (model->unhook->timer)
		event_free(model->unhook->timer);
	free(model->unhook->devices);
	free(model->unhook);
	model->unhook = NULL;
}

void xv_unhook_later(struct xv_model *model, uint32_t ifindex)
{
	struct xv_unhook *unhook = model->unhook;

	if (!xv_attach_is_pinned(model->dp->pin_dir, ifindex) ||
	    xv_grow(&unhook->devices, unhook->n, &unhook->room, sizeof(*unhook->devices))) {
		let_go(model, ifindex);
		return;
	}
	unhook->devices[unhook->n++] = ifindex;
	run_soon(unhook);
}

static void look_at(void *arg, uint32_t ifindex)
{
	struct xv_model *model = arg;

	if (!is_used(model, ifindex, true))
		xv_unhook_later(model, ifindex);
}

void xv_unhook_leftovers(struct xv_model *model)
{
	xv_links_each(model->dp->pin_dir, look_at, model);
}
