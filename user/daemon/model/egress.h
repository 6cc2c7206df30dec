/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that lead or may lead to peers: uplinks and all others that a route may name. When one
 * changes, adjacencies are looked up again. That is needed because the kernel does not report IPv4
 * routes that end, or become valid again, with their device.
 */
#ifndef XV_EGRESS_H
#define XV_EGRESS_H

#include "model/model.h"

/* A route to a peer or copies for a group use the device, which may even be a tenant's. */
void xv_egress_use(struct xv_model *model, const struct xv_link *link);
/* From netlink: a device changed or was deleted. */
void xv_egress_link(struct xv_model *model, const struct xv_link *link);
void xv_egress_link_gone(struct xv_model *model, uint32_t ifindex);
/*
 * To be called once a second. Calls changed for each used device whose MTU for IPv6 differs from
 * that last seen, as no notification tells of that.
 */
void xv_egress_second(struct xv_model *model,
		      void (*changed)(void *arg, const struct xv_link *link), void *arg);
/* Forgets all devices, so that each counts as changed when it is next reported. */
void xv_egress_free_all(struct xv_model *model);

#endif
