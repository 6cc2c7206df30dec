/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports that wait to be attached, when they are many: each takes system calls under the kernel's
 * RTNL lock, so they are attached in short turns of the event loop, between which others are
 * served. A port that waits forwards nothing (one that an earlier daemon has attached forwards by
 * that daemon's program), and says so in its status.
 *
 * Devices without a TCX link get a filter first (xv_attach_tc_soon()). When no port waits any more,
 * the filters give way to links, one at a time and with a pause after each: a link holds the RTNL
 * lock for a grace period, and the host has other uses for it.
 */
#ifndef XV_QUEUE_H
#define XV_QUEUE_H

#include "model/port.h"

enum {
	XV_QUEUE_FEW = 32, /* ports that are attached at once: less than half a second */
};

int xv_queue_start(struct xv_model *model, struct xv_err *err);
void xv_queue_stop(struct xv_model *model);
/* The port, whose device is there, waits for its turn. */
void xv_queue_add(struct xv_model *model, struct xv_port *port);
/* For work in turns (turn.h): returns when no port waits any more. */
void xv_queue_wait(struct xv_model *model);

#endif
