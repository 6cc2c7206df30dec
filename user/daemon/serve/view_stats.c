/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of counters. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <time.h>

#include "maps/stats.h"
#include "model/peer.h"
#include "model/port.h"
#include "serve/drop.h"
#include "serve/view_stats.h"

static void put_count(struct xv_row *row, unsigned int packets, unsigned int bytes,
		      struct xv_count count)
{
	xv_row_number(row, packets, count.packets);
	xv_row_number(row, bytes, count.bytes);
}

bool xv_view_next_net_stats(struct xv_view *view, struct xv_row *row)
{
	const struct xv_network *net = xv_view_network(view);
	struct xv_net_stats sum;

	if (!net)
		return false;
	xv_row_text(row, XV_COL_NET_STATS_NAME, net->set.name);
	xv_row_number(row, XV_COL_NET_STATS_VNI, net->vni);
	sum = xv_network_stats(view->model, net);
	put_count(row, XV_COL_NET_STATS_RX_UC_PACKETS, XV_COL_NET_STATS_RX_UC_BYTES,
		  sum.unicast.rx);
	put_count(row, XV_COL_NET_STATS_RX_BUM_PACKETS, XV_COL_NET_STATS_RX_BUM_BYTES, sum.bum.rx);
	put_count(row, XV_COL_NET_STATS_TX_UC_PACKETS, XV_COL_NET_STATS_TX_UC_BYTES,
		  sum.unicast.tx);
	put_count(row, XV_COL_NET_STATS_TX_BUM_PACKETS, XV_COL_NET_STATS_TX_BUM_BYTES, sum.bum.tx);
	return true;
}

bool xv_view_next_port_stats(struct xv_view *view, struct xv_row *row)
{
	const struct xv_port *port = xv_view_port(view);
	struct xv_stats sum;

	if (!port)
		return false;
	xv_row_text(row, XV_COL_PORT_STATS_DEV, port->key.dev);
	xv_row_number(row, XV_COL_PORT_STATS_VLAN, port->key.vlan);
	xv_row_text(row, XV_COL_PORT_STATS_NETWORK, port->net->set.name);
	sum = xv_stats_port(view->model->dp, port->id);
	put_count(row, XV_COL_PORT_STATS_RX_PACKETS, XV_COL_PORT_STATS_RX_BYTES, sum.rx);
	put_count(row, XV_COL_PORT_STATS_TX_PACKETS, XV_COL_PORT_STATS_TX_BYTES, sum.tx);
	xv_view_put_device(view, row, XV_COL_PORT_STATS_DEV_RX_DROPPED, port->ifindex);
	return true;
}

bool xv_view_next_peer_stats(struct xv_view *view, struct xv_row *row)
{
	const struct xv_peer *peer = xv_view_peer(view);
	struct xv_stats sum;

	if (!peer)
		return false;
	xv_row_ip(row, XV_COL_PEER_STATS_REMOTE, &peer->ip);
	sum = xv_stats_peer(view->model->dp, peer->id);
	put_count(row, XV_COL_PEER_STATS_RX_PACKETS, XV_COL_PEER_STATS_RX_BYTES, sum.rx);
	put_count(row, XV_COL_PEER_STATS_TX_PACKETS, XV_COL_PEER_STATS_TX_BYTES, sum.tx);
	return true;
}

bool xv_view_next_path_stats(struct xv_view *view, struct xv_row *row)
{
	uint32_t path = view->pos++;

	if (path >= XV_PATH_MAX)
		return false;
	xv_row_text(row, XV_COL_PATH_STATS_PATH, xv_path_names[path]);
	xv_row_text(row, XV_COL_PATH_STATS_HELP, xv_path_help[path]);
	put_count(row, XV_COL_PATH_STATS_PACKETS, XV_COL_PATH_STATS_BYTES,
		  xv_stats_path(view->model->dp, path));
	return true;
}

/* Names the port or peer that the packet was for. */
static void put_to(const struct xv_model *model, const struct xv_drop_last_val *last,
		   struct xv_row *row)
{
	const struct xv_port *port;
	const struct xv_peer *peer;

	if (last->to_kind == XV_FDB_PORT && last->to < XV_MAX_PORTS) {
		port = model->port_by_id[last->to];
		if (!port)
			return;
		xv_row_text(row, XV_COL_DROPS_TO, port->key.dev);
		xv_row_number(row, XV_COL_DROPS_TO_VLAN, port->key.vlan);
	} else if (last->to_kind == XV_FDB_PEER && last->to < XV_MAX_PEERS) {
		peer = model->peer_by_id[last->to];
		if (peer)
			xv_row_ip(row, XV_COL_DROPS_TO, &peer->ip);
	}
}

/* Shows what is known of the last packet that was dropped for the reason. */
static void put_last(struct xv_row *row, const struct xv_drop_last_val *last, __be16 udp_port)
{
	char dev[IF_NAMESIZE], hex[2 * XV_DROP_HEAD + 1] = "";
	struct xv_drop_packet packet;
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	xv_drop_decode(last, udp_port, &packet);
	xv_row_number(row, XV_COL_DROPS_AGE,
		      (now.tv_sec * UINT64_C(1000000000) + now.tv_nsec - last->time) / 1000000000);
	xv_row_text(row, XV_COL_DROPS_DEV, if_indextoname(last->ifindex, dev));
	xv_row_ip(row, XV_COL_DROPS_REMOTE, &packet.remote);
	if (packet.has_vni)
		xv_row_number(row, XV_COL_DROPS_VNI, packet.vni);
	if (packet.has_vlan)
		xv_row_number(row, XV_COL_DROPS_VLAN, packet.vlan);
	if (packet.has_macs) {
		xv_row_mac(row, XV_COL_DROPS_SRC, packet.src);
		xv_row_mac(row, XV_COL_DROPS_DST, packet.dst);
	}
	xv_row_number(row, XV_COL_DROPS_LEN, last->len);
	for (i = 0; i < last->head_len && i < XV_DROP_HEAD; i++)
		sprintf(hex + 2 * i, "%02x", last->head[i]);
	xv_row_text(row, XV_COL_DROPS_HEAD, hex);
}

bool xv_view_next_drops(struct xv_view *view, struct xv_row *row)
{
	uint32_t reason = view->pos++;
	struct xv_drop_last_val last;

	if (reason >= XV_DROP_MAX)
		return false;
	xv_row_text(row, XV_COL_DROPS_REASON, xv_drop_names[reason]);
	xv_row_text(row, XV_COL_DROPS_HELP, xv_drop_help[reason]);
	put_count(row, XV_COL_DROPS_PACKETS, XV_COL_DROPS_BYTES,
		  xv_stats_drop(view->model->dp, reason));
	if (!xv_stats_drop_last(view->model->dp, reason, &last)) {
		put_last(row, &last, htons(view->model->config->udp_port));
		put_to(view->model, &last, row);
	}
	return true;
}
