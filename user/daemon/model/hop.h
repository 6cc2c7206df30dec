/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Next hops of peers: neighbours that the kernel is asked to keep resolved. Peers behind one
 * gateway share one. A hop that does not answer is given up, and asked for again after pauses that
 * get longer. If traffic through the slow path resolves it meanwhile, it is kept again.
 */
#ifndef XV_HOP_H
#define XV_HOP_H

#include "model/model.h"

struct xv_hop_key {
	struct xv_ip ip;
	uint32_t ifindex;
	uint32_t pad0;
};

struct xv_hop {
	struct xv_hop_key key;
	uint32_t refs; /* number of peers */
	bool resolved;
	bool kept;	/* the kernel keeps the neighbour resolved, as far as it has reported */
	bool quiet;	/* it did not answer, and is not asked for until the pause ends */
	int refused;	/* negative errno if the kernel refuses to keep it; or 0 */
	uint64_t since; /* CLOCK_BOOTTIME, s: since when it is unresolved, or quiet */
	uint64_t asked; /* when the kernel was last asked to keep it */
	uint32_t limit; /* it is given up so many seconds after `since` */
	uint32_t pause; /* it is asked for again so many seconds after `since` */
	UT_hash_handle hh;
};

/* Takes a reference, and makes the hop if there is none. NULL: out of memory. */
struct xv_hop *xv_hop_get(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip);
/*
 * Drops a reference. With the last one the kernel is asked to keep the neighbour no longer. hop may
 * be NULL.
 */
void xv_hop_put(struct xv_model *model, struct xv_hop *hop);
struct xv_hop *xv_hop_find(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip);
/*
 * What the kernel says of the neighbour. now: the kernel was asked, so if it does not keep the
 * neighbour it is asked to at once. After a notification that waits a second, because the request
 * itself may cause notifications.
 */
void xv_hop_seen(struct xv_model *model, struct xv_hop *hop, bool resolved, bool kept, bool now);
/* Writes why the hop is not resolved. dev: its device. */
void xv_hop_status(const struct xv_model *model, const struct xv_hop *hop, const char *dev,
		   char *text, size_t size);
/* To be called once a second: asks again for unresolved hops, or gives them up. */
void xv_hop_second(struct xv_model *model);
/* Takes back requests of an earlier daemon of the instance that this one does not need. */
void xv_hop_sweep(struct xv_model *model);
/* Frees all hops. The kernel keeps the neighbours, as forwarding goes on. */
void xv_hop_free_all(struct xv_model *model);

#endif
