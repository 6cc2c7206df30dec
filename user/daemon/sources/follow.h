/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Following the kernel: what netlink tells of links, neighbours, routes and addresses goes to those
 * whom it concerns.
 */
#ifndef XV_FOLLOW_H
#define XV_FOLLOW_H

#include "instance.h"

/* Opens inst->nl, which queues what happens from now on. */
int xv_follow_open(struct xv_instance *inst, struct xv_err *err);
/* Reads from it in the event loop, also what was queued. 0 or negative errno. */
int xv_follow_start(struct xv_instance *inst, struct xv_err *err);
/* A device could not be had, a port's or the slow path's: it is tried again in a second. */
void xv_follow_again_later(struct xv_instance *inst);
/* inst->nl stays open. */
void xv_follow_stop(struct xv_instance *inst);
/* Whether the device's program at TC ingress had been taken away, and is attached again. */
bool xv_follow_program(struct xv_instance *inst, const struct xv_link *link);

#endif
