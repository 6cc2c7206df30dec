/* SPDX-License-Identifier: GPL-2.0-only */
/* Underlay devices: how packets from the wire are taken there; xv_uplink and their slots in xv_tx.
 */
#ifndef XV_UPLINK_H
#define XV_UPLINK_H

#include "instance.h"

/*
 * Makes inst->uplinks those of the configuration, attaching and detaching. With an explicit xdp
 * mode that a present device refuses: error, and what was attached before stays.
 */
int xv_uplink_apply(struct xv_instance *inst, const struct xv_config *config, struct xv_err *err);
/* From netlink. */
void xv_uplink_link(struct xv_instance *inst, const struct xv_link *link);
void xv_uplink_link_gone(struct xv_instance *inst, uint32_t ifindex);
void xv_uplink_features(struct xv_instance *inst, uint32_t ifindex, uint64_t features);
/* Slot of an underlay device in xv_tx, or 0 if it is none. */
uint32_t xv_uplink_tx_slot(const struct xv_instance *inst, uint32_t ifindex);
/* "xdp-native", "xdp-generic", "tc" or "waiting". */
const char *xv_uplink_mode(const struct xv_uplink *uplink);
/*
 * How inner TCP from it gets to ports: "redirect" (in XDP, where a port takes it), "tc" (the
 * kernel's GRO merges, TC strips) or "waiting".
 */
const char *xv_uplink_tcp(const struct xv_instance *inst, const struct xv_uplink *uplink);
struct xv_uplink *xv_uplink_find(struct xv_instance *inst, const char *dev);

#endif
