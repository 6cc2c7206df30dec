/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of the instance itself: its status, and its underlay devices. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config/config_words.h"
#include "kernel/nic.h"
#include "model/ageing.h"
#include "model/mac_table.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "serve/view_status.h"
#include "turn.h"

static void put_counts(const struct xv_model *model, struct xv_row *row)
{
	const struct xv_network *net;
	uint64_t learned = 0;

	for (net = model->networks; net; net = net->hh.next)
		learned += net->learned;
	xv_row_number(row, XV_COL_STATUS_NETWORKS, HASH_COUNT(model->networks));
	xv_row_number(row, XV_COL_STATUS_LEARNED, learned);
	xv_row_number(row, XV_COL_STATUS_FDB_ENTRIES, xv_mac_table_count(model));
	if (xv_ageing_us(model))
		xv_row_number(row, XV_COL_STATUS_FDB_SWEEP, xv_ageing_us(model));
}

/* Shows the frames of the slow path that the kernel dropped, as far as xv0 counted them. */
static void put_slow(const struct xv_view *view, struct xv_row *row)
{
	const struct xv_netlink_counts *device;

	device = view->model->slow_ifindex ? xv_view_device(view, view->model->slow_ifindex) : NULL;
	if (!device)
		return;
	xv_row_number(row, XV_COL_STATUS_SLOW_RX_DROPPED, device->rx_dropped + device->rx_errors);
	xv_row_number(row, XV_COL_STATUS_SLOW_TX_DROPPED, device->tx_dropped + device->tx_errors);
}

/* Seconds since the daemon's start; setting the clock does not change them. */
static uint64_t uptime(const struct xv_about *about)
{
	return xv_clock_boot() - about->started;
}

bool xv_view_next_status(struct xv_view *view, struct xv_row *row)
{
	const struct xv_model *model = view->model;
	const struct xv_config *config = model->config;
	bool v6 = strchr(config->listen_host, ':');
	char metrics[XV_LISTEN_LEN + 16], change[64];

	if (view->pos++)
		return false;
	xv_row_text(row, XV_COL_STATUS_INSTANCE, model->name);
	xv_row_text(row, XV_COL_STATUS_VERSION, XV_VERSION);
	xv_row_number(row, XV_COL_STATUS_PID, getpid());
	xv_row_number(row, XV_COL_STATUS_UPTIME, uptime(view->about));
	xv_row_text(row, XV_COL_STATUS_CONFIG, view->about->config_file);
	xv_row_ip(row, XV_COL_STATUS_ADDRESS, &config->address);
	xv_row_ip(row, XV_COL_STATUS_ADDRESS6, &config->address6);
	xv_row_number(row, XV_COL_STATUS_UDP_PORT, config->udp_port);
	xv_row_text(row, XV_COL_STATUS_XDP, xv_xdp_mode_name(config->xdp));
	xv_row_text(row, XV_COL_STATUS_DF, xv_df_name(config->df));
	xv_row_text(row, XV_COL_STATUS_NETFILTER, xv_firewall_text(view->about->firewall));
	xv_row_text(row, XV_COL_STATUS_SLOW_DEV, model->slow_ifindex ? model->slow_name : "none");
	xv_row_text(row, XV_COL_STATUS_PIN_DIR, model->dp->pin_dir);
	xv_row_number(row, XV_COL_STATUS_ADOPTED, model->dp->adopted);
	if (config->metrics) {
		snprintf(metrics, sizeof(metrics), "%s%s%s:%u", v6 ? "[" : "", config->listen_host,
			 v6 ? "]" : "", config->listen_port);
		xv_row_text(row, XV_COL_STATUS_METRICS, metrics);
	}
	xv_row_number(row, XV_COL_STATUS_PORTS, HASH_COUNT(model->ports));
	xv_turn_text(change, sizeof(change));
	xv_row_text(row, XV_COL_STATUS_CHANGE, change[0] ? change : "none");
	xv_row_number(row, XV_COL_STATUS_ATTACHING, model->n_waiting);
	xv_row_number(row, XV_COL_STATUS_PEERS, HASH_COUNT(model->peers));
	put_counts(model, row);
	put_slow(view, row);
	return true;
}

/* If a NIC strips VLAN tags on reception, XDP sees the frames of all its VLANs as untagged. */
static const char *uplink_status(struct xv_model *model, const struct xv_uplink *uplink)
{
	if (!uplink->status[0] && uplink->flags & XV_UPLINK_XDP &&
	    xv_vlan_has_others(model, uplink->ifindex) && xv_nic_hides_vlan(uplink->dev))
		return "rxvlan hides VLAN tags from XDP, and the device has VLANs of others: "
		       "ethtool -K DEV rxvlan off, or xdp: off";
	return uplink->status;
}

bool xv_view_next_uplink(struct xv_view *view, struct xv_row *row)
{
	const struct xv_model *model = view->model;
	const struct xv_uplink *uplink;

	if (view->pos >= model->n_uplinks)
		return false;
	uplink = &model->uplinks[view->pos++];
	xv_row_text(row, XV_COL_UPLINK_DEV, uplink->dev);
	xv_row_number(row, XV_COL_UPLINK_UP, uplink->ifindex && uplink->link.flags & IFF_UP);
	xv_row_number(row, XV_COL_UPLINK_CARRIER, uplink->ifindex && xv_link_runs(&uplink->link));
	xv_row_text(row, XV_COL_UPLINK_ATTACHED, xv_uplink_mode(uplink));
	xv_row_text(row, XV_COL_UPLINK_TCP, xv_uplink_tcp(model, uplink));
	if (uplink->ifindex) {
		xv_row_number(row, XV_COL_UPLINK_MTU, uplink->link.mtu);
		xv_row_number(row, XV_COL_UPLINK_QUEUES, uplink->link.rx_queues);
		xv_row_number(row, XV_COL_UPLINK_IFINDEX, uplink->ifindex);
	}
	xv_view_put_device(view, row, XV_COL_UPLINK_RX_DROPPED, uplink->ifindex);
	xv_row_text(row, XV_COL_UPLINK_WHY, xv_uplink_why(model, uplink));
	xv_row_text(row, XV_COL_UPLINK_STATUS, uplink_status(view->model, uplink));
	return true;
}
