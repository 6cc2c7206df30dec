/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over the objects that a view shows: see scan.h. */
#include <string.h>

#include "maps/stats.h"
#include "serve/scan.h"

enum {
	NSEC_PER_SEC = 1000000000,
};

const struct xv_netlink_counts *xv_view_device(const struct xv_view *view, uint32_t ifindex)
{
	return xv_netlink_counts_find(view->devices, view->n_devices, ifindex);
}

uint64_t xv_view_age(uint64_t now, uint64_t seen)
{
	return now > seen ? ((now - seen) << XV_SEEN_SHIFT) / NSEC_PER_SEC : 0;
}

struct xv_network *xv_view_network(struct xv_view *view)
{
	struct xv_network *net;

	while (view->pos < XV_MAX_NETWORKS) {
		net = view->model->by_bd[view->pos++];
		if (net && (!view->filter.bd || view->filter.bd == net->bd))
			return net;
	}
	return NULL;
}

struct xv_port *xv_view_port(struct xv_view *view)
{
	struct xv_port *port;

	while (view->pos < XV_MAX_PORTS) {
		port = view->model->port_by_id[view->pos++];
		if (!port || !xv_selection_has_port(&view->filter, port))
			continue;
		if (!view->filter.bd || view->filter.bd == port->net->bd)
			return port;
	}
	return NULL;
}

struct xv_peer *xv_view_peer(struct xv_view *view)
{
	struct xv_peer *peer;

	while (view->pos < XV_MAX_PEERS) {
		peer = view->model->peer_by_id[view->pos++];
		if (peer && (!view->filter.peer || view->filter.peer == peer->id))
			return peer;
	}
	return NULL;
}

void xv_view_put_device(const struct xv_view *view, struct xv_row *row, unsigned int first,
			uint32_t ifindex)
{
	const struct xv_netlink_counts *device = ifindex ? xv_view_device(view, ifindex) : NULL;

	if (!device)
		return;
	xv_row_number(row, first, device->rx_dropped);
	xv_row_number(row, first + 1, device->tx_dropped);
	xv_row_number(row, first + 2, device->qdisc_dropped);
	xv_row_number(row, first + 3, device->rx_errors);
	xv_row_number(row, first + 4, device->tx_errors);
}
