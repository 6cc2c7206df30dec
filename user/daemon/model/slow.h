/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow path device xv0: a kernel vxlan device in collect-metadata mode, with xv_slow_rx at its
 * TC ingress.
 */
#ifndef XV_SLOW_H
#define XV_SLOW_H

#include "model/model.h"

/*
 * Whether the device is a vxlan device like those that instances make: this instance's or
 * another's.
 */
bool xv_slow_is(const struct xv_link *link);
/*
 * Refuses a slow path device of another instance in this namespace: -EBUSY, and err names the
 * instance. Else 0.
 */
int xv_slow_check_other(const struct xv_model *model, const struct xv_link *link,
			struct xv_err *err);
/* Notes the device that an earlier daemon used, if it exists. Changes nothing. */
void xv_slow_adopt(struct xv_model *model, uint32_t ifindex);
/*
 * Uses the device of an adopted configuration, or makes one: xv0, or the next free xvN. Deletes
 * devices of this instance that have wrong attributes, or whose pins were lost.
 */
int xv_slow_open(struct xv_model *model, uint32_t adopted_ifindex, struct xv_err *err);
/*
 * Deletes the slow path devices with the instance's alias, except `but`. Returns how many. Such
 * devices remain when pins are lost with the mount namespace of a daemon.
 */
size_t xv_slow_remove_orphans(struct xv_netlink *nl, const char *instance, uint32_t but);
/* From netlink: the device has changed. If it was deleted or is unusable, makes it again. */
void xv_slow_check(struct xv_model *model);

#endif
