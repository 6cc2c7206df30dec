/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VLAN devices. They say in which VLANs of the underlay outer frames come to this host; programs
 * leave frames of other VLANs to the kernel (xv_config). And they say which VLANs of an untagged
 * port are not the port's (xv_port).
 */
#ifndef XV_VLAN_H
#define XV_VLAN_H

#include "model/model.h"

/* Reads all links of this namespace again, and VLAN devices over them in other namespaces. */
int xv_vlan_load(struct xv_model *model, struct xv_err *err);
void xv_vlan_free_all(struct xv_model *model);
/* From netlink. True if xv_vlan_write() may write something else now. */
bool xv_vlan_link(struct xv_model *model, const struct xv_link *link);
bool xv_vlan_link_gone(struct xv_model *model, uint32_t ifindex);
/*
 * To be called once a second: looks for VLAN devices in other namespaces over devices of this one,
 * 16 namespaces at a time. Netlink does not report these here.
 */
void xv_vlan_second(struct xv_model *model);
/*
 * Fills in val->tag and XV_CONFIG_ANY_TAG. model->local_dev must be known. The tags are: the VLAN
 * that has a VTEP address; all VLANs of the underlay, if a VTEP address is neither on a VLAN nor on
 * the underlay itself (but on lo, say). Never the tag of a port's frames, which is a tenant's; if
 * there are any of these, tags beyond XV_MAX_TAGS are left to the kernel.
 */
void xv_vlan_write(struct xv_model *model, struct xv_config_val *val);

/* Whether the device has VLANs that programs do not take as this host's own. */
bool xv_vlan_has_others(struct xv_model *model, uint32_t ifindex);
/*
 * The device, or its VLAN id if that is not 0, will be a port. True if programs take a tag of it as
 * the host's own now, so that xv_vlan_write() must come first.
 */
bool xv_vlan_port(struct xv_model *model, uint32_t ifindex, uint32_t id);

/*
 * Writes the entries of xv_port for VLAN devices over untagged ports (port 0). ifindex: the device
 * below, after ports of it came or went; 0: all devices.
 */
void xv_vlan_mark(struct xv_model *model, uint32_t ifindex);
/* Whether there is a VLAN device with this key of xv_port. */
bool xv_vlan_has(const struct xv_model *model, const struct xv_port_key *key);

#endif
