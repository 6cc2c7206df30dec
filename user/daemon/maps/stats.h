/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters (struct xv_stats_val). headers/xv_reasons.h has their names. */
#ifndef XV_STATS_H
#define XV_STATS_H

#include <event2/event.h>

#include "maps/datapath.h"
#include "xv_reasons.h"

struct xv_stats {
	struct xv_count rx, tx;
};

struct xv_net_stats {
	struct xv_stats unicast, bum;
};

/*
 * Lets the event loop unmap the counters when nobody reads them. Before this call, or without
 * memory for the timer, they stay mapped.
 */
void xv_stats_start(struct xv_datapath *dp, struct event_base *base);
/*
 * Makes sure that the counters can be read. They are mapped on demand for a second at a time,
 * because they count as the daemon's memory, 2 MB for each CPU. The functions below
 * map them too. If that fails, which is logged, counters read as 0 and writes are lost.
 */
int xv_stats_open(struct xv_datapath *dp, struct xv_err *err);
/* dp may be NULL. */
void xv_stats_stop(struct xv_datapath *dp);

/* The following functions sum over all CPUs. */
/* A network's counters, without known unicast from the wire, which is counted only at ports. */
struct xv_net_stats xv_stats_network(struct xv_datapath *dp, uint32_t bd);
/* Adds a port's counters to its network's. */
void xv_stats_add_port(struct xv_datapath *dp, struct xv_net_stats *sum, uint32_t id);
struct xv_stats xv_stats_port(struct xv_datapath *dp, uint32_t id);
struct xv_stats xv_stats_peer(struct xv_datapath *dp, uint32_t id);
/* When a frame of the peer was last accepted, in units of last_seen (XV_SEEN_SHIFT). 0: never. */
uint32_t xv_stats_heard(struct xv_datapath *dp, uint32_t id);
struct xv_count xv_stats_drop(struct xv_datapath *dp, enum xv_drop reason);
struct xv_count xv_stats_path(struct xv_datapath *dp, enum xv_path path);
/* The last packet that any CPU dropped for this reason. -ENOENT: there was none. */
int xv_stats_drop_last(struct xv_datapath *dp, enum xv_drop reason, struct xv_drop_last_val *last);
/* Zero the counters of an id, before the id is assigned again. */
void xv_stats_clear_network(struct xv_datapath *dp, uint32_t bd);
void xv_stats_clear_port(struct xv_datapath *dp, uint32_t id);
void xv_stats_clear_peer(struct xv_datapath *dp, uint32_t id);

/* Adds a deleted port's counters to its network's. No program may count for the port any more. */
void xv_stats_keep_port(struct xv_datapath *dp, uint32_t id, uint32_t bd);

extern const char *const xv_drop_names[XV_DROP_MAX];
extern const char *const xv_drop_help[XV_DROP_MAX];
extern const char *const xv_path_names[XV_PATH_MAX];
extern const char *const xv_path_help[XV_PATH_MAX];

#endif
