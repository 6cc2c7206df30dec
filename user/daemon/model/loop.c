/* SPDX-License-Identifier: GPL-2.0-only */
/* Loops between two ports: see loop.h. */
#include <string.h>

#include "log.h"
#include "model/loop.h"
#include "model/port_device.h"

#define SECOND 1000000000ULL
#define AGAIN  (60 * SECOND) /* a loop that is found within this time is the same one */

uint32_t xv_loop_hold(uint32_t before, uint64_t until, uint64_t now)
{
	if (!before || now - until >= AGAIN)
		return XV_LOOP_HOLD_SECONDS;
	return before < XV_LOOP_HOLD_MAX_SECONDS / 2 ? 2 * before : XV_LOOP_HOLD_MAX_SECONDS;
}

void xv_loop_found(struct xv_instance *inst, struct xv_network *net, struct xv_place first,
		   struct xv_place second, uint64_t now)
{
	struct xv_port *one = xv_place_port(inst, first), *two = xv_place_port(inst, second);
	char name[XV_PORT_STRLEN];

	if (!net->set.loop_detect || !one || !two || one->net != net || two->net != net ||
	    one->loop.on || two->loop.on)
		return;
	two->loop.seconds = xv_loop_hold(two->loop.seconds, two->loop.until, now);
	two->loop.on = true;
	two->loop.until = now + two->loop.seconds * SECOND;
	snprintf(two->loop.other, sizeof(two->loop.other), "%s", xv_port_text(one, name));
	net->loops++;
	port_look_again(inst, two);
	xv_log_limited(LOG_WARNING, net->bd,
		       "network %s: ports %s and %s are in a loop: frames to groups and unknown "
		       "MACs from and to %s are dropped for %u seconds",
		       net->set.name, two->loop.other, xv_port_text(two, name), name,
		       two->loop.seconds);
}

static void release(struct xv_instance *inst, struct xv_port *port)
{
	port->loop.on = false;
	port_look_again(inst, port);
}

void xv_loop_release(struct xv_instance *inst, const struct xv_network *net)
{
	struct xv_port *port;

	for (port = inst->ports; port; port = port->hh.next)
		if (port->loop.on && port->net == net)
			release(inst, port);
}

void xv_loop_tick(struct xv_instance *inst, uint64_t now)
{
	struct xv_port *port;

	for (port = inst->ports; port; port = port->hh.next)
		if (port->loop.on && now >= port->loop.until)
			release(inst, port);
}
