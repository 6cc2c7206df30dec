/* SPDX-License-Identifier: GPL-2.0-only */
/* Describes this host to the BPF programs: the only writer of xv_config. */
#ifndef XV_LOCAL_H
#define XV_LOCAL_H

#include "model/model.h"

/*
 * Writes what has changed: addresses, the slow path device, own MAC addresses and VLANs. 0 or
 * negative errno.
 */
int xv_local_write(struct xv_model *model);
/* From netlink: a VLAN device, a device with a VTEP address, or a receiver may have changed. */
void xv_local_link(struct xv_model *model, const struct xv_link *link);
void xv_local_link_gone(struct xv_model *model, uint32_t ifindex);
/* To be called once a second: looks whether TCX programs came or went at receivers. */
void xv_local_second(struct xv_model *model);

/* The device will be a port (id: its VLAN, or 0): its tags are not this host's from now on. */
void xv_local_port(struct xv_model *model, uint32_t ifindex, uint32_t id);
/* -EADDRNOTAVAIL: this host does not have an address of the underlay, which err names. */
int xv_local_check(struct xv_model *model, const struct xv_config *config, struct xv_err *err);

#endif
