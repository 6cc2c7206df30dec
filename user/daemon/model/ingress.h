/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs at the ingress of a port's device: xv_port_encap as native XDP, only where frames
 * are complete as on a wire (see device_refuses() in ingress.c); the filters of others; and
 * xv_encap at TC, which is always there, before or behind those filters.
 */
#ifndef XV_INGRESS_H
#define XV_INGRESS_H

#include "model/port.h"

/*
 * Looks for filters of others. Sets port->filters, and port->status if some of them do not see the
 * port's frames. Logs what is new. To be called when the device is attached, before
 * xv_ingress_xdp_update().
 */
void xv_ingress_filters_update(struct xv_model *model, struct xv_port *port);
/*
 * Whether xv_encap must be behind the filters of others, because of a setting of a port of the
 * device.
 */
bool xv_ingress_is_behind(const struct xv_model *model, uint32_t ifindex);
/*
 * Moves xv_encap before or behind the filters of others, where it must be. No frame is missed
 * meanwhile.
 */
void xv_ingress_place(struct xv_model *model, struct xv_port *port);

/*
 * Attaches or detaches xv_port_encap as the port's setting and port->link require, and sets
 * port->no_xdp. To be called when either has changed. A refusal is only logged, because the port
 * works without XDP.
 */
void xv_ingress_xdp_update(struct xv_model *model, struct xv_port *port);
/* Detaches xv_port_encap, because the port leaves its device. */
void xv_ingress_xdp_detach(struct xv_model *model, struct xv_port *port);
/*
 * Returns whether the port's XDP program was missing. If so, attaches it again, or serves the port
 * at TC.
 */
bool xv_ingress_xdp_mend(struct xv_model *model, struct xv_port *port);

#endif
