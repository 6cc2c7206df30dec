/* SPDX-License-Identifier: GPL-2.0-only */
/* Multicast groups that networks flood to: membership on the underlay devices, counted. */
#ifndef XV_GROUP_H
#define XV_GROUP_H

#include "instance.h"

int xv_group_join(struct xv_instance *inst, const struct xv_ip *group, struct xv_err *err);
void xv_group_leave(struct xv_instance *inst, const struct xv_ip *group);
/* An underlay device appeared: joins every group there too, as far as the kernel lets it. */
int xv_group_uplink(struct xv_instance *inst, uint32_t ifindex, struct xv_err *err);
/*
 * It is none any more, or gone: leaves them. The memberships of a device that is gone stay with the
 * socket, and count (net.ipv4.igmp_max_memberships).
 */
void xv_group_uplink_gone(struct xv_instance *inst, uint32_t ifindex);
void xv_group_free_all(struct xv_instance *inst);

#endif
