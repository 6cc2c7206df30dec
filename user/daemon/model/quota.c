/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of learned MACs: see quota.h. */
#include <stdio.h>

#include "log.h"
#include "model/mac_table.h"
#include "model/quota.h"

enum {
	CALM_SHARE = 8, /* a shortage has ended when this part of the limit is free */
};

void xv_quota_take(struct xv_model *model, struct xv_network *net, struct xv_place place)
{
	struct xv_port *port = xv_place_port(model, place);

	net->learned++;
	if (port)
		port->learned++;
}

void xv_quota_give(struct xv_model *model, struct xv_network *net, struct xv_place place)
{
	struct xv_port *port = xv_place_port(model, place);

	if (net && net->learned)
		net->learned--;
	if (port && port->learned)
		port->learned--;
}

bool xv_quota_place_has_room(const struct xv_model *model, struct xv_place place)
{
	const struct xv_port *port = xv_place_port(model, place);

	return !port || !port->max_macs || port->learned < port->max_macs;
}

static void tell_network(const struct xv_network *net)
{
	char limit[40] = "the FDB has no room";

	if (net->learned >= net->set.max_macs)
		snprintf(limit, sizeof(limit), "its max-macs is %u", net->set.max_macs);
	xv_log_limited(LOG_WARNING, net->bd,
		       "network %s: %u MACs are learned, and %s: further MACs are not learned, and "
		       "frames to them are flooded",
		       net->set.name, net->learned, limit);
}

void xv_quota_deny_network(struct xv_model *model, struct xv_network *net)
{
	net->quota_denied++;
	if (!net->short_of_room) {
		tell_network(net);
		net->short_of_room = true;
		model->n_short++;
	}
	if (net->full)
		return;
	net->full = true;
	xv_network_write(model, net);
}

void xv_quota_deny_port(struct xv_model *model, struct xv_port *port)
{
	char text[XV_PORT_STRLEN];

	port->quota_denied++;
	if (!port->short_of_room) {
		xv_log_limited(
			LOG_WARNING, port->net->bd,
			"port %s of network %s: %u MACs are learned there, and its max-macs "
			"is %u: further MACs are not learned, and frames to them are flooded",
			xv_port_text(port, text), port->net->set.name, port->learned,
			port->max_macs);
		port->short_of_room = true;
		model->n_short++;
	}
	if (port->full)
		return;
	port->full = true;
	xv_port_write(model, port);
}

static bool is_calm(uint32_t have, uint32_t limit)
{
	return have <= limit - limit / CALM_SHARE;
}

/* Tells the programs that there is room, once there is some. */
static void open_network(struct xv_model *model, struct xv_network *net)
{
	if (!net->full || net->learned >= net->set.max_macs ||
	    xv_mac_table_count(model) >= XV_MAX_FDB)
		return;
	net->full = false;
	xv_network_write(model, net);
}

static void open_port(struct xv_model *model, struct xv_port *port)
{
	if (!port->full || (port->max_macs && port->learned >= port->max_macs))
		return;
	port->full = false;
	xv_port_write(model, port);
}

/* Ends a shortage: the next one is told again. */
static void calm_network(struct xv_model *model, struct xv_network *net)
{
	if (!net->short_of_room || net->full || !is_calm(net->learned, net->set.max_macs))
		return;
	net->short_of_room = false;
	model->n_short--;
	xv_log_limited(LOG_NOTICE, net->bd, "network %s: there is room for MACs again, %u of %u",
		       net->set.name, net->learned, net->set.max_macs);
}

static void calm_port(struct xv_model *model, struct xv_port *port)
{
	char text[XV_PORT_STRLEN];

	if (!port->short_of_room || port->full ||
	    (port->max_macs && !is_calm(port->learned, port->max_macs)))
		return;
	port->short_of_room = false;
	model->n_short--;
	xv_log_limited(LOG_NOTICE, port->net->bd,
		       "port %s of network %s: there is room for MACs again",
		       xv_port_text(port, text), port->net->set.name);
}

void xv_quota_room(struct xv_model *model)
{
	struct xv_network *net;
	struct xv_port *port;

	if (!model->n_short) /* what is full is short of room too */
		return;
	for (net = model->networks; net; net = net->hh.next) {
		open_network(model, net);
		calm_network(model, net);
	}
	for (port = model->ports; port; port = port->hh.next) {
		open_port(model, port);
		calm_port(model, port);
	}
}
