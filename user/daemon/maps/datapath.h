/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF object of an instance: load, pin, adopt, remove. Maps and links are pinned under
 * /sys/fs/bpf/xvtep/INSTANCE, so that forwarding outlives the daemon; a new daemon takes the pinned
 * maps over and replaces the programs inside the pinned links.
 */
#ifndef XV_DATAPATH_H
#define XV_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "kernel/netlink.h"
#include "xv_abi.h"

enum xv_prog {
	XV_PROG_DECAP,	    /* xv_decap, XDP */
	XV_PROG_DECAP_SKB,  /* xv_decap_skb, generic XDP */
	XV_PROG_DECAP_TC,   /* xv_decap_tc, TC */
	XV_PROG_SLOW_RX,    /* xv_slow_rx, TC */
	XV_PROG_ENCAP,	    /* xv_encap, TC */
	XV_PROG_PORT_ENCAP, /* xv_port_encap, XDP */
	XV_PROG_MAX,
};

/* File descriptors of the maps, for bpf_map_*_elem(). */
struct xv_map_fds {
	int config, vni, vni_index, bd, bd_info, port, port_index, port_dev, peer, peer_index, adj,
		fdb, fdb_table, flood, tx, uplink, events, stats, drop_last;
};

struct xv_migration;

struct xv_datapath {
	struct xvtep_bpf *skel;
	char pin_dir[128];
	struct xv_map_fds fd;
	char missing[256];		 /* adopted, but for these maps, which are new and empty */
	bool adopted;			 /* maps were there already */
	char taken_over[128];		 /* what was, of an earlier layout; else "" */
	struct xv_migration *migration;	 /* of that layout, not committed yet; else NULL */
	int lock_fd;			 /* of pin_dir, held */
	struct xv_bd_val *bd;		 /* xv_bd, memory-mapped: XV_MAX_NETWORKS entries */
	struct xv_bd_info_val *bd_info;	 /* xv_bd_info, likewise */
	struct xv_adj_val *adj;		 /* xv_adj, memory-mapped: XV_MAX_PEERS entries */
	struct xv_vni_slot *vni_index;	 /* xv_vni_index, memory-mapped: XV_VNI_INDEX slots */
	struct xv_peer_slot *peer_index; /* xv_peer_index, memory-mapped: XV_PEER_INDEX slots */
	struct xv_stats_val *stats; /* xv_stats while it is mapped, else NULL: cpu_ids entries */
	struct event *stats_idle;   /* they are to be unmapped (stats.c) */
	int cpu_ids;		    /* CPU numbers are below that */
	int cpus;		    /* possible CPUs: entries of a per-CPU value */
};

/* Kernel version and privileges; to be called before anything is made. -EPERM, -EOPNOTSUPP. */
int xv_datapath_check(struct xv_err *err);
/*
 * Loads the programs with new or adopted maps. -EPERM without CAP_BPF etc., -EPROTO if the pinned
 * maps are of a layout that cannot be taken over, -EBUSY if another daemon holds them, each with a
 * text that says what to do. Maps of an earlier layout are copied: the old ones serve on.
 */
int xv_datapath_open(const char *instance, struct xv_datapath **dp, struct xv_err *err);
/*
 * Ends a migration: the programs of an earlier layout give way to ours. When the configuration is
 * refused no more; closed without it, all is as before. 0 also if there is none to end.
 */
int xv_datapath_commit(struct xv_datapath *dp, struct xv_err *err);
/*
 * Whether the BPF file system is one that only this mount namespace has: what is pinned there goes
 * with it.
 */
bool xv_datapath_is_private(void);
/* Pins of maps that somebody removed are made again: how many, or negative errno. */
int xv_datapath_pin_again(struct xv_datapath *dp, struct xv_err *err);
/* Forgets the object; what is pinned stays and goes on forwarding. */
void xv_datapath_close(struct xv_datapath *dp);
/* xv_attach_tc() and xv_attach_xdp() with a program of the object. */
int xv_datapath_attach_tc(const struct xv_datapath *dp, const struct xv_link *link,
			  enum xv_prog prog, bool behind, struct xv_err *err);
/* As xv_attach_tc_soon(). */
int xv_datapath_attach_tc_soon(const struct xv_datapath *dp, const struct xv_link *link,
			       enum xv_prog prog, bool *filter, struct xv_err *err);
int xv_datapath_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl,
			   const struct xv_link *link, enum xv_prog prog, struct xv_err *err);
/*
 * Maps xv_stats, unless it is mapped, and takes it out again: 2 MB a CPU, which count as the
 * daemon's resident memory. 0 or negative errno.
 */
int xv_datapath_map_stats(struct xv_datapath *dp);
void xv_datapath_unmap_stats(struct xv_datapath *dp);
/* Removes everything that is pinned for an instance: links first, then maps. 0 if there is nothing.
 */
int xv_datapath_remove(const char *instance, struct xv_err *err);

#endif
