/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of what is configured: networks, ports, flood lists and peers. */
#include "config/config_words.h"
#include "link_local.h"
#include "maps/stats.h"
#include "model/flood.h"
#include "model/flood_row.h"
#include "model/group.h"
#include "model/ids.h"
#include "model/uplink.h"
#include "serve/view_object.h"

static const char *origin(uint32_t origins)
{
	return origins & XV_ORIGIN_CONFIG ? "config" : "runtime";
}

bool xv_view_next_network(struct xv_view *view, struct xv_row *row)
{
	const struct xv_network *net = xv_view_network(view);
	char text[XV_LINK_LOCAL_STRLEN];
	size_t i, ports = 0;

	if (!net)
		return false;
	for (i = 0; i < net->n_flood; i++)
		ports += xv_flood_is_port(&net->flood[i]);
	xv_row_number(row, XV_COL_NETWORK_VNI, net->vni);
	xv_row_text(row, XV_COL_NETWORK_NAME, net->set.name);
	xv_row_number(row, XV_COL_NETWORK_PORTS, ports);
	xv_row_number(row, XV_COL_NETWORK_REMOTES, net->n_flood - ports);
	xv_row_number(row, XV_COL_NETWORK_LEARNING, net->set.learning);
	xv_row_number(row, XV_COL_NETWORK_AGEING, net->set.ageing);
	xv_row_number(row, XV_COL_NETWORK_LEARNED, net->learned);
	xv_row_number(row, XV_COL_NETWORK_MAX_MACS, net->set.max_macs);
	xv_row_number(row, XV_COL_NETWORK_DENIED, net->quota_denied);
	xv_row_number(row, XV_COL_NETWORK_MOVES, net->moves);
	xv_row_number(row, XV_COL_NETWORK_DUPLICATES, net->duplicates);
	xv_row_number(row, XV_COL_NETWORK_LOOPS, net->loops);
	xv_row_number(row, XV_COL_NETWORK_LEARN_RATE, net->set.learn_rate);
	xv_row_text(row, XV_COL_NETWORK_INNER_VLAN, net->set.inner_vlan ? "keep" : "drop");
	xv_row_number(row, XV_COL_NETWORK_LOOP_DETECT, net->set.loop_detect);
	xv_row_text(row, XV_COL_NETWORK_LINK_LOCAL,
		    xv_link_local_format(net->set.link_local, text));
	xv_row_number(row, XV_COL_NETWORK_BD, net->bd);
	xv_row_text(row, XV_COL_NETWORK_ORIGIN, origin(net->origins));
	return true;
}

bool xv_view_next_port(struct xv_view *view, struct xv_row *row)
{
	const struct xv_port *port = xv_view_port(view);

	if (!port)
		return false;
	xv_row_text(row, XV_COL_PORT_DEV, port->key.dev);
	xv_row_number(row, XV_COL_PORT_VLAN, port->key.vlan);
	xv_row_text(row, XV_COL_PORT_NETWORK, port->net->set.name);
	xv_row_number(row, XV_COL_PORT_VNI, port->net->vni);
	xv_row_number(row, XV_COL_PORT_UP, port->ifindex && port->link.flags & IFF_UP);
	xv_row_number(row, XV_COL_PORT_CARRIER, port->ifindex && xv_link_runs(&port->link));
	xv_row_text(row, XV_COL_PORT_DELIVERY, xv_port_delivery(view->model, port));
	xv_row_number(row, XV_COL_PORT_DIRECT, port->direct);
	xv_row_text(row, XV_COL_PORT_ENCAP, xv_port_encap(port));
	xv_row_text(row, XV_COL_PORT_NO_XDP, port->no_xdp);
	xv_row_text(row, XV_COL_PORT_FILTERS, xv_port_filters_name(port->set_filters));
	xv_row_text(row, XV_COL_PORT_FILTERS_SEEN, port->filters.seen);
	xv_row_text(row, XV_COL_PORT_FILTERS_SKIPPED, port->filters.skipped);
	if (port->ifindex) {
		xv_row_number(row, XV_COL_PORT_MTU, port->link.mtu);
		xv_row_number(row, XV_COL_PORT_IFINDEX, port->ifindex);
	}
	xv_row_number(row, XV_COL_PORT_ID, port->id);
	xv_row_number(row, XV_COL_PORT_LEARNED, port->learned);
	if (port->max_macs)
		xv_row_number(row, XV_COL_PORT_MAX_MACS, port->max_macs);
	xv_row_number(row, XV_COL_PORT_DENIED, port->quota_denied);
	xv_row_text(row, XV_COL_PORT_ORIGIN, origin(port->origins));
	xv_row_text(row, XV_COL_PORT_STATUS, port->status);
	return true;
}

