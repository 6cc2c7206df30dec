/* SPDX-License-Identifier: GPL-2.0-only */
/* Prometheus endpoint: http://metrics.listen/metrics, from the tables that `xvtep stats` prints. */
#ifndef XV_METRICS_H
#define XV_METRICS_H

#include "instance.h"

/* Listens as inst->config says; nothing to do without metrics.listen. */
int xv_metrics_start(struct xv_instance *inst, struct xv_err *err);
/*
 * Listens as config says, instead of as before: elsewhere, or not at all; nothing happens if that
 * is the same. If it cannot, the endpoint is as it was.
 */
int xv_metrics_apply(struct xv_instance *inst, const struct xv_config *config, struct xv_err *err);
void xv_metrics_stop(struct xv_instance *inst);

#endif
