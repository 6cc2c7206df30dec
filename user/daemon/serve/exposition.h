/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes rows in the Prometheus text exposition format, version 0.0.4: a table's counters and
 * gauges, all samples of a metric together below its HELP and TYPE.
 */
#ifndef XV_EXPOSITION_H
#define XV_EXPOSITION_H

#include <event2/buffer.h>

#include "row.h"

struct xv_exposition {
	struct evbuffer *samples[XV_METRIC_MAX]; /* of each metric; NULL before its first sample */
};

void xv_exposition_start(struct xv_exposition *exposition);
/* Adds the row's samples. 0 or -ENOMEM. */
int xv_exposition_row(struct xv_exposition *exposition, const struct xv_row *row);
/* Moves all samples to out, metric by metric, and frees the rest. out NULL: only frees. */
int xv_exposition_finish(struct xv_exposition *exposition, struct evbuffer *out);

#endif
