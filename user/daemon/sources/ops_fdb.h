/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers (ops.h): the FDB. */
#ifndef XV_OPS_FDB_H
#define XV_OPS_FDB_H

#include "sources/call.h"

int xv_ops_fdb_add(struct xv_call *call);
int xv_ops_fdb_replace(struct xv_call *call);
int xv_ops_fdb_load(struct xv_call *call);
int xv_ops_fdb_del(struct xv_call *call);
int xv_ops_fdb_flush(struct xv_call *call);

#endif
