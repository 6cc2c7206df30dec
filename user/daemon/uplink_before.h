/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Underlay devices as an earlier daemon left them: where a start is refused, what forwards goes on
 * by them.
 */
#ifndef XV_UPLINK_BEFORE_H
#define XV_UPLINK_BEFORE_H

#include "instance.h"
#include "xv_abi.h"

struct xv_uplink_before {
	size_t n; /* devices: entries of xv_uplink */
	uint32_t ifindex[XV_MAX_UPLINKS];
	struct xv_uplink_val val[XV_MAX_UPLINKS];
	uint32_t tx[XV_MAX_UPLINKS]; /* by slot; 0: none */
};

void xv_uplink_save(const struct xv_instance *inst, struct xv_uplink_before *before);
/* The same devices are attached in the same way again, and those of the refused file are not. */
void xv_uplink_restore(struct xv_instance *inst, const struct xv_uplink_before *before);

#endif
