/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaches underlay devices, follows the devices' changes, and detaches them. The only writer of
 * xv_uplink and of the slots of underlay devices in xv_tx.
 */
#ifndef XV_UNDERLAY_H
#define XV_UNDERLAY_H

#include "model/uplink.h"

/*
 * Whether the device gets an XDP program. auto: native XDP, but not on veth, which copies every
 * frame for XDP and makes its peer stop TSO. Never if filters of others must see frames first
 * (uplink->behind). *must: the configuration requires this mode, so a refusal is an error.
 */
bool xv_underlay_wants_xdp(const struct xv_config *config, const struct xv_uplink *uplink,
			   const struct xv_link *link, bool *must);
/*
 * Sets uplink->behind, watched and filters, from the filters of others at the device and the
 * configuration.
 */
void xv_underlay_look_at_filters(const struct xv_model *model, const struct xv_config *config,
				 struct xv_uplink *uplink, const struct xv_link *link);
/*
 * Refuses devices that cannot be underlay devices: loopback, a tenant's port, a slow path device.
 */
int xv_underlay_check(struct xv_model *model, const struct xv_link *link, struct xv_err *err);
/*
 * Attaches the programs. The TC program is attached before and detached after the XDP program,
 * because it handles the frames that XDP leaves. strict: if the device refuses an XDP mode that the
 * configuration requires, that is an error; otherwise TC alone is used.
 */
int xv_underlay_attach(struct xv_model *model, const struct xv_config *config,
		       struct xv_uplink *uplink, const struct xv_link *link, bool strict,
		       struct xv_err *err);
/*
 * Attaches the programs again in the mode and slot that uplink has, whatever the configuration
 * says.
 */
void xv_underlay_attach_again(struct xv_model *model, const struct xv_uplink *uplink,
			      const struct xv_link *link);
void xv_underlay_detach(struct xv_model *model, struct xv_uplink *uplink);
/* The device does not exist any more: clears its map entries. */
void xv_underlay_forget(struct xv_model *model, struct xv_uplink *uplink);
/* Joins the multicast groups at the device, and puts failures into uplink->groups. */
void xv_underlay_join_groups(struct xv_model *model, struct xv_uplink *uplink);
/* Sets the device's status, and logs it if it has changed. */
void xv_underlay_tell(const struct xv_config *config, struct xv_uplink *uplink);

/* Looks at all devices, because filters of others may have changed without a notification. */
void xv_underlay_look_all(struct xv_model *model);
/* To be called once a second: looks whether TCX programs came or went. */
void xv_underlay_second(struct xv_model *model);
/* From netlink: a device changed, was deleted, or changed its XDP features. */
void xv_underlay_link(struct xv_model *model, const struct xv_link *link);
void xv_underlay_link_gone(struct xv_model *model, uint32_t ifindex);
void xv_underlay_features(struct xv_model *model, uint32_t ifindex, uint64_t features);
/* Returns whether the device's XDP program was missing. If so, attaches it again, or TC alone. */
bool xv_underlay_mend(struct xv_model *model, struct xv_uplink *uplink);
/* Looks up the groups of all underlay devices, and logs what has changed. */
void xv_underlay_groups(struct xv_model *model);

#endif
