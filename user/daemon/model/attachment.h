/* SPDX-License-Identifier: GPL-2.0-only */
/* A port on its device: attached, followed as the kernel tells of it, and let go. */
#ifndef XV_ATTACHMENT_H
#define XV_ATTACHMENT_H

#include "model/port.h"

/* Devices that no tenant may have, whatever their name is when they appear. */
int xv_attachment_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * The device is there: to delivery first, then to the way in. On failure the port is without it,
 * its status says why, and it is tried again until it works.
 */
int xv_attachment_make(struct xv_model *model, struct xv_port *port, const struct xv_link *link,
		       struct xv_err *err);
/* The device goes, or the port: everything that names its index. */
void xv_attachment_end(struct xv_model *model, struct xv_port *port, bool device_exists);
/* The device or the setting is changed; what is written of them follows. */
int xv_attachment_look_again(struct xv_model *model, struct xv_port *port);
/* Undoes what being a port changed in a device itself (promiscuity), for --detach. */
void xv_attachment_release_device(struct xv_netlink *nl, uint32_t ifindex);
/* What others hooked to ports' devices may have changed without a word. */
void xv_attachment_look_all(struct xv_model *model);
void xv_attachment_link(struct xv_model *model, const struct xv_link *link);
/*
 * Why the program of the ports of a device is not at TC ingress, for their status; "": it is.
 * Whether that is new of one of them.
 */
bool xv_attachment_no_tc(struct xv_model *model, uint32_t ifindex, const char *text);
void xv_attachment_link_gone(struct xv_model *model, uint32_t ifindex);
/* Tries again to attach the ports that it failed for. */
void xv_attachment_retry(struct xv_model *model);
void xv_attachment_features(struct xv_model *model, uint32_t ifindex, uint64_t features);
/* Once a second: looks whether TCX programs came or went, at some ports in turn. */
void xv_attachment_second(struct xv_model *model);

#endif
