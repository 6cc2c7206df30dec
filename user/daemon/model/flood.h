/* SPDX-License-Identifier: GPL-2.0-only */
/* Flood lists; xv_flood is written here and nowhere else. Programs see a list whole, old or new. */
#ifndef XV_FLOOD_H
#define XV_FLOOD_H

#include "model/network.h"

/* A remote: a peer (referenced while it is listed) or the multicast group. -EEXIST, -ENOSPC. */
/* dev: underlay device that a group leaves by; NULL or "": see group.h. */
int xv_flood_add(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 const char *dev, enum xv_origin origin, struct xv_err *err);
/*
 * A network floods to peers, or to one multicast group: -EBUSY if the remote does not go with the
 * members; XV_ORIGIN_CONFIG: with those that were added by hand.
 */
int xv_flood_check(const struct xv_network *net, const struct xv_ip *remote, enum xv_origin origin,
		   struct xv_err *err);
/* Who wants the remote. A port's are the port's. */
uint32_t xv_flood_origins(const struct xv_flood_member *member);
/* A remote that stays when the file drops it. */
bool xv_flood_by_hand(const struct xv_flood_member *member);
/* Named by the file no more: stays if added by hand, else is deleted. -ENOENT. */
int xv_flood_drop(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		  struct xv_err *err);
/* -ENOENT. */
int xv_flood_del(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 struct xv_err *err);
/* All remotes; returns how many there were. */
long xv_flood_flush(struct xv_model *model, struct xv_network *net, struct xv_err *err);
/* For port.c. */
int xv_flood_add_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
int xv_flood_del_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
struct xv_flood_round {
	bool any;    /* programs read a new list */
	bool behind; /* programs read an old list, which may name what is gone: no room for the new
		      */
};

/*
 * For settle.c: writes every changed list, and programs read it; after a grace period the old ones
 * are erased, which makes room for another round. What failed is tried again with every batch, and
 * returned for lists that changed since the last.
 */
int xv_flood_publish(struct xv_model *model, struct xv_flood_round *round, struct xv_err *err);
void xv_flood_erase_old(struct xv_model *model);
/* Once a second: lists that could not be written. */
void xv_flood_retry(struct xv_model *model);
/* The network goes: deletes its list from the map. Nobody reads it any more. */
void xv_flood_forget(struct xv_model *model, struct xv_network *net);
int xv_flood_adopt(struct xv_model *model, struct xv_err *err);
bool xv_flood_is_port(const struct xv_flood_member *member);

#endif
