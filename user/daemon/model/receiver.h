/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receivers: devices over the underlay devices through which the kernel passes outer frames to the
 * host (a bridge, a bond, a VLAN device with a VTEP address). The programs take frames before these
 * devices, so that rules of others there see none of them.
 */
#ifndef XV_RECEIVER_H
#define XV_RECEIVER_H

#include "model/model.h"

/*
 * Finds the receivers, from model->uplinks and local_dev, and the filters of others at their TC
 * ingress. Sets model->receivers, and model->receiver_filters to the filters' names; "": none.
 */
void xv_receiver_look(struct xv_model *model);
/* Whether TCX programs at a receiver have come or gone since, which netlink does not report. */
bool xv_receiver_has_changed(const struct xv_model *model);
bool xv_receiver_is(const struct xv_model *model, uint32_t ifindex);

#endif
