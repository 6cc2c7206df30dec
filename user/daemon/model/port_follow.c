/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices of ports as netlink tells of them: they come, change, are renamed and go. */
#include <errno.h>
#include <string.h>

#include "model/fdb.h"
#include "log.h"
#include "model/port_device.h"

/* A line for a device, however many VLANs of it are ports: n. */
static void log_ports(const char *dev, size_t n, const char *what)
{
	if (n == 1)
		xv_log(LOG_NOTICE, "port %s: %s", dev, what);
	else if (n)
		xv_log(LOG_NOTICE, "port %s: %s (%zu of its VLANs)", dev, what, n);
}

/*
 * Renamed away: to us the old name is gone. Ports that lose their device stay, but what was learned
 * behind it goes, of all of them at once: a trunk may have thousands, and each look is at the whole
 * FDB.
 */
void port_check_renamed(struct xv_model *model, const struct xv_link *link)
{
	struct xv_port *port, *tmp;
	const char *dev = NULL;
	char what[64];
	size_t lost = 0;

	HASH_ITER (hh, model->ports, port, tmp) {
		if (port->ifindex != link->ifindex || !strcmp(port->key.dev, link->name))
			continue;
		dev = port->key.dev;
		port_detach(model, port, true);
		snprintf(port->status, sizeof(port->status), "renamed to %s", link->name);
		lost++;
	}
	if (lost)
		xv_fdb_flush_lost(model);
	snprintf(what, sizeof(what), "renamed to %s, let go", link->name);
	log_ports(dev, lost, what);
}

void xv_port_link(struct xv_model *model, const struct xv_link *link)
{
	struct xv_err err = {.text = ""};
	struct xv_port *port, *tmp;
	size_t attached = 0;
	bool lost = false;

	port_check_renamed(model, link);
	if (xv_port_has_device(model, link->ifindex))
		port_set_promisc(model, link); /* somebody else may have taken it off */
	HASH_ITER (hh, model->ports, port, tmp) {
		if (strcmp(port->key.dev, link->name))
			continue;
		if (port->ifindex == link->ifindex) {
			port->link = *link;
			port_look_again(model, port);
		} else if (port->ifindex) {
			port_detach(model, port, false);
			lost = true;
		}
	}
	if (lost)
		xv_fdb_flush_lost(model);
	HASH_ITER (hh, model->ports, port, tmp)
		if (!port->ifindex && !strcmp(port->key.dev, link->name))
			attached += !port_attach(model, port, link, &err);
	log_ports(link->name, attached, "attached");
}

void xv_port_retry(struct xv_model *model)
{
	struct xv_err err = {.text = ""};
	struct xv_port *port, *tmp;
	const char *dev = ""; /* asked for last: the VLANs of a trunk follow each other */
	struct xv_link link;
	int ret = 0;

	HASH_ITER (hh, model->ports, port, tmp) {
		if (!port->retry)
			continue;
		if (strcmp(dev, port->key.dev))
			ret = xv_netlink_get_link(model->nl, port->key.dev, 0, &link, NULL);
		dev = port->key.dev;
		port->retry = ret != -ENODEV; /* netlink tells when it comes back */
		if (!ret)
			log_ports(link.name, !port_attach(model, port, &link, &err), "attached");
		else if (port->retry)
			xv_signal_send(&model->signals.again);
		else
			snprintf(port->status, sizeof(port->status), "no such device");
	}
}

bool xv_port_no_tc(struct xv_model *model, uint32_t ifindex, const char *text)
{
	char now[sizeof(((struct xv_port *)0)->no_tc)];
	struct xv_port *port, *tmp;
	bool changed = false;

	snprintf(now, sizeof(now), "%s", text);
	HASH_ITER (hh, model->ports, port, tmp) {
		if (port->ifindex != ifindex || !strcmp(port->no_tc, now))
			continue;
		memcpy(port->no_tc, now, sizeof(now));
		port_look_again(model, port);
		changed = true;
	}
	return changed;
}

void xv_port_link_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_port *port, *tmp;
	const char *dev = NULL;
	size_t lost = 0;

	HASH_ITER (hh, model->ports, port, tmp) {
		if (port->ifindex != ifindex)
			continue;
		dev = port->key.dev;
		port_detach(model, port, false);
		snprintf(port->status, sizeof(port->status),
			 "device is gone; attached again when it comes back");
		lost++;
	}
	if (lost)
		xv_fdb_flush_lost(model);
	log_ports(dev, lost, "device is gone");
}

void xv_port_features(struct xv_model *model, uint32_t ifindex, uint64_t features)
{
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp) {
		if (port->ifindex != ifindex)
			continue;
		port->link.xdp_features = features;
		port_look_again(model, port);
	}
}
