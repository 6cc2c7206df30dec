/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters (struct xv_stats_val). The lists of names are in headers/xv_reasons.h. */
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

/* Counters are unmapped by the event loop; before this call, or without memory, never. */
void xv_stats_start(struct xv_datapath *dp, struct event_base *base);
/*
 * Makes sure that counters can be read. They are mapped for a second at a time, when somebody asks:
 * 2 MB a CPU would else count as memory of the daemon's for ever. What is read or written without
 * this call maps them too; if that fails, which is logged, it is 0 or lost.
 */
int xv_stats_open(struct xv_datapath *dp, struct xv_err *err);
/* NULL is fine. */
void xv_stats_stop(struct xv_datapath *dp);

/* Sums over all CPUs. */
/* A network's: without known unicast from the wire, which is counted at its ports alone. */
struct xv_net_stats xv_stats_network(struct xv_datapath *dp, uint32_t bd);
/* Adds that of one of its ports. */
void xv_stats_add_port(struct xv_datapath *dp, struct xv_net_stats *sum, uint32_t id);
struct xv_stats xv_stats_port(struct xv_datapath *dp, uint32_t id);
struct xv_stats xv_stats_peer(struct xv_datapath *dp, uint32_t id);
/* When a frame of the peer was last accepted, in units of last_seen (XV_SEEN_SHIFT); 0: never. */
uint32_t xv_stats_heard(struct xv_datapath *dp, uint32_t id);
struct xv_count xv_stats_drop(struct xv_datapath *dp, enum xv_drop reason);
struct xv_count xv_stats_path(struct xv_datapath *dp, enum xv_path path);
/* The packet that any CPU dropped last for this reason; -ENOENT: none yet. */
int xv_stats_drop_last(struct xv_datapath *dp, enum xv_drop reason, struct xv_drop_last_val *last);
/* Zeroes an id's counters, before the id is given out again. */
void xv_stats_clear_network(struct xv_datapath *dp, uint32_t bd);
void xv_stats_clear_port(struct xv_datapath *dp, uint32_t id);
void xv_stats_clear_peer(struct xv_datapath *dp, uint32_t id);

/* A port of the network is gone, and no program counts for it any more: its network keeps what it
 * received through it. */
void xv_stats_keep_port(struct xv_datapath *dp, uint32_t id, uint32_t bd);

extern const char *const xv_drop_names[XV_DROP_MAX];
extern const char *const xv_drop_help[XV_DROP_MAX];
extern const char *const xv_path_names[XV_PATH_MAX];
extern const char *const xv_path_help[XV_PATH_MAX];

#endif
