/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes the underlay devices from one configuration to another. */
#ifndef XV_SWITCHOVER_H
#define XV_SWITCHOVER_H

#include "model/uplink.h"

struct xv_switchover;

/*
 * Prepares the change to a configuration's devices: checks them, and attaches where the XDP mode
 * that the configuration requires may be refused. On an error everything is as before.
 * model->uplinks changes only with xv_switchover_commit(), which cannot fail.
 * xv_switchover_cancel() undoes the change. Each of these two frees it.
 */
int xv_switchover_prepare(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover **change, struct xv_err *err);
void xv_switchover_commit(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover *change);
void xv_switchover_cancel(struct xv_model *model, struct xv_switchover *change);

#endif
