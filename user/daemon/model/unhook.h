/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tenant devices whose last port is gone are let go by and by: taking a TCX program off waits for a
 * grace period inside the kernel, for each device. Until then the program passes all frames. One
 * that is a port again meanwhile keeps it, without a gap.
 */
#ifndef XV_UNHOOK_H
#define XV_UNHOOK_H

#include "model/model.h"

int xv_unhook_start(struct xv_model *model, struct xv_err *err);
/* The programs of the devices that wait stay, for the next daemon to find. */
void xv_unhook_stop(struct xv_model *model);
/* A port let go of the device, or the slow path did. At once where that costs nothing (no TCX). */
void xv_unhook_later(struct xv_model *model, uint32_t ifindex);
/* After the start: devices that a daemon before us let go of, or did not come to take off. */
void xv_unhook_leftovers(struct xv_model *model);

#endif
