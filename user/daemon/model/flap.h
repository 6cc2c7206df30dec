/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MACs that moved lately, and those that move to and fro between two places: two stations have the
 * same address, or one forges the other's. Every move is made, as the kernel's bridge does: to hold
 * a MAC anywhere could hold it at the forger's. What is noted here is told, each MAC once a minute.
 * Times are in ns.
 */
#ifndef XV_FLAP_H
#define XV_FLAP_H

#include "model/network.h"
#include "model/place.h"

enum {
	XV_FLAP_RETURNS = 5,	    /* to the place before, in a row, that make a duplicate */
	XV_FLAP_QUIET_SECONDS = 10, /* without a move, after which it is none any more */
};

struct xv_flap;

/* Notes a move, and tells of a duplicate. */
void xv_flap_note(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		  struct xv_place from, struct xv_place to, uint64_t now);
/* The other place of a MAC that is in two; false: it is in one. */
bool xv_flap_other(const struct xv_model *model, const struct xv_fdb_key *key, struct xv_place here,
		   struct xv_place *other);
/* Of MACs that have been quiet, nothing is kept. */
void xv_flap_forget(struct xv_model *model, uint64_t now);
void xv_flap_free(struct xv_model *model);

#endif
