/* SPDX-License-Identifier: GPL-2.0-only */
/* Ageing: deletes learned entries whose MAC has been silent. */
#ifndef XV_AGEING_H
#define XV_AGEING_H

#include "model/model.h"

/*
 * Deletes learned entries whose MAC was silent for their network's ageing time, only so many at a
 * time that other events need not wait long. Returns how many. *more: there are more, call again
 * soon.
 */
long xv_ageing_sweep(struct xv_model *model, bool *more);
/* Microseconds that the last xv_ageing_sweep() took; 0: there was none yet. */
uint32_t xv_ageing_us(const struct xv_model *model);

#endif
