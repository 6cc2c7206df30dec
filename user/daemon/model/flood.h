/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flood lists: the only writer of xv_flood. Programs read either the old or the new list, each
 * complete.
 */
#ifndef XV_FLOOD_H
#define XV_FLOOD_H

#include "model/network.h"

/*
 * Adds a remote: a peer, which is referenced while the list has it, or a multicast group. -EEXIST,
 * -ENOSPC.
 */
/* dev: underlay device by which copies to a group leave; NULL or "": see group.h. */
int xv_flood_add(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 const char *dev, enum xv_origin origin, struct xv_err *err);
/*
 * Refuses a remote that does not go with the list's members: a network floods either to peers or to
 * one multicast group. -EBUSY. With XV_ORIGIN_CONFIG only members that were added by hand count.
 */
int xv_flood_check(const struct xv_network *net, const struct xv_ip *remote, enum xv_origin origin,
		   struct xv_err *err);
/* The origins of a remote. (A port in the list has the origins of the port.) */
uint32_t xv_flood_origins(const struct xv_flood_member *member);
/* Whether the remote stays when the file drops it. */
bool xv_flood_by_hand(const struct xv_flood_member *member);
/*
 * The file no longer has the remote: it stays if it was added by hand too, else it is deleted.
 * -ENOENT.
 */
int xv_flood_drop(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		  struct xv_err *err);
/* Deletes a remote. -ENOENT. */
int xv_flood_del(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 struct xv_err *err);
/* Deletes all remotes. Returns how many there were. */
long xv_flood_flush(struct xv_model *model, struct xv_network *net, struct xv_err *err);
/* For tenancy.c: add and delete a port. */
int xv_flood_add_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
int xv_flood_del_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
struct xv_flood_round {
	bool any;    /* programs read a new list */
	bool behind; /* a new list could not be written: programs still read the old one, which may
			name deleted objects */
};

/*
 * For settle.c. xv_flood_publish() writes every changed list and makes programs read it. After a
 * grace period xv_flood_erase_old() deletes the old lists, which makes room for another round. A
 * list that could not be written is tried again with every batch; the error is returned only if the
 * list has changed since it was last tried.
 */
int xv_flood_publish(struct xv_model *model, struct xv_flood_round *round, struct xv_err *err);
void xv_flood_erase_old(struct xv_model *model);
/* To be called once a second: tries again the lists that could not be written. */
void xv_flood_retry(struct xv_model *model);
/* Deletes the list of a deleted network from the map. No program may read it any more. */
void xv_flood_forget(struct xv_model *model, struct xv_network *net);
int xv_flood_adopt(struct xv_model *model, struct xv_err *err);
bool xv_flood_is_port(const struct xv_flood_member *member);

#endif
