/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters of others at ports: see port_filters.h. */
#include <string.h>

#include "kernel/attach.h"
#include "log.h"
#include "model/port_device.h"
#include "model/port_filters.h"

enum {
	PORTS_A_SECOND = 256, /* half a millisecond */
};

uint32_t xv_port_filters_flags(enum xv_port_filters set)
{
	switch (set) {
	case XV_FILTERS_BEFORE:
		return XV_PORT_FILTERS_BEFORE;
	case XV_FILTERS_IGNORE:
		return XV_PORT_FILTERS_IGNORE;
	case XV_FILTERS_AUTO:
		break;
	}
	return 0;
}

enum xv_port_filters xv_port_filters_mode(uint32_t flags)
{
	if (flags & XV_PORT_FILTERS_BEFORE)
		return XV_FILTERS_BEFORE;
	return flags & XV_PORT_FILTERS_IGNORE ? XV_FILTERS_IGNORE : XV_FILTERS_AUTO;
}

bool xv_port_filters_behind(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_port *port;

	for (port = model->ports; port; port = port->hh.next)
		if (port->ifindex == ifindex && port->set_filters == XV_FILTERS_BEFORE)
			return true;
	return false;
}

void xv_port_filters_place(struct xv_model *model, struct xv_port *port)
{
	bool behind = xv_port_filters_behind(model, port->ifindex);
	struct xv_err err = {.text = ""};

	if (xv_attach_is_behind(model->dp->pin_dir, port->ifindex) != behind &&
	    xv_datapath_attach_tc(model->dp, &port->link, XV_PROG_ENCAP, behind, &err))
		xv_log(LOG_ERR, "port %s: %s", port->key.dev, err.text);
}

/* Of a device whose VLANs are ports one tells it. */
static bool is_first_of_device(const struct xv_model *model, const struct xv_port *port)
{
	const struct xv_port *other;

	for (other = model->ports; other && other->ifindex != port->ifindex; other = other->hh.next)
		;
	return other == port;
}

void xv_port_filters_update(struct xv_model *model, struct xv_port *port)
{
	bool behind = xv_attach_is_behind(model->dp->pin_dir, port->ifindex);
	char before[XV_FILTERS_LEN];

	memcpy(before, port->filters.skipped, sizeof(before));
	xv_filters_look(model->dp->pin_dir, &port->link, behind, &port->filters);
	if (port->set_filters == XV_FILTERS_IGNORE || !port->filters.skipped[0])
		return;
	if (!port->status[0])
		snprintf(port->status, sizeof(port->status), "do not see its frames: %s",
			 port->filters.skipped);
	if (strcmp(before, port->filters.skipped) && is_first_of_device(model, port))
		xv_log(LOG_WARNING,
		       "port %s: filters of others do not see its frames: %s (\"filters\" in "
		       "xvtep.yaml(5) says what can be done)",
		       port->key.dev, port->filters.skipped);
}

void xv_port_filters_second(struct xv_model *model)
{
	uint32_t id = model->filters_next, left = PORTS_A_SECOND, n, mark;
	struct xv_port *port;

	for (n = 0; n < XV_MAX_PORTS && left; n++) {
		id = (id + 1) % XV_MAX_PORTS;
		port = model->port_by_id[id];
		if (!port || !port->ifindex || port->key.vlan)
			continue;
		left--;
		mark = xv_filters_mark(port->ifindex);
		if (mark != port->filters_mark)
			port_look_again(model, port);
		port->filters_mark = mark;
	}
	model->filters_next = id;
}
