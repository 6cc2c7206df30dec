/* SPDX-License-Identifier: GPL-2.0-only */
/* Handlers (ops.h) that apply, check and write configuration files. */
#ifndef XV_OPS_CONFIG_H
#define XV_OPS_CONFIG_H

#include "sources/call.h"

int xv_ops_apply(struct xv_call *call);
int xv_ops_check(struct xv_call *call);
int xv_ops_reload(struct xv_call *call);
int xv_ops_save(struct xv_call *call);

#endif
