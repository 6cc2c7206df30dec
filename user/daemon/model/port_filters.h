/* SPDX-License-Identifier: GPL-2.0-only */
/* What others have at the ingress of ports' devices, and the place of xv_encap among it. */
#ifndef XV_PORT_FILTERS_H
#define XV_PORT_FILTERS_H

#include "model/port.h"

/*
 * Looks, and sets port->filters, with port->status where some do not see its frames. To be called
 * after the device is attached, before xv_port_xdp_update(). What is new is logged.
 */
void xv_port_filters_update(struct xv_model *model, struct xv_port *port);
/* Whether xv_encap belongs behind the filters of others: a port of the device is set so. */
bool xv_port_filters_behind(const struct xv_model *model, uint32_t ifindex);
/* Puts xv_encap there, or back, if it is elsewhere. No frame is missed. */
void xv_port_filters_place(struct xv_model *model, struct xv_port *port);
/* Once a second: looks whether TCX programs came or went, at some ports in turn. */
void xv_port_filters_second(struct xv_model *model);
/* Flags of xv_port_dev that keep the setting over a restart, and the way back. */
uint32_t xv_port_filters_flags(enum xv_port_filters set);
enum xv_port_filters xv_port_filters_mode(uint32_t flags);

#endif
