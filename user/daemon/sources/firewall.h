/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter's chains that outer packets would pass on the kernel's way: looked at, and told where
 * known unicast goes past them.
 */
#ifndef XV_FIREWALL_H
#define XV_FIREWALL_H

#include "instance.h"

/* Follows changes of nf_tables. A kernel without them has none to follow. */
int xv_firewall_start(struct xv_instance *inst, struct xv_err *err);
void xv_firewall_stop(struct xv_instance *inst);
/* Looks again, and logs what is new: after a reload, and where nothing tells of changes. */
void xv_firewall_look(struct xv_instance *inst);
/* For status: "none", or what there is and whether it is passed. Looks again. */
const char *xv_firewall_text(struct xv_instance *inst);

#endif
