/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In which VLANs of the underlay outer frames come to this host, as its VLAN devices say: programs
 * leave frames in others to the kernel (xv_config).
 */
#ifndef XV_VLAN_H
#define XV_VLAN_H

#include "model/model.h"

/* Looks at all links of the namespace anew, and at VLAN devices over them in others. */
int xv_vlan_load(struct xv_model *model, struct xv_err *err);
void xv_vlan_free_all(struct xv_model *model);
/* From netlink. True if what xv_vlan_write() writes may be another now. */
bool xv_vlan_link(struct xv_model *model, const struct xv_link *link);
bool xv_vlan_link_gone(struct xv_model *model, uint32_t ifindex);
/*
 * Once a second: VLAN devices in other namespaces over devices of this one, of which netlink tells
 * nothing here; 16 namespaces at a time.
 */
void xv_vlan_second(struct xv_model *model);
/*
 * Fills in val->tag and its flag: the VLAN that has a VTEP address; all that are on the underlay,
 * if an address is on neither a VLAN nor the underlay itself, but on lo, say. model->local_dev is
 * known. A tag in which a port's frames come is a tenant's, and never in it: with one of these,
 * tags beyond XV_MAX_TAGS are left to the kernel.
 */
void xv_vlan_write(struct xv_model *model, struct xv_config_val *val);

/* Whether the device has VLANs that are not this host's own to the programs. */
bool xv_vlan_has_others(struct xv_model *model, uint32_t ifindex);
/*
 * The device is going to be a port, its VLAN id or (0) whole. True if a tag of it is taken as the
 * host's own now, so that xv_vlan_write() must come first.
 */
bool xv_vlan_port(struct xv_model *model, uint32_t ifindex, uint32_t id);

/*
 * Tells the programs which VLAN devices are over an untagged port (xv_port, port 0): those over the
 * device, or (0) over any, after ports of it came or went.
 */
void xv_vlan_mark(struct xv_model *model, uint32_t ifindex);
/* Whether there is a VLAN device for that key of xv_port. */
bool xv_vlan_has(const struct xv_model *model, const struct xv_port_key *key);

#endif
