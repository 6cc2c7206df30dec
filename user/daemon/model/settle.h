/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a batch of changes (batch.h): what is gone is taken away, after one grace period. */
#ifndef XV_SETTLE_H
#define XV_SETTLE_H

#include "model/model.h"

/* The signal `settle` of the model. Returns what went wrong with flood lists. */
int xv_settle(struct xv_model *model, struct xv_err *err);

#endif
