/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: networks, ports, peers and the FDB in memory, which are the truth, and what they
 * depend on. Only the event loop's thread uses it.
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

/* Signals to the layers above the model. */
struct xv_signals {
	struct xv_signal refresh;  /* look up all adjacencies soon */
	struct xv_signal retry;	   /* the same after a second: a next hop was lost */
	struct xv_signal again;	   /* a device could not be attached: try again after a second */
	struct xv_signal room;	   /* the FDB may have room for MACs that wait to be learned */
	struct xv_signal attached; /* some waiting ports were attached, or all */
	struct xv_signal ask;	   /* look up the peers whose route must be asked for again */
	/* a batch ends: free what was deleted (settle.h) */
	int (*settle)(struct xv_model *model, struct xv_err *err);
	struct xv_network_signal network_set; /* settings have changed */
	struct xv_network_signal
		network_going; /* a network is being deleted: delete its ports and remotes */
};

/* A device that outer frames pass on their way from an underlay device to the host: receiver.h. */
struct xv_receiver {
	uint32_t ifindex;
	char dev[IFNAMSIZ];
	uint32_t mark; /* xv_filters_mark() */
};

enum {
	XV_MAX_RECEIVERS = 8,
};

struct xv_model {
	char name[XV_INSTANCE_LEN];
	struct xv_config *config; /* as last applied: underlay and metrics; networks are below */
	struct event_base *base;
	struct xv_datapath *dp;
	struct xv_netlink *nl;
	struct xv_xfrm *xfrm; /* IPsec policies; NULL: the kernel has no IPsec */
	struct xv_signals signals;
	struct xv_uplink *uplinks;
	size_t n_uplinks;
	uint32_t slow_ifindex;
	char slow_name[IFNAMSIZ];
	uint32_t local_dev[2]; /* ifindex of the devices with the VTEP addresses (IPv4, IPv6); 0:
				  none */
	struct xv_receiver receivers[XV_MAX_RECEIVERS]; /* see receiver.h */
	size_t n_receivers;
	bool bridged;		    /* a bridge is among the underlay devices and receivers */
	char receiver_filters[160]; /* filters of others at TC ingress of receivers; "": none */
	bool local_written;	    /* this daemon has written xv_config */
	struct xv_vlan *vlans; /* uthash: VLAN devices over devices of this network namespace */
	size_t away_at;	       /* the namespace whose VLAN devices are looked at next */
	struct xv_network *networks;		/* uthash by vni */
	struct xv_network **by_bd;		/* [XV_MAX_NETWORKS] */
	uint32_t last_bd, last_port, last_peer; /* the ids assigned last */
	struct xv_batch *batch;			/* changes that end together */
	struct xv_unhook *unhook;
	struct xv_queue *queue;				   /* ports that wait to be attached */
	size_t n_waiting;				   /* number of waiting ports */
	struct xv_port *ports;				   /* uthash by (dev, vlan) */
	struct xv_port_device *devices, *devices_by_index; /* uthash: see port.h */
	struct xv_port **port_by_id;			   /* [XV_MAX_PORTS] */
	uint32_t filters_next;	     /* the port whose TCX programs are looked at next */
	struct xv_peer *peers;	     /* uthash by ip */
	struct xv_peer **peer_by_id; /* [XV_MAX_PEERS] */
	struct xv_group *groups;     /* uthash by ip */
	size_t n_flood;		     /* members of all flood lists */
	bool flood_behind;	     /* programs still read old flood lists */
	struct xv_egress *egresses;  /* uthash by ifindex */
	struct xv_egress *egresses_used;
	struct xv_hop *hops; /* uthash by address and ifindex */
	bool hops_wait;	     /* some are not resolved or not kept */
	/* by family, IPv4 first: */
	uint64_t neigh_full[2];	 /* seconds: when the neighbour table was last full; 0: never */
	uint64_t neigh_fulls[2]; /* the kernel's counter of overflows */
	bool neigh_known;	 /* neigh_fulls was read */
	uint64_t neigh_asked;	 /* seconds: when it was read */
	struct event *pmtu_ask;	 /* timer: ask for routes again (pmtu.c) */
	uint64_t pmtu_errors;	 /* xv_icmp_errors() a second ago */
	uint32_t pmtu_left;	 /* peer ids whose routes are still to be asked for since it grew */
	uint32_t pmtu_at;	 /* the id that was asked for last */
	uint32_t pmtu_again;	 /* the id last looked at for being asked for from time to time */
	struct xv_adjacency_pass *pass;
	struct xv_mac_table *macs;
	struct xv_flap *flaps; /* uthash by (bd, MAC): MACs that moved recently */
	struct xv_loop *loop;  /* NULL: loops are not detected */
	unsigned int n_short;  /* networks and ports whose shortage was told, and its end was not */
};

static inline void xv_signal_network(const struct xv_network_signal *signal, struct xv_network *net)
{
	if (signal->fn)
		signal->fn(signal->arg, net);
}

#endif
