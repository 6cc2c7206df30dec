/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: the truth in memory about networks, ports, peers and the FDB, and what it stands on.
 * Everything in here belongs to the one thread of the event loop.
 */
#ifndef XV_MODEL_H
#define XV_MODEL_H

#include <event2/event.h>
#include <stdbool.h>
#include <uthash.h>

#include "config/config.h"
#include "kernel/netlink.h"
#include "maps/datapath.h"
#include "xv_signal.h"

struct xv_adjacency_pass;
struct xv_batch;
struct xv_egress;
struct xv_mac_table;
struct xv_flap;
struct xv_group;
struct xv_hop;
struct xv_loop;
struct xv_network;
struct xv_peer;
struct xv_port;
struct xv_port_device;
struct xv_queue;
struct xv_unhook;
struct xv_uplink;
struct xv_vlan;
struct xv_xfrm;

struct xv_model;

struct xv_network_signal {
	void (*fn)(void *arg, struct xv_network *net);
	void *arg;
};

/* What the model wishes of those above it. */
struct xv_signals {
	struct xv_signal refresh;  /* look at all adjacencies again, soon */
	struct xv_signal retry;	   /* the same, a second from now: a next hop was lost */
	struct xv_signal again;	   /* a device could not be had: try again in a second */
	struct xv_signal room;	   /* the FDB may have room for what waits to be learned */
	struct xv_signal attached; /* ports were: some more of those that wait, or the last */
	struct xv_signal ask;	   /* look at the peers whose route is to be asked for again */
	/* A batch ends: take away what is gone (settle.h). */
	int (*settle)(struct xv_model *model, struct xv_err *err);
	struct xv_network_signal network_set; /* settings are others */
	struct xv_network_signal
		network_going; /* its ports and remotes are to go, before it does */
};

struct xv_model {
	char name[XV_INSTANCE_LEN];
	struct xv_config *config; /* as last applied: underlay, metrics; its networks are below */
	struct event_base *base;
	struct xv_datapath *dp;
	struct xv_netlink *nl;
	struct xv_xfrm *xfrm; /* IPsec policies; NULL: the kernel has none */
	struct xv_signals signals;
	struct xv_uplink *uplinks;
	size_t n_uplinks;
	uint32_t slow_ifindex;
	char slow_name[IFNAMSIZ];
	uint32_t local_dev[2];	     /* that have the VTEP addresses, IPv4 and IPv6; 0: none */
	bool local_written;	     /* xv_config is this daemon's */
	struct xv_vlan *vlans;	     /* uthash: VLAN devices over devices of this namespace */
	size_t away_at;		     /* namespace whose VLAN devices are looked at next */
	struct xv_network *networks; /* uthash by vni */
	struct xv_network **by_bd;   /* [XV_MAX_NETWORKS] */
	uint32_t last_bd, last_port, last_peer; /* ids given out last */
	struct xv_batch *batch;			/* changes that end together */
	struct xv_unhook *unhook;
	struct xv_queue *queue;				   /* ports that wait to be attached */
	size_t n_waiting;				   /* such ports */
	struct xv_port *ports;				   /* uthash by (dev, vlan) */
	struct xv_port_device *devices, *devices_by_index; /* uthash: see port.h */
	struct xv_port **port_by_id;			   /* [XV_MAX_PORTS] */
	uint32_t filters_next;	     /* port whose TCX programs are looked at next */
	struct xv_peer *peers;	     /* uthash by ip */
	struct xv_peer **peer_by_id; /* [XV_MAX_PEERS] */
	struct xv_group *groups;     /* uthash by ip */
	size_t n_flood;		     /* members of all flood lists */
	bool flood_behind;	     /* programs read lists that are not as they should be */
	struct xv_egress *egresses;  /* uthash by ifindex */
	struct xv_hop *hops;	     /* uthash by address and ifindex */
	bool hops_wait;		     /* some are not as they should be */
	/* IPv4, IPv6: */
	uint64_t neigh_full[2];	 /* when the neighbour table was full last, s; 0: never */
	uint64_t neigh_fulls[2]; /* how often it was, as the kernel counts */
	bool neigh_known;	 /* that was read, */
	uint64_t neigh_asked;	 /* ... then, s */
	struct event *pmtu_ask;	 /* routes are to be asked for again (pmtu.c) */
	uint64_t pmtu_errors;	 /* xv_icmp_errors() a second ago, */
	uint32_t pmtu_left;	 /* ... ids of peers that are to be asked for since it grew, */
	uint32_t pmtu_at;	 /* ... the last that was */
	struct xv_adjacency_pass *pass;
	struct xv_mac_table *macs;
	struct xv_flap *flaps; /* uthash by (bd, MAC): moved lately */
	struct xv_loop *loop;  /* NULL: loops are not looked for */
	unsigned int n_full;   /* networks and ports that programs know to be full */
};

static inline void xv_signal_network(const struct xv_network_signal *signal, struct xv_network *net)
{
	if (signal->fn)
		signal->fn(signal->arg, net);
}

#endif
