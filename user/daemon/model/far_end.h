/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tenant's end of a port's veth, in its own namespace: whether frames may be sent directly to
 * it.
 */
#ifndef XV_FAR_END_H
#define XV_FAR_END_H

#include "model/port.h"

/* Sets port->direct, port->watched and port->end_mac. The caller then writes the port. */
void xv_far_end_update(struct xv_model *model, struct xv_port *port);
/* From learning: mac was learned at this port. now: CLOCK_MONOTONIC, ns. */
void xv_far_end_learned(struct xv_model *model, struct xv_port *port, const uint8_t *mac,
			uint64_t now);

#endif
