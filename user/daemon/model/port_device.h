/* SPDX-License-Identifier: GPL-2.0-only */
/* A port and its device, for port.c and port_follow.c. 0 or negative errno. */
#ifndef XV_PORT_DEVICE_H
#define XV_PORT_DEVICE_H

#include "model/port.h"

/* Writes the port's entry for delivery, and its device into xv_tx. */
int port_write_dev(struct xv_model *model, struct xv_port *port);
/* The way in: from the device, and the VLAN, to the port. NULL: none any more. */
int port_write_key(struct xv_model *model, const struct xv_port_key *key,
		   const struct xv_port_val *val);
/* Ports of another name let go of the device: it was renamed. */
void port_check_renamed(struct xv_model *model, const struct xv_link *link);
/* So that frames to other MAC addresses than the device's come in, where that must be said. */
void port_set_promisc(struct xv_model *model, const struct xv_link *link);
/* Devices that no tenant may have, whatever their name is when they appear. */
int port_check_link(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * The device is there: to delivery first, then to the way in. On failure the port is without it,
 * its status says why, and it is tried again until it works.
 */
int port_attach(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		struct xv_err *err);
/* The device goes, or the port: everything that names its index. */
void port_detach(struct xv_model *model, struct xv_port *port, bool device_exists);
/* The device or the setting is changed; what is written of them follows. */
int port_look_again(struct xv_model *model, struct xv_port *port);

#endif
