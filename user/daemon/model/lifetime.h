/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's life: its tables are made, filled from adopted maps, and freed. */
#ifndef XV_LIFETIME_H
#define XV_LIFETIME_H

#include "err.h"
#include "model/model.h"

/* Makes the empty tables. -ENOMEM. To be called first. */
int xv_lifetime_begin(struct xv_model *model, struct xv_err *err);
/* Adopts what the pinned maps hold. */
int xv_lifetime_adopt(struct xv_model *model, struct xv_err *err);
/*
 * Stops the model's timers and frees all that it holds, with its datapath and netlink socket. What
 * is attached forwards on. To be called last, also after a failure.
 */
void xv_lifetime_end(struct xv_model *model);

#endif
