/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Following the kernel: what netlink tells of links, neighbours, routes and addresses goes to those
 * whom it concerns.
 */
#ifndef XV_FOLLOW_H
#define XV_FOLLOW_H

#include "model/model.h"

struct xv_follow;

/* Opens model->nl, which queues what happens from now on. *follow may be set after an error too. */
int xv_follow_open(struct xv_model *model, struct xv_follow **follow, struct xv_err *err);
/* Reads from it in the event loop, also what was queued. 0 or negative errno. */
int xv_follow_start(struct xv_follow *follow, struct xv_err *err);
/* model->nl stays open, but tells nothing any more. NULL is fine. */
void xv_follow_stop(struct xv_follow *follow);
/* Looks at every adjacency, and what else the kernel's routes decide, soon: a burst is one look. */
void xv_follow_refresh_soon(struct xv_follow *follow);
/* The same, a second from now. */
void xv_follow_refresh_later(struct xv_follow *follow);
/* A device could not be had, a port's or the slow path's: it is tried again in a second. */
void xv_follow_again_later(struct xv_follow *follow);
/* Whether the device's program at TC ingress had been taken away, and is attached again. */
bool xv_follow_program(struct xv_model *model, const struct xv_link *link);

#endif
