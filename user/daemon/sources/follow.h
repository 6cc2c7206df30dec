/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receives netlink notifications of links, neighbours, routes and addresses, and passes each to the
 * parts of the model that it concerns.
 */
#ifndef XV_FOLLOW_H
#define XV_FOLLOW_H

#include "model/model.h"

struct xv_follow;

/*
 * Opens model->nl, which queues notifications from now on. After an error *follow may be set, and
 * must be stopped.
 */
int xv_follow_open(struct xv_model *model, struct xv_follow **follow, struct xv_err *err);
/*
 * Starts to handle notifications in the event loop, those already queued first. 0 or negative
 * errno.
 */
int xv_follow_start(struct xv_follow *follow, struct xv_err *err);
/* Stops handling notifications. model->nl stays open. follow may be NULL. */
void xv_follow_stop(struct xv_follow *follow);
/*
 * Looks up all adjacencies and everything else that depends on routes, after a short delay, so that
 * a burst of calls causes one look-up.
 */
void xv_follow_refresh_soon(struct xv_follow *follow);
/* The same after a second. */
void xv_follow_refresh_later(struct xv_follow *follow);
/* After a second, tries again to attach the ports that failed and to make the slow path device. */
void xv_follow_again_later(struct xv_follow *follow);
/* To be called once a second: looks for changes of which netlink tells nothing. */
void xv_follow_second(void *follow);
/*
 * Attaches the device's TC ingress program again if it is missing. Returns whether it was missing
 * and is attached now.
 */
bool xv_follow_program(struct xv_model *model, const struct xv_link *link);

#endif
