/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows as samples in the Prometheus text exposition format, version 0.0.4: a table's counters and
 * gauges, each metric's samples together below its HELP and TYPE.
 */
#ifndef XV_EXPOSITION_H
#define XV_EXPOSITION_H

#include <event2/buffer.h>

#include "row.h"

struct xv_exposition {
	struct evbuffer *samples[XV_METRIC_MAX]; /* made when a metric has its first sample */
};

void xv_exposition_start(struct xv_exposition *exposition);
/* Adds the row's samples; 0 or -ENOMEM. */
int xv_exposition_row(struct xv_exposition *exposition, const struct xv_row *row);
/* Moves everything to out, metric by metric; frees what the exposition holds, out NULL: only this.
 */
int xv_exposition_finish(struct xv_exposition *exposition, struct evbuffer *out);

#endif
