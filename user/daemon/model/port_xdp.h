/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_port_encap on ports' devices: XDP in the driver, in front of xv_encap at TC, which stays. Only
 * where frames come as they would be on a wire; see why_not() in port_xdp.c.
 */
#ifndef XV_PORT_XDP_H
#define XV_PORT_XDP_H

#include "model/port.h"

/*
 * Attaches or detaches it as the port's setting and port->link say now, and notes in port->no_xdp
 * why it is not attached. To be called after either changed. A refusal is logged, not returned: the
 * port works without.
 */
void xv_port_xdp_update(struct xv_model *model, struct xv_port *port);
/* The port leaves its device. */
void xv_port_xdp_detach(struct xv_model *model, struct xv_port *port);
/* Flags of xv_port_dev that keep the setting over a restart, and the way back. */
uint32_t xv_port_xdp_flags(enum xv_port_xdp mode);
enum xv_port_xdp xv_port_xdp_mode(uint32_t flags);
/* Whether its XDP program had been taken off; then it is attached again, or at TC. */
bool xv_port_xdp_mend(struct xv_model *model, struct xv_port *port);

#endif
