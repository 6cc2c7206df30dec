/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Detaches the programs from devices whose last port is gone, one after the other: to detach a TCX
 * program takes a grace period inside the kernel for each device. Until then the program passes all
 * frames. A device that becomes a port again meanwhile keeps its program, without a gap.
 */
#ifndef XV_UNHOOK_H
#define XV_UNHOOK_H

#include "model/model.h"

int xv_unhook_start(struct xv_model *model, struct xv_err *err);
/* Stops. The programs of devices that still wait stay; the next daemon finds them. */
void xv_unhook_stop(struct xv_model *model);
/*
 * Queues a device that a port or the slow path has left. If detaching is quick (no TCX link), it is
 * done at once.
 */
void xv_unhook_later(struct xv_model *model, uint32_t ifindex);
/* At the start: queues devices that an earlier daemon left with programs. */
void xv_unhook_leftovers(struct xv_model *model);

#endif
