/* SPDX-License-Identifier: GPL-2.0-only */
/* This host as the programs must know it: xv_config, which is written here and nowhere else. */
#ifndef XV_LOCAL_H
#define XV_LOCAL_H

#include "model/model.h"

/* Writes what has changed: addresses, the slow path device, own MAC addresses and VLANs. Negative
 * errno. */
int xv_local_write(struct xv_model *model);
/* From netlink: the MAC address of one that has a VTEP address may have changed, or a VLAN come. */
void xv_local_link(struct xv_model *model, const struct xv_link *link);
void xv_local_link_gone(struct xv_model *model, uint32_t ifindex);

/* The device is going to be a port (its VLAN id, or 0): its tags are not this host's any more. */
void xv_local_port(struct xv_model *model, uint32_t ifindex, uint32_t id);
/* -EADDRNOTAVAIL: an address of the underlay is none of this host, which the text says. */
int xv_local_check(struct xv_model *model, const struct xv_config *config, struct xv_err *err);

#endif
