/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Next hops of peers: neighbours that the kernel is asked to keep resolved. Peers behind one
 * gateway share one. One that does not answer is let go and asked for again from time to time, with
 * longer and longer pauses; if traffic through the slow path resolves it meanwhile, it is kept
 * again.
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
	uint32_t refs; /* peers */
	bool resolved;
	bool kept;	/* the kernel keeps it, as far as it has told */
	bool quiet;	/* it did not answer, and is not asked for now */
	int refused;	/* negative errno of the kernel's refusal to keep it; or 0 */
	uint64_t since; /* CLOCK_BOOTTIME, s: not resolved, or quiet */
	uint64_t asked; /* when the kernel was asked last */
	uint32_t limit; /* seconds after since that it is given up */
	uint32_t pause; /* seconds after since that it is asked for again */
	UT_hash_handle hh;
};

/* Takes a reference. NULL: out of memory. */
struct xv_hop *xv_hop_get(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip);
/* Gives it back; the last one takes the wish from the kernel. hop may be NULL. */
void xv_hop_put(struct xv_model *model, struct xv_hop *hop);
struct xv_hop *xv_hop_find(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip);
/*
 * What the kernel says of it. now: it was asked, and not an event: a wish that is missing is made
 * at once. An event may follow from one, so after it that waits a second.
 */
void xv_hop_seen(struct xv_model *model, struct xv_hop *hop, bool resolved, bool kept, bool now);
/* Why it is not resolved. dev: its device. */
void xv_hop_status(const struct xv_model *model, const struct xv_hop *hop, const char *dev,
		   char *text, size_t size);
/* Once a second: asks again for those that are not as they should be, or gives them up. */
void xv_hop_second(struct xv_model *model);
/* Takes back what another daemon of the instance asked for and this one does not need. */
void xv_hop_sweep(struct xv_model *model);
/* Leaves the kernel's wishes as they are: forwarding goes on. */
void xv_hop_free_all(struct xv_model *model);

#endif
