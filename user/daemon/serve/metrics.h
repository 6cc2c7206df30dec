/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prometheus endpoint: http://metrics.listen/metrics, made from the tables that `xvtep stats`
 * prints.
 */
#ifndef XV_METRICS_H
#define XV_METRICS_H

#include "serve/view.h"

struct xv_metrics;

/*
 * Makes the endpoint listen at the address in config. Without an address *metrics becomes NULL;
 * with the same address nothing changes. On failure the endpoint stays as it was.
 */
int xv_metrics_apply(const struct xv_about *about, struct xv_metrics **metrics,
		     const struct xv_config *config, struct xv_err *err);
/* metrics may be NULL. */
void xv_metrics_stop(struct xv_metrics *metrics);

#endif