/* What a row shows while a changed flood list could not be written. */
static const char *const flood_states[] = {
	[XV_FLOOD_READ] = NULL,
	[XV_FLOOD_LEAVING] = "not wanted any more, but programs read it until the new list can be "
			     "written, which is tried every second",
	[XV_FLOOD_COMING] = "not read by programs yet: the new list could not be written, which is "
			    "tried every second",
};

static void flood_row(const struct xv_view *view, const struct xv_network *net,
		      const struct xv_flood_row *flood, struct xv_row *row)
{
	const struct xv_flood_member *member = &flood->member;
	const struct xv_group *group;
	const struct xv_port *port;
	uint32_t origins = xv_flood_origins(member);

	xv_row_text(row, XV_COL_FLOOD_NETWORK, net->set.name);
	xv_row_number(row, XV_COL_FLOOD_VNI, net->vni);
	if (xv_flood_is_port(member)) {
		port = xv_port_of(view->model, member->val.id);
		xv_row_text(row, XV_COL_FLOOD_TYPE, "port");
		if (port) {
			xv_row_text(row, XV_COL_FLOOD_DEV, port->key.dev);
			xv_row_number(row, XV_COL_FLOOD_VLAN, port->key.vlan);
			origins = port->origins;
		}
	} else {
		group = member->val.kind == XV_FDB_GROUP
				? xv_group_by_id(view->model, member->val.id)
				: NULL;
		xv_row_text(row, XV_COL_FLOOD_TYPE, group ? "group" : "peer");
		if (group && group->dev[0])
			xv_row_text(row, XV_COL_FLOOD_DEV, group->dev);
		if (group && group->status[0])
			xv_row_text(row, XV_COL_FLOOD_STATUS, group->status);
		xv_row_ip(row, XV_COL_FLOOD_REMOTE, &member->val.remote);
	}
	xv_row_text(row, XV_COL_FLOOD_ORIGIN, origin(origins));
	if (flood_states[flood->state])
		xv_row_text(row, XV_COL_FLOOD_STATUS, flood_states[flood->state]);
}

bool xv_view_next_flood(struct xv_view *view, struct xv_row *row)
{
	const struct xv_network *net;
	struct xv_flood_row flood;

	/* pos stays at the network until all of its flood list is shown. */
	while ((net = xv_view_network(view))) {
		if (xv_flood_row_next(view->model, net, &view->sub, &flood)) {
			flood_row(view, net, &flood, row);
			view->pos = net->bd;
			return true;
		}
		view->sub = 0;
	}
	return false;
}

static const char *device_name(const struct xv_model *model, uint32_t ifindex,
			       char buf[IF_NAMESIZE])
{
	size_t i;

	for (i = 0; i < model->n_uplinks; i++) {
		if (model->uplinks[i].ifindex == ifindex)
			return model->uplinks[i].dev;
	}
	return if_indextoname(ifindex, buf);
}

/*
 * Shows when frames of the peer were last accepted. Shows silent if none ever was, although frames
 * were sent to the peer.
 */
static void put_heard(struct xv_model *model, const struct xv_peer *peer, struct xv_row *row)
{
	uint64_t seen = xv_stats_heard(model->dp, peer->id), now = xv_fdb_now();

	xv_row_number(row, XV_COL_PEER_SILENT,
		      !seen && xv_stats_peer(model->dp, peer->id).tx.packets);
	if (seen)
		xv_row_number(row, XV_COL_PEER_LAST_HEARD, xv_view_age(now, seen));
}

bool xv_view_next_peer(struct xv_view *view, struct xv_row *row)
{
	const struct xv_peer *peer = xv_view_peer(view);
	static const uint8_t no_mac[6];
	char dev[IF_NAMESIZE];

	if (!peer)
		return false;
	xv_row_ip(row, XV_COL_PEER_REMOTE, &peer->ip);
	xv_row_number(row, XV_COL_PEER_READY, peer->ready);
	if (peer->ifindex) {
		xv_row_text(row, XV_COL_PEER_DEV, device_name(view->model, peer->ifindex, dev));
		xv_row_ip(row, XV_COL_PEER_NEXTHOP, &peer->nexthop);
		if (memcmp(peer->mac, no_mac, sizeof(no_mac)))
			xv_row_mac(row, XV_COL_PEER_MAC, peer->mac);
	}
	if (peer->mtu)
		xv_row_number(row, XV_COL_PEER_MTU, peer->mtu);
	if (peer->path_mtu)
		xv_row_number(row, XV_COL_PEER_PATH_MTU, peer->path_mtu);
	xv_row_number(row, XV_COL_PEER_REFS, peer->refs);
	put_heard(view->model, peer, row);
	xv_row_text(row, XV_COL_PEER_ORIGIN,
		    peer->origins & XV_ORIGIN_ADDED	? "added"
		    : peer->origins & XV_ORIGIN_LEARNED ? "learned"
							: "listed");
	xv_row_number(row, XV_COL_PEER_ID, peer->id);
	xv_row_text(row, XV_COL_PEER_STATUS, peer->status);
	return true;
}
