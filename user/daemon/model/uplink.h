/* SPDX-License-Identifier: GPL-2.0-only */
/* Underlay devices: how packets from the wire are taken there; xv_uplink and their slots in xv_tx.
 */
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

struct xv_uplink_change;

/* Devices as an earlier daemon left them become model->uplinks. Nothing is touched. */
int xv_uplink_adopt(struct xv_model *model, struct xv_err *err);
/*
 * The devices of a configuration, checked: also whether those that are new take the XDP mode that
 * it asks for, which attaches them. An error leaves all as it was. model->uplinks is the same until
 * xv_uplink_commit(), which cannot fail; xv_uplink_cancel() goes back. Each frees the change.
 */
int xv_uplink_prepare(struct xv_model *model, const struct xv_config *config,
		      struct xv_uplink_change **change, struct xv_err *err);
void xv_uplink_commit(struct xv_model *model, const struct xv_config *config,
		      struct xv_uplink_change *change);
void xv_uplink_cancel(struct xv_model *model, struct xv_uplink_change *change);
/* What others hooked to them may have changed without a word. */
void xv_uplink_look_all(struct xv_model *model);
/* Once a second: whether TCX programs came or went. */
void xv_uplink_second(struct xv_model *model);
/* From netlink. */
void xv_uplink_link(struct xv_model *model, const struct xv_link *link);
void xv_uplink_link_gone(struct xv_model *model, uint32_t ifindex);
void xv_uplink_features(struct xv_model *model, uint32_t ifindex, uint64_t features);
/* Whether its XDP program had been taken off; then it is attached again, or at TC. */
bool xv_uplink_mend(struct xv_model *model, struct xv_uplink *uplink);
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

/* Looks at the groups that leave by underlay devices, and tells what they cannot. */
void xv_uplink_groups(struct xv_model *model);

#endif
