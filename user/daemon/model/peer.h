/* SPDX-License-Identifier: GPL-2.0-only */
/* Peers: remote VTEPs. The only writer of xv_peer. */
#ifndef XV_PEER_H
#define XV_PEER_H

#include "model/model.h"
#include "model/origin.h"

struct xv_peer {
	struct xv_ip ip;
	uint32_t id;
	uint32_t refs;	  /* flood lists and static FDB entries that name it */
	uint32_t origins; /* enum xv_origin: why it stays without references. XV_ORIGIN_LEARNED: in
			     a network with a group */
	bool ready;	  /* the adjacency is valid: fast path */
	bool lost;	  /* the log says that it is no longer ready */
	bool kernel;	  /* the kernel handles its outer packets: see way.h */
	uint32_t ifindex; /* egress device; 0: no route */
	struct xv_ip nexthop;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t path_mtu;   /* learned by the kernel; 0: none */
	time_t path_mtu_end; /* CLOCK_MONOTONIC, seconds: when the kernel forgets path_mtu */
	uint32_t asks;	     /* how often its route must be asked for again (pmtu.c) */
	struct xv_hop *hop;  /* NULL: none */
	char status[160];    /* why it is not ready; "" if it is */
	struct xv_peer *next_gone;
	UT_hash_handle hh;
};

/* Finds an id that no peer and no group has. 0: there is none. */
uint32_t xv_peer_free_id(struct xv_model *model);
struct xv_peer *xv_peer_find(struct xv_model *model, const struct xv_ip *ip);
/*
 * Takes a reference, and makes the peer if there is none. -EADDRNOTAVAIL: it is this host's own
 * address, or this host has no address of its family.
 */
int xv_peer_get(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **peer,
		struct xv_err *err);
/*
 * Drops a reference. With the last one the peer and the FDB entries learned from it are deleted,
 * when the batch ends (batch.h).
 */
void xv_peer_put(struct xv_model *model, struct xv_peer *peer);
/* Takes another reference to a peer that has references. */
void xv_peer_hold(struct xv_peer *peer);
/*
 * Flags of xv_adj that do not depend on XV_ADJ_VALID: for a daemon that adopts the peer, and for
 * programs that receive from it.
 */
uint32_t xv_peer_flags(const struct xv_peer *peer);
void xv_peer_write_flags(struct xv_model *model, const struct xv_peer *peer);
/* Sets peer->kernel (way.h), and tells the programs that receive from the peer. */
void xv_peer_update_way(struct xv_model *model, struct xv_peer *peer);
/*
 * For settle.c. xv_peer_unlink_unused() hides peers without references and origins from programs,
 * and returns whether there were any. xv_peer_free_gone() frees them.
 */
bool xv_peer_unlink_unused(struct xv_model *model);
void xv_peer_free_gone(struct xv_model *model);
/*
 * Adds a peer by hand, which is known even if no flood list has it. -EEXIST. xv_peer_del() takes
 * that back, also while flood lists have the peer. -EBUSY: only they have it.
 */
int xv_peer_add(struct xv_model *model, const struct xv_ip *ip, struct xv_err *err);
int xv_peer_del(struct xv_model *model, struct xv_peer *peer, struct xv_err *err);
/*
 * A network with a group has heard from the VTEP: makes it a peer, which is known while an entry is
 * learned from it.
 */
int xv_peer_admit(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **peer,
		  struct xv_err *err);
/* Deletes admitted peers without learned entries. uses[]: the number of these by peer id. */
void xv_peer_drop_unused(struct xv_model *model, const uint32_t *uses);
int xv_peer_adopt(struct xv_model *model, struct xv_err *err);
/* Fills xv_peer_index for adopted peers. Free slots are used for peers of another program. */
void xv_peer_adopt_index(struct xv_model *model);
/* To be called when everything is adopted: a peer without references counts as added by hand. */
void xv_peer_adopted(struct xv_model *model);
void xv_peer_free_all(struct xv_model *model);

#endif
