/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multicast groups that networks flood to. A group has an adjacency, as a peer has. Its device is
 * named by the configuration, or found by the route to the group. Copies leave only by this device,
 * and the group is joined there. Networks with the same group and device share one object.
 */
#ifndef XV_GROUP_H
#define XV_GROUP_H

#include "model/model.h"

struct xv_group_key {
	struct xv_ip ip;
	char dev[IFNAMSIZ]; /* underlay device that the setting names; "": by the route */
};

struct xv_group {
	struct xv_group_key key;
	uint32_t id; /* index in xv_adj; peers and groups share the ids */
	uint32_t refs;
	int fd;		    /* socket that holds the membership */
	uint32_t joined;    /* ifindex of the device where the group is joined; 0: none */
	char dev[IFNAMSIZ]; /* by which copies leave; "": none */
	char status[160];   /* why copies do not leave or are not received; "": nothing wrong */
	bool ready;
	struct xv_group *next_gone;
	UT_hash_handle hh;
};

/*
 * Takes a reference, and makes the group if there is none. dev: see struct xv_group_key. If the
 * group cannot be joined now, its status says why.
 */
int xv_group_get(struct xv_model *model, const struct xv_ip *ip, const char *dev,
		 struct xv_group **group, struct xv_err *err);
void xv_group_hold(struct xv_group *group);
void xv_group_put(struct xv_model *model, struct xv_group *group);
/*
 * For settle.c. xv_group_unlink_unused() unlinks groups that no list names, and returns whether
 * there were any. xv_group_free_gone() frees them and their ids, when no program uses them any
 * more.
 */
bool xv_group_unlink_unused(struct xv_model *model);
void xv_group_free_gone(struct xv_model *model);
/* Finds a group by its id. NULL: the id is not a group's. */
struct xv_group *xv_group_by_id(struct xv_model *model, uint32_t id);
/* Makes the group of an earlier daemon with its id; takes a reference if the group exists. */
int xv_group_adopt(struct xv_model *model, const struct xv_ip *ip, uint32_t id,
		   struct xv_group **group, struct xv_err *err);
/* Looks up every group's device, joins the group there, and writes its adjacency. */
void xv_group_refresh(struct xv_model *model);
/* The underlay device was deleted or renamed. */
void xv_group_uplink_gone(struct xv_model *model, uint32_t ifindex);
/* What is wrong with groups that leave by the device; "": nothing. */
const char *xv_group_trouble(const struct xv_model *model, uint32_t ifindex);
void xv_group_free_all(struct xv_model *model);

#endif
