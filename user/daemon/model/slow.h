/* SPDX-License-Identifier: GPL-2.0-only */
/* The slow path device xv0: kernel vxlan in collect-metadata mode, with xv_slow_rx at its TC
 * ingress. */
#ifndef XV_SLOW_H
#define XV_SLOW_H

#include "model/model.h"

/* Whether it is a vxlan device as slow path devices are: this instance's, or any other one. */
bool xv_slow_is(const struct xv_link *link);
/*
 * Refuses the slow path device of another instance of this namespace: -EBUSY, and err names the
 * instance. Else 0.
 */
int xv_slow_check_other(const struct xv_model *model, const struct xv_link *link,
			struct xv_err *err);
/* What an earlier daemon used, if it is there: known, not touched. */
void xv_slow_adopt(struct xv_model *model, uint32_t ifindex);
/*
 * Finds the device that an adopted configuration names, or makes one: xv0, or the next free xvN.
 * One that is not as it is made today, or that an instance of this name lost, goes.
 */
int xv_slow_open(struct xv_model *model, uint32_t adopted_ifindex, struct xv_err *err);
/*
 * Removes the slow path devices that bear the instance's mark, but one. Returns how many. They stay
 * when pins are lost with the mount namespace of a daemon.
 */
size_t xv_slow_remove_orphans(struct xv_netlink *nl, const char *instance, uint32_t but);
/* From netlink: somebody deleted it or set it down; it is made again. */
void xv_slow_check(struct xv_model *model);

#endif
