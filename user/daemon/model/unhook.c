/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs taken off tenant devices by and by: see unhook.h. */
#include <errno.h>
#include <stdlib.h>

#include "kernel/attach.h"
#include "model/port.h"
#include "model/unhook.h"

enum {
	PAUSE_US = 1000, /* between two devices: others have their turn */
};

struct xv_unhook {
	struct event *timer;
	uint32_t *devices;
	size_t n, room;
};

/* untagged: not by a VLAN of it, whose frames only the TC program takes. */
static bool is_used(const struct xv_instance *inst, uint32_t ifindex, bool untagged)
{
	const struct xv_port *port;
	size_t i;

	for (port = inst->ports; port; port = port->hh.next)
		if (port->ifindex == ifindex && !(untagged && port->key.vlan))
			return true;
	for (i = 0; i < inst->n_uplinks; i++)
		if (inst->uplinks[i].ifindex == ifindex)
			return true;
	return ifindex == inst->slow_ifindex;
}

static void let_go(const struct xv_instance *inst, uint32_t ifindex)
{
	if (!is_used(inst, ifindex, true))
		xv_detach_xdp(inst->dp->pin_dir, ifindex);
	if (!is_used(inst, ifindex, false))
		xv_detach_tc(inst->dp->pin_dir, ifindex);
}

static void run_soon(struct xv_unhook *unhook)
{
	struct timeval pause = {.tv_usec = PAUSE_US};

	if (unhook->n && !evtimer_pending(unhook->timer, NULL))
		evtimer_add(unhook->timer, &pause);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct xv_instance *inst = arg;
	struct xv_unhook *unhook = inst->unhook;

	(void)fd;
	(void)what;
	let_go(inst, unhook->devices[--unhook->n]);
	run_soon(unhook);
}

int xv_unhook_start(struct xv_instance *inst, struct xv_err *err)
{
	inst->unhook = calloc(1, sizeof(*inst->unhook));
	if (inst->unhook)
		inst->unhook->timer = evtimer_new(inst->base, on_timer, inst);
	if (!inst->unhook || !inst->unhook->timer)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

void xv_unhook_stop(struct xv_instance *inst)
{
	if (!inst->unhook)
		return;
	if (inst->unhook->timer)
		event_free(inst->unhook->timer);
	free(inst->unhook->devices);
	free(inst->unhook);
	inst->unhook = NULL;
}

static int reserve(struct xv_unhook *unhook)
{
	size_t room = unhook->room ? 2 * unhook->room : 16;
	uint32_t *bigger;

	if (unhook->n < unhook->room)
		return 0;
	bigger = reallocarray(unhook->devices, room, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	unhook->devices = bigger;
	unhook->room = room;
	return 0;
}

void xv_unhook_later(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_unhook *unhook = inst->unhook;

	if (!xv_attach_is_pinned(inst->dp->pin_dir, ifindex) || reserve(unhook)) {
		let_go(inst, ifindex);
		return;
	}
	unhook->devices[unhook->n++] = ifindex;
	run_soon(unhook);
}

static void look_at(void *arg, uint32_t ifindex)
{
	struct xv_instance *inst = arg;

	if (!is_used(inst, ifindex, true))
		xv_unhook_later(inst, ifindex);
}

void xv_unhook_leftovers(struct xv_instance *inst)
{
	xv_attach_each(inst->dp->pin_dir, look_at, inst);
}
