/* SPDX-License-Identifier: GPL-2.0-only */
/* Uplinks: the underlay devices, and how the programs are attached to each. */
#ifndef XV_UPLINK_H
#define XV_UPLINK_H

#include "model/model.h"

struct xv_uplink { /* an underlay device */
	char dev[IFNAMSIZ];
	uint32_t slot;	  /* 0..XV_MAX_UPLINKS-1 */
	uint32_t ifindex; /* 0: the device does not exist (yet) */
	uint32_t flags;	  /* enum xv_uplink_flags: how the programs are attached; 0: not attached */
	bool adopted;	  /* from the maps of an earlier daemon, whose programs may be attached */
	struct xv_link link;
	uint32_t filters_mark; /* xv_filters_mark(); 0: not read yet */
	bool behind;	       /* filters of others at TC ingress must see frames first; no XDP */
	bool watched; /* others have a qdisc or filters at egress: XDP does not send by the device
		       */
	char filters[256]; /* those filters, and what is done about them; "": none */
	char above[256]; /* filters of others at receivers (receiver.h), and what is done about them
			  */
	bool untold;	 /* `above` has changed, and the status has not followed yet */
	char note[256];	 /* why it is not attached as configured; "": it is */
	char groups[160]; /* what is wrong with groups that leave by it; "": nothing */
	char status[256]; /* what is wrong, or one of the above; "": nothing */
};

/* Makes model->uplinks from the maps of an earlier daemon. Changes nothing in the kernel. */
int xv_uplink_adopt(struct xv_model *model, struct xv_err *err);
/*
 * Slot of an underlay device in xv_tx. 0: it is not an underlay device, or others have a qdisc or
 * filters at its egress, which XDP would bypass.
 */
uint32_t xv_uplink_tx_slot(const struct xv_model *model, uint32_t ifindex);
/* Why the device is attached in that mode, in a word; see xvtep(8). */
const char *xv_uplink_why(const struct xv_model *model, const struct xv_uplink *uplink);
/* The mode: "xdp-native", "xdp-generic", "tc" or "waiting". */
const char *xv_uplink_mode(const struct xv_uplink *uplink);
/*
 * How inner TCP from the device is delivered to ports: "redirect" (in XDP, if the port allows it),
 * "tc" (merged by the kernel's GRO and stripped at TC) or "waiting".
 */
const char *xv_uplink_tcp(const struct xv_model *model, const struct xv_uplink *uplink);
struct xv_uplink *xv_uplink_find(struct xv_model *model, const char *dev);
struct xv_uplink *xv_uplink_by_index(const struct xv_model *model, uint32_t ifindex);
/* Whether a device of the list has the slot. */
bool xv_uplink_has_slot(const struct xv_uplink *uplinks, size_t n, uint32_t slot);

#endif
