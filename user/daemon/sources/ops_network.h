/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers (ops.h): networks and their flood lists. */
#ifndef XV_OPS_NETWORK_H
#define XV_OPS_NETWORK_H

#include "sources/call.h"

int xv_ops_network_add(struct xv_call *call);
int xv_ops_network_set(struct xv_call *call);
int xv_ops_network_del(struct xv_call *call);
int xv_ops_flood_add(struct xv_call *call);
int xv_ops_flood_del(struct xv_call *call);
int xv_ops_flood_flush(struct xv_call *call);

#endif
