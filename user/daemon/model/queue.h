/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaches many ports in short turns of the event loop, between which others are served: each port
 * takes system calls under the kernel's RTNL lock. A port that waits says so in its status, and
 * forwards nothing, unless an earlier daemon attached it: then that daemon's program forwards.
 *
 * A device without a TCX link first gets a filter (xv_attach_tc_soon()). When no port waits any
 * more, links replace the filters, one at a time and with a pause after each: making a link holds
 * the RTNL lock for a grace period, and the rest of the host needs that lock too.
 */
#ifndef XV_QUEUE_H
#define XV_QUEUE_H

#include "model/port.h"

enum {
	XV_QUEUE_FEW = 32, /* at most so many ports are attached at once, which takes less than half
			      a second */
};

int xv_queue_start(struct xv_model *model, struct xv_err *err);
void xv_queue_stop(struct xv_model *model);
/* Queues a port whose device exists. */
void xv_queue_add(struct xv_model *model, struct xv_port *port);
/* For work in turns (turn.h): returns when no port waits any more. */
void xv_queue_wait(struct xv_model *model);

#endif
