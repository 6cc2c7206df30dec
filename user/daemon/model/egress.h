/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices by which peers are or may be reached: uplinks and all others that a route can name. When
 * one changes, adjacencies are looked at again. The kernel tells nothing of IPv4 routes that go, or
 * count again, with their device.
 */
#ifndef XV_EGRESS_H
#define XV_EGRESS_H

#include "model/model.h"

/* A route to a peer names the device, which may be one of a tenant too. */
void xv_egress_use(struct xv_model *model, const struct xv_link *link);
/* From netlink. */
void xv_egress_link(struct xv_model *model, const struct xv_link *link);
void xv_egress_link_gone(struct xv_model *model, uint32_t ifindex);
/* Forgets all: whatever is told next counts as changed. */
void xv_egress_free_all(struct xv_model *model);

#endif
