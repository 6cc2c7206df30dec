/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a batch (batch.h): frees what was deleted, after one grace period. */
#ifndef XV_SETTLE_H
#define XV_SETTLE_H

#include "model/model.h"

/* The model's signal `settle`. Returns an error if flood lists could not be written. */
int xv_settle(struct xv_model *model, struct xv_err *err);

#endif
