/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: per-CPU maps read and summed. The lists of names are in headers/xv_reasons.h. */
#ifndef XV_STATS_H
#define XV_STATS_H

#include "instance.h"
#include "xv_reasons.h"

struct xv_net_stats {
	struct xv_id_stats_val unicast, bum;
};

/* Each fills a sum over all CPUs. 0 or negative errno. */
int xv_stats_network(struct xv_instance *inst, uint32_t bd, struct xv_net_stats *sum);
int xv_stats_port(struct xv_instance *inst, uint32_t id, struct xv_id_stats_val *sum);
int xv_stats_peer(struct xv_instance *inst, uint32_t id, struct xv_id_stats_val *sum);
int xv_stats_drop(struct xv_instance *inst, enum xv_drop reason, struct xv_count *sum);
int xv_stats_path(struct xv_instance *inst, enum xv_path path, struct xv_count *sum);
/* The packet that any CPU dropped last for this reason; -ENOENT: none yet. */
int xv_stats_drop_last(struct xv_instance *inst, enum xv_drop reason,
		       struct xv_drop_last_val *last);
/* Zeroes an id's counters, before the id is given out again. */
int xv_stats_clear_network(struct xv_instance *inst, uint32_t bd);
int xv_stats_clear_port(struct xv_instance *inst, uint32_t id);
int xv_stats_clear_peer(struct xv_instance *inst, uint32_t id);

extern const char *const xv_drop_names[XV_DROP_MAX];
extern const char *const xv_drop_help[XV_DROP_MAX];
extern const char *const xv_path_names[XV_PATH_MAX];
extern const char *const xv_path_help[XV_PATH_MAX];

#endif
