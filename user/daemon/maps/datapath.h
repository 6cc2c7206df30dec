/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF object of an instance: loads, pins and adopts it. Maps and links are pinned
 * under /sys/fs/bpf/xvtep/INSTANCE, so that forwarding outlives the daemon. A new daemon takes over
 * the pinned maps, and replaces the programs in the pinned links.
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
	char missing[256];		 /* adopted, except these maps, which are new and empty */
	bool adopted;			 /* the maps existed already */
	char taken_over[128];		 /* what was taken over from an earlier layout; else "" */
	struct xv_migration *migration;	 /* from an earlier layout, not committed yet; else NULL */
	int lock_fd;			 /* held lock of pin_dir */
	struct xv_bd_val *bd;		 /* xv_bd, memory-mapped: XV_MAX_NETWORKS entries */
	struct xv_bd_info_val *bd_info;	 /* xv_bd_info, likewise */
	struct xv_adj_val *adj;		 /* xv_adj, memory-mapped: XV_MAX_PEERS entries */
	struct xv_vni_slot *vni_index;	 /* xv_vni_index, memory-mapped: XV_VNI_INDEX slots */
	struct xv_peer_slot *peer_index; /* xv_peer_index, memory-mapped: XV_PEER_INDEX slots */
	struct xv_stats_val *stats;	 /* xv_stats while mapped (cpu_ids entries), else NULL */
	struct event *stats_idle;	 /* timer: unmap xv_stats (stats.c) */
	int cpu_ids;			 /* CPU numbers are below this */
	int cpus;			 /* number of possible CPUs: entries of a per-CPU value */
};

/* Checks kernel version and privileges. To be called first. -EPERM, -EOPNOTSUPP. */
int xv_datapath_check(struct xv_err *err);
/*
 * Loads the programs with new or adopted maps. -EPERM: without CAP_BPF etc.; -EPROTO: the layout of
 * the pinned maps cannot be taken over; -EBUSY: another daemon holds them; each with a text that
 * says what to do. Maps of an earlier layout are copied, and the old ones stay in use until
 * xv_datapath_commit().
 */
int xv_datapath_open(const char *instance, struct xv_datapath **dp, struct xv_err *err);
/*
 * Ends a migration: replaces the programs of the earlier layout by ours. To be called when the
 * configuration is accepted. Without this call xv_datapath_close() leaves everything as before. 0
 * also if there is no migration.
 */
int xv_datapath_commit(struct xv_datapath *dp, struct xv_err *err);
/* Pins maps again whose pins somebody removed. Returns how many, or negative errno. */
int xv_datapath_pin_again(struct xv_datapath *dp, struct xv_err *err);
/* Frees the object. What is pinned stays and continues to forward. */
void xv_datapath_close(struct xv_datapath *dp);
/* xv_attach_tc() with a program of the object. */
int xv_datapath_attach_tc(const struct xv_datapath *dp, const struct xv_link *link,
			  enum xv_prog prog, bool behind, struct xv_err *err);
/* xv_attach_tc_soon() and xv_attach_xdp() with a program of the object. */
int xv_datapath_attach_tc_soon(const struct xv_datapath *dp, const struct xv_link *link,
			       enum xv_prog prog, bool *filter, struct xv_err *err);
int xv_datapath_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl,
			   const struct xv_link *link, enum xv_prog prog, struct xv_err *err);
/*
 * Maps xv_stats into memory, unless it is mapped, and unmaps it. It has 2 MB for each CPU, which
 * count as the daemon's resident memory while mapped. 0 or negative errno.
 */
int xv_datapath_map_stats(struct xv_datapath *dp);
void xv_datapath_unmap_stats(struct xv_datapath *dp);

#endif
