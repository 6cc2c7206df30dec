/* SPDX-License-Identifier: GPL-2.0-only */
/* From the underlay devices of one configuration to those of another. */
#ifndef XV_SWITCHOVER_H
#define XV_SWITCHOVER_H

#include "model/uplink.h"

struct xv_switchover;

/*
 * The devices of a configuration, checked: also whether those that are new take the XDP mode that
 * it asks for, which attaches them. An error leaves all as it was. model->uplinks is the same until
 * xv_switchover_commit(), which cannot fail; xv_switchover_cancel() goes back. Each frees the
 * change.
 */
int xv_switchover_prepare(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover **change, struct xv_err *err);
void xv_switchover_commit(struct xv_model *model, const struct xv_config *config,
			  struct xv_switchover *change);
void xv_switchover_cancel(struct xv_model *model, struct xv_switchover *change);

#endif
