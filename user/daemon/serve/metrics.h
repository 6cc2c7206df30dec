/* SPDX-License-Identifier: GPL-2.0-only */
/* Prometheus endpoint: http://metrics.listen/metrics, from the tables that `xvtep stats` prints. */
#ifndef XV_METRICS_H
#define XV_METRICS_H

#include "serve/view.h"

struct xv_metrics;

/*
 * Listens as config says, instead of as before: elsewhere, or not at all (*metrics is NULL then);
 * nothing happens if that is the same. If it cannot, the endpoint is as it was.
 */
int xv_metrics_apply(const struct xv_about *about, struct xv_metrics **metrics,
		     const struct xv_config *config, struct xv_err *err);
/* NULL is fine. */
void xv_metrics_stop(struct xv_metrics *metrics);

#endif
