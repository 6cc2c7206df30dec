/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers (ops.h): ports and peers. */
#ifndef XV_OPS_PORT_H
#define XV_OPS_PORT_H

#include "sources/call.h"

int xv_ops_port_add(struct xv_call *call);
int xv_ops_port_del(struct xv_call *call);
int xv_ops_peer_add(struct xv_call *call);
int xv_ops_peer_del(struct xv_call *call);

#endif
