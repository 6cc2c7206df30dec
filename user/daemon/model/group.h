/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multicast groups that networks flood to. A group has an adjacency of its own, as a peer has,
 * whose device is named by the configuration or found by the route to the group: copies leave by it
 * and by no other, and the group is joined there. Networks that name the same group and device
 * share one.
 */
#ifndef XV_GROUP_H
#define XV_GROUP_H

#include "model/model.h"

struct xv_group_key {
	struct xv_ip ip;
	char dev[IFNAMSIZ]; /* underlay device that the setting names; "": by route */
};

struct xv_group {
	struct xv_group_key key;
	uint32_t id; /* in xv_adj; from the ids of peers */
	uint32_t refs;
	int fd;		    /* holds the membership */
	uint32_t joined;    /* ifindex of the device; 0: none */
	char dev[IFNAMSIZ]; /* that copies leave by; "": none */
	char status[160];   /* why they do not, or are not heard; "" when fine */
	bool ready;
	struct xv_group *next_gone;
	UT_hash_handle hh;
};

/* Takes a reference, creating the group if need be. dev: see above. What cannot be joined now is in
 * status. */
int xv_group_get(struct xv_model *model, const struct xv_ip *ip, const char *dev,
		 struct xv_group **group, struct xv_err *err);
void xv_group_hold(struct xv_group *group);
void xv_group_put(struct xv_model *model, struct xv_group *group);
/* For settle.c: what no list names is unlinked (whether there was any), and is freed, with its id,
 * when no program uses it any more. */
bool xv_group_unlink_unused(struct xv_model *model);
void xv_group_free_gone(struct xv_model *model);
/* NULL: the id is not a group's. */
struct xv_group *xv_group_by_id(struct xv_model *model, uint32_t id);
/* As an earlier daemon had it, with its id; another reference if it is known already. */
int xv_group_adopt(struct xv_model *model, const struct xv_ip *ip, uint32_t id,
		   struct xv_group **group, struct xv_err *err);
/* Looks up every group's device; joins there, and writes its adjacency. */
void xv_group_refresh(struct xv_model *model);
/* The underlay device is gone, or renamed. */
void xv_group_uplink_gone(struct xv_model *model, uint32_t ifindex);
/* What a group that leaves by the device could not do there; "". */
const char *xv_group_trouble(const struct xv_model *model, uint32_t ifindex);
void xv_group_free_all(struct xv_model *model);

#endif
