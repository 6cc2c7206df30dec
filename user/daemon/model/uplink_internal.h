/* SPDX-License-Identifier: GPL-2.0-only */
/* What uplink.c and uplink_change.c share. */
#ifndef XV_UPLINK_INTERNAL_H
#define XV_UPLINK_INTERNAL_H

#include "model/uplink.h"

/*
 * XDP first or TC: auto takes native XDP but on veth, which copies every frame for it and takes TSO
 * from its peer. Never before filters of others (uplink->behind). *must: the configuration asked
 * for this very mode.
 */
bool uplink_wants_xdp(const struct xv_config *config, const struct xv_uplink *uplink,
		      const struct xv_link *link, bool *must);
/* Sets behind, watched and filters as the device is now, and the configuration wants. */
void uplink_look_at_filters(const struct xv_model *model, const struct xv_config *config,
			    struct xv_uplink *uplink, const struct xv_link *link);
/* Devices that cannot be under the tunnels: loopback, a tenant's port, a slow path device. */
int uplink_check_link(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * TC is there before XDP, which leaves to it what it does not redirect, and goes after it. strict:
 * an explicit XDP mode that the device refuses is an error; else it works at TC.
 */
int uplink_attach(struct xv_model *model, const struct xv_config *config, struct xv_uplink *uplink,
		  const struct xv_link *link, bool strict, struct xv_err *err);
/* The same device in the same mode and slot, whatever the configuration says. */
void uplink_attach_again(struct xv_model *model, const struct xv_uplink *uplink,
			 const struct xv_link *link);
void uplink_detach(struct xv_model *model, struct xv_uplink *uplink);
/* The device is not there any more. */
void uplink_forget(struct xv_model *model, struct xv_uplink *uplink);
/* What cannot be joined is added to the note. */
void uplink_join_groups(struct xv_model *model, struct xv_uplink *uplink);
/* Logs what there is to say of the device as it is now, if that is not what was said last. */
void uplink_tell(const struct xv_config *config, struct xv_uplink *uplink);

#endif
