/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running daemon: its objects, and the order in which they start and stop. Everything in here
 * belongs to the one thread of the event loop.
 */
#ifndef XV_INSTANCE_H
#define XV_INSTANCE_H

#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <uthash.h>

#include "config/config.h"
#include "maps/datapath.h"
#include "kernel/netlink.h"

struct xv_adjacency_pass;
struct xv_batch;
struct xv_egress;
struct xv_unhook;
struct xv_firewall;
struct xv_xfrm;
struct xv_network;
struct xv_port;
struct xv_vlan;
struct xv_peer;
struct xv_group;
struct xv_hop;
struct xv_fdb;
struct xv_learn;
struct xv_flap;
struct xv_loop;
struct xv_control;
struct xv_metrics;

struct xv_uplink { /* underlay device */
	char dev[IFNAMSIZ];
	uint32_t slot;	  /* 0..XV_MAX_UPLINKS-1 */
	uint32_t ifindex; /* 0: not there (yet) */
	uint32_t flags;	  /* enum xv_uplink_flags: how it is attached; 0: not */
	bool adopted;	  /* by the maps of an earlier daemon; its programs may be older */
	struct xv_link link;
	uint32_t filters_mark; /* xv_filters_mark(); 0: not looked at yet */
	bool behind;	       /* filters of others at TC ingress see frames first; no XDP */
	bool watched;	   /* others have a qdisc or filters at egress: XDP does not send by it */
	char filters[256]; /* who, and what is done about it; "" where there are none */
	char note[256];	   /* why it is attached as it is, or not; "" when as wished */
	char groups[160];  /* what a group that leaves by it cannot do; or "" */
	char status[256];  /* that, or what is wrong; "" when fine */
};

struct xv_instance {
	char name[XV_INSTANCE_LEN];
	char config_file[PATH_MAX]; /* absolute, links not resolved */
	struct xv_config *config;   /* as last applied: underlay, metrics; its networks are below */
	struct event_base *base;
	struct xv_datapath *dp;
	struct xv_netlink *nl;
	struct event *nl_events[2];
	struct xv_uplink *uplinks;
	size_t n_uplinks;
	uint32_t slow_ifindex;
	char slow_name[IFNAMSIZ];
	uint32_t local_dev[2];	     /* that have the VTEP addresses, IPv4 and IPv6; 0: none */
	bool local_written;	     /* xv_config is this daemon's */
	struct xv_vlan *vlans;	     /* uthash by ifindex: VLAN devices of this namespace */
	struct xv_network *networks; /* uthash by vni */
	struct xv_network **by_bd;   /* [XV_MAX_NETWORKS] */
	uint32_t last_bd, last_port, last_peer; /* ids given out last */
	struct xv_batch *batch;			/* changes that end together */
	struct xv_unhook *unhook;
	struct xv_firewall *firewall;
	struct xv_xfrm *xfrm;	     /* IPsec policies; NULL: the kernel has none */
	struct xv_port *ports;	     /* uthash by (dev, vlan) */
	struct xv_port **port_by_id; /* [XV_MAX_PORTS] */
	uint32_t filters_next;	     /* port whose TCX programs are looked at next */
	struct xv_peer *peers;	     /* uthash by ip */
	struct xv_peer **peer_by_id; /* [XV_MAX_PEERS] */
	struct xv_group *groups;     /* uthash by ip */
	size_t n_flood;		     /* members of all flood lists */
	bool flood_behind;	     /* programs read lists that are not as they should be */
	struct xv_egress *egresses;  /* uthash by ifindex */
	struct xv_hop *hops;	     /* uthash by address and ifindex */
	struct event *hop_timer;
	/* IPv4, IPv6: */
	uint64_t neigh_full[2];	 /* when the neighbour table was full last, s; 0: never */
	uint64_t neigh_fulls[2]; /* how often it was, as the kernel counts */
	bool neigh_known;	 /* that was read, */
	uint64_t neigh_asked;	 /* ... then, s */
	struct event *pmtu_ask;	 /* routes are to be asked for again (pmtu.c) */
	uint64_t pmtu_errors;	 /* xv_icmp_errors() a second ago, */
	uint32_t pmtu_left;	 /* ... ids of peers that are to be asked for since it grew, */
	uint32_t pmtu_at;	 /* ... the last that was */
	struct event *refresh;	 /* adjacencies are to be looked at again */
	struct event *retry;	 /* ... later */
	struct event *again;	 /* devices that could not be had are to be tried again */
	struct event *second;	 /* once a second (watch.c) */
	uint32_t watch_at;	 /* port that was looked at last */
	uint32_t other_at;	 /* likewise (other.c) */
	bool any_other;		 /* ports may be said to be another instance's too */
	struct xv_adjacency_pass *pass;
	struct xv_fdb *fdb;
	struct xv_learn *learn;
	struct xv_flap *flaps; /* uthash by (bd, MAC): moved lately */
	struct xv_loop *loop;  /* NULL: loops are not looked for */
	struct xv_load *loads; /* under way */
	unsigned int n_full;   /* networks and ports that programs know to be full */
	struct xv_control *control;
	struct xv_metrics *metrics;
	struct event *stats_idle; /* counters are to be unmapped */
	int lock_fd;
	time_t started; /* CLOCK_BOOTTIME, seconds */
};

/*
 * Starts an instance from a checked configuration (ownership passes on success): takes the lock,
 * opens or adopts the datapath, reconciles. On failure nothing of the running state is changed.
 */
int xv_instance_start(struct xv_config *config, const char *config_file, struct event_base *base,
		      struct xv_instance **inst, struct xv_err *err);
/* Leaves the event loop and frees; forwarding goes on. */
void xv_instance_stop(struct xv_instance *inst);
/* Removes all that an instance left in the kernel. Refuses while its daemon runs. *found: there was
 * something. */
int xv_instance_detach(const char *name, bool *found, struct xv_err *err);
/*
 * Reconciles with a new configuration, whose ownership passes. Checked whole before anything is
 * touched; only the difference is. What the kernel refuses on the way is left out and told.
 * *changes: how many were made.
 */
int xv_instance_apply(struct xv_instance *inst, struct xv_config *config, size_t *changes,
		      struct xv_err *err);
/* Seconds since the start, whatever is done to the clock. */
uint64_t xv_instance_uptime(const struct xv_instance *inst);
/*
 * apply with the file it was started with (SIGHUP). The control socket and the lock are made again
 * if somebody removed them.
 */
int xv_instance_reload(struct xv_instance *inst, size_t *changes, struct xv_err *err);

#endif
