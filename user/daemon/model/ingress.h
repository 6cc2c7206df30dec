/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What looks at frames from a port's device first: xv_port_encap as XDP in the driver, only where
 * frames come as they would be on a wire (see why_not() in ingress.c); what others have at its
 * ingress; and the place of xv_encap, which is always there, among it.
 */
#ifndef XV_INGRESS_H
#define XV_INGRESS_H

#include "model/port.h"

/*
 * Looks, and sets port->filters, with port->status where some do not see its frames. To be called
 * after the device is attached, before xv_ingress_xdp_update(). What is new is logged.
 */
void xv_ingress_filters_update(struct xv_model *model, struct xv_port *port);
/* Whether xv_encap belongs behind the filters of others: a port of the device is set so. */
bool xv_ingress_is_behind(const struct xv_model *model, uint32_t ifindex);
/* Puts xv_encap there, or back, if it is elsewhere. No frame is missed. */
void xv_ingress_place(struct xv_model *model, struct xv_port *port);

/*
 * Attaches or detaches it as the port's setting and port->link say now, and notes in port->no_xdp
 * why it is not attached. To be called after either changed. A refusal is logged, not returned: the
 * port works without.
 */
void xv_ingress_xdp_update(struct xv_model *model, struct xv_port *port);
/* The port leaves its device. */
void xv_ingress_xdp_detach(struct xv_model *model, struct xv_port *port);
/* Whether its XDP program had been taken off; then it is attached again, or at TC. */
bool xv_ingress_xdp_mend(struct xv_model *model, struct xv_port *port);

#endif
