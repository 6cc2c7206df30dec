/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices of uplinks: attached, followed as the kernel tells of them, and let go; xv_uplink and
 * their slots in xv_tx. */
#ifndef XV_UNDERLAY_H
#define XV_UNDERLAY_H

#include "model/uplink.h"

/*
 * XDP first or TC: auto takes native XDP but on veth, which copies every frame for it and takes TSO
 * from its peer. Never before filters of others (uplink->behind). *must: the configuration asked
 * for this very mode.
 */
bool xv_underlay_wants_xdp(const struct xv_config *config, const struct xv_uplink *uplink,
			   const struct xv_link *link, bool *must);
/* Sets behind, watched and filters as the device is now, and the configuration wants. */
void xv_underlay_look_at_filters(const struct xv_model *model, const struct xv_config *config,
				 struct xv_uplink *uplink, const struct xv_link *link);
/* Devices that cannot be under the tunnels: loopback, a tenant's port, a slow path device. */
int xv_underlay_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * TC is there before XDP, which leaves to it what it does not redirect, and goes after it. strict:
 * an explicit XDP mode that the device refuses is an error; else it works at TC.
 */
int xv_underlay_attach(struct xv_model *model, const struct xv_config *config,
		       struct xv_uplink *uplink, const struct xv_link *link, bool strict,
		       struct xv_err *err);
/* The same device in the same mode and slot, whatever the configuration says. */
void xv_underlay_attach_again(struct xv_model *model, const struct xv_uplink *uplink,
			      const struct xv_link *link);
void xv_underlay_detach(struct xv_model *model, struct xv_uplink *uplink);
/* The device is not there any more. */
void xv_underlay_forget(struct xv_model *model, struct xv_uplink *uplink);
/* What cannot be joined is added to the note. */
void xv_underlay_join_groups(struct xv_model *model, struct xv_uplink *uplink);
/* Logs what there is to say of the device as it is now, if that is not what was said last. */
void xv_underlay_tell(const struct xv_config *config, struct xv_uplink *uplink);

/* What others hooked to them may have changed without a word. */
void xv_underlay_look_all(struct xv_model *model);
/* Once a second: whether TCX programs came or went. */
void xv_underlay_second(struct xv_model *model);
/* From netlink. */
void xv_underlay_link(struct xv_model *model, const struct xv_link *link);
void xv_underlay_link_gone(struct xv_model *model, uint32_t ifindex);
void xv_underlay_features(struct xv_model *model, uint32_t ifindex, uint64_t features);
/* Whether its XDP program had been taken off; then it is attached again, or at TC. */
bool xv_underlay_mend(struct xv_model *model, struct xv_uplink *uplink);
/* Looks at the groups that leave by underlay devices, and tells what they cannot. */
void xv_underlay_groups(struct xv_model *model);

#endif
