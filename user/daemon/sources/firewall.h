/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter's chains that outer packets would pass on the kernel's way: looked at, and told where
 * known unicast goes past them.
 */
#ifndef XV_FIREWALL_H
#define XV_FIREWALL_H

#include "model/model.h"

struct xv_firewall;

/*
 * Follows changes of nf_tables. A kernel without them has none to follow. After an error *firewall
 * may be set, and is to be stopped.
 */
int xv_firewall_start(struct xv_model *model, struct xv_firewall **firewall, struct xv_err *err);
/* NULL is fine. */
void xv_firewall_stop(struct xv_firewall *firewall);
/* Looks again, and logs what is new: after a reload, and where nothing tells of changes. */
void xv_firewall_look(struct xv_firewall *firewall);
/* For status: "none", or what there is and whether it is passed. Looks again. NULL: "". */
const char *xv_firewall_text(struct xv_firewall *firewall);

#endif
