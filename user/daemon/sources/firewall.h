/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the netfilter chains that outer packets would pass if the kernel handled them, and reports
 * which of them known unicast bypasses.
 */
#ifndef XV_FIREWALL_H
#define XV_FIREWALL_H

#include "model/model.h"

struct xv_firewall;

/*
 * Follows changes of nf_tables, if the kernel has it. After an error *firewall may be set, and must
 * be stopped.
 */
int xv_firewall_start(struct xv_model *model, struct xv_firewall **firewall, struct xv_err *err);
/* firewall may be NULL. */
void xv_firewall_stop(struct xv_firewall *firewall);
/*
 * Looks for chains, and logs what has changed. To be called after a reload, and where nothing
 * reports changes.
 */
void xv_firewall_look(struct xv_firewall *firewall);
/*
 * For the status: "none", or the chains and whether they are bypassed. Looks for chains again.
 * firewall NULL: "".
 */
const char *xv_firewall_text(struct xv_firewall *firewall);

#endif
