/* SPDX-License-Identifier: GPL-2.0-only */
/* Peers: remote VTEPs; xv_peer is written here and nowhere else. */
#ifndef XV_PEER_H
#define XV_PEER_H

#include "model/model.h"
#include "model/origin.h"

struct xv_peer {
	struct xv_ip ip;
	uint32_t id;
	uint32_t refs;	  /* flood lists and static entries that name it */
	uint32_t origins; /* enum xv_origin: stays without references; learned: in a network with a
			     group */
	bool ready;	  /* adjacency is valid: fast path */
	bool lost;	  /* it was, and the log says that it is no more */
	bool kernel;	  /* its outer packets are the kernel's: see way.h */
	uint32_t ifindex; /* egress, 0: no route */
	struct xv_ip nexthop;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t path_mtu;   /* that the kernel learned; 0: none */
	time_t path_mtu_end; /* when it forgets that, CLOCK_MONOTONIC, seconds */
	uint32_t asks;	     /* times that its route is to be asked for again (pmtu.c) */
	struct xv_hop *hop;  /* NULL: none */
	char status[160];    /* why it is not ready; "" when it is */
	struct xv_peer *next_gone;
	UT_hash_handle hh;
};

/* An id that no peer and no group has; 0: none. */
uint32_t xv_peer_free_id(struct xv_model *model);
struct xv_peer *xv_peer_find(struct xv_model *model, const struct xv_ip *ip);
/* Takes a reference, creating the peer if need be. -EADDRNOTAVAIL: own address, or no own address
 * of its family. */
int xv_peer_get(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **peer,
		struct xv_err *err);
/* Gives a reference back; the last one removes the peer and the FDB entries learned from it, when
 * the batch ends (batch.h). */
void xv_peer_put(struct xv_model *model, struct xv_peer *peer);
/* Another reference to one that has some. */
void xv_peer_hold(struct xv_peer *peer);
/* Flags of xv_adj that hold whether the adjacency is valid or not: for a daemon that adopts the
 * peer, and for programs that receive from it. */
uint32_t xv_peer_flags(const struct xv_peer *peer);
void xv_peer_write_flags(struct xv_model *model, const struct xv_peer *peer);
/* Sets peer->kernel as way.h has it now, and tells the programs that receive. */
void xv_peer_update_way(struct xv_model *model, struct xv_peer *peer);
/* For settle.c: takes those without use out of programs' sight, whether there is any; frees them.
 */
bool xv_peer_unlink_unused(struct xv_model *model);
void xv_peer_free_gone(struct xv_model *model);
/*
 * By hand: known without being in any flood list. -EEXIST. del takes that back, also where lists
 * name it; -EBUSY where only they do.
 */
int xv_peer_add(struct xv_model *model, const struct xv_ip *ip, struct xv_err *err);
int xv_peer_del(struct xv_model *model, struct xv_peer *peer, struct xv_err *err);
/* Peer that a network with a group heard from: known while an entry is learned from it. */
int xv_peer_admit(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **peer,
		  struct xv_err *err);
/* Removes admitted peers without a learned entry; uses[] is the number of those by peer id. */
void xv_peer_drop_unused(struct xv_model *model, const uint32_t *uses);
int xv_peer_adopt(struct xv_model *model, struct xv_err *err);
/* The same for xv_peer_index; free slots go to what another program provisioned. */
void xv_peer_adopt_index(struct xv_model *model);
/* After all adoption: a peer that nothing names counts as added by hand. */
void xv_peer_adopted(struct xv_model *model);
void xv_peer_free_all(struct xv_model *model);

#endif
