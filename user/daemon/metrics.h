/* SPDX-License-Identifier: GPL-2.0-only */
/* Prometheus endpoint: http://metrics.listen/metrics, from the tables that `xvtep stats` prints. */
#ifndef XV_METRICS_H
#define XV_METRICS_H

#include "instance.h"

/* Listens as inst->config says; nothing to do without metrics.listen. */
int xv_metrics_start(struct xv_instance *inst, struct xv_err *err);
void xv_metrics_stop(struct xv_instance *inst);

#endif
