/* SPDX-License-Identifier: GPL-2.0-only */
/* Uplinks: underlay devices as they are known, and how packets from the wire are taken there. */
#ifndef XV_UPLINK_H
#define XV_UPLINK_H

#include "model/model.h"

struct xv_uplink { /* underlay device */
	char dev[IFNAMSIZ];
	uint32_t slot;	  /* 0..XV_MAX_UPLINKS-1 */
	uint32_t ifindex; /* 0: not there (yet) */
	uint32_t flags;	  /* enum xv_uplink_flags: how it is attached; 0: not */
	bool adopted;	  /* by the maps of an earlier daemon; its programs may be older */
	struct xv_link link;
	uint32_t filters_mark; /* xv_filters_mark(); 0: not looked at yet */
	bool behind;	       /* filters of others at TC ingress see frames first; no XDP */
	bool watched;	   /* others have a qdisc or filters at egress: XDP does not send by it */
	char filters[256]; /* who, and what is done about it; "" where there are none */
	char note[256];	   /* why it is attached as it is, or not; "" when as wished */
	char groups[160];  /* what a group that leaves by it cannot do; or "" */
	char status[256];  /* that, or what is wrong; "" when fine */
};

/* Devices as an earlier daemon left them become model->uplinks. Nothing is touched. */
int xv_uplink_adopt(struct xv_model *model, struct xv_err *err);
/*
 * Slot of an underlay device in xv_tx; 0 if it is none, or XDP frames would go past what others
 * have at its egress.
 */
uint32_t xv_uplink_tx_slot(const struct xv_model *model, uint32_t ifindex);
/* Why it is attached in that mode, in a word; see xvtep(8). */
const char *xv_uplink_why(const struct xv_model *model, const struct xv_uplink *uplink);
/* "xdp-native", "xdp-generic", "tc" or "waiting". */
const char *xv_uplink_mode(const struct xv_uplink *uplink);
/*
 * How inner TCP from it gets to ports: "redirect" (in XDP, where a port takes it), "tc" (the
 * kernel's GRO merges, TC strips) or "waiting".
 */
const char *xv_uplink_tcp(const struct xv_model *model, const struct xv_uplink *uplink);
struct xv_uplink *xv_uplink_find(struct xv_model *model, const char *dev);
struct xv_uplink *xv_uplink_by_index(const struct xv_model *model, uint32_t ifindex);
/* Whether one of a list has the slot. */
bool xv_uplink_has_slot(const struct xv_uplink *uplinks, size_t n, uint32_t slot);

#endif
