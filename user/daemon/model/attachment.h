/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches ports to their devices, follows the devices' changes, and detaches the ports. */
#ifndef XV_ATTACHMENT_H
#define XV_ATTACHMENT_H

#include "model/port.h"

/*
 * Refuses devices that cannot be a tenant's port, whatever their name: loopback, not Ethernet,
 * underlay, slow path.
 */
int xv_attachment_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * Attaches the port to its device: first delivery to the port, then frames from it. On failure the
 * port has no device, its status says why, and attaching is tried again until it works.
 */
int xv_attachment_make(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		       struct xv_err *err);
/*
 * Detaches the port from its device, because either is deleted: removes every map entry that has
 * the device's index.
 */
void xv_attachment_end(struct xv_model *model, struct xv_port *port, bool device_exists);
/* The device or the port's settings have changed: updates the port's status and map entries. */
int xv_attachment_look_again(struct xv_model *model, struct xv_port *port);
/* For --detach: undoes the port's change of the device itself (promiscuity). */
void xv_attachment_release_device(struct xv_netlink *nl, uint32_t ifindex);
/* Looks at all ports, because filters of others may have changed without a notification. */
void xv_attachment_look_all(struct xv_model *model);
void xv_attachment_link(struct xv_model *model, const struct xv_link *link);
/*
 * Sets, for the status of the device's ports, why their program is not at TC ingress; "": it is.
 * Returns whether this is new for one of the ports.
 */
bool xv_attachment_no_tc(struct xv_model *model, uint32_t ifindex, const char *text);
void xv_attachment_link_gone(struct xv_model *model, uint32_t ifindex);
/* Tries again to attach the ports for which it failed. */
void xv_attachment_retry(struct xv_model *model);
void xv_attachment_features(struct xv_model *model, uint32_t ifindex, uint64_t features);
/* To be called once a second: looks at some ports in turn, whether TCX programs came or went. */
void xv_attachment_second(struct xv_model *model);

#endif
