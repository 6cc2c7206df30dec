/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow path device xv0: kernel vxlan in collect-metadata mode, with xv_slow_rx at its TC
 * ingress. */
#ifndef XV_SLOW_H
#define XV_SLOW_H

#include "instance.h"

/* Finds the device that an adopted configuration names, or makes one: xv0, or the next free xvN. */
int xv_slow_open(struct xv_instance *inst, uint32_t adopted_ifindex, struct xv_err *err);
/* From netlink: somebody deleted it or set it down; it is made again. */
void xv_slow_check(struct xv_instance *inst);

#endif
